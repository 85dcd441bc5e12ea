/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The explorer: at each fence of the code under test it makes the states in which a power loss
 * before that fence could leave the medium, lets each be recovered and checked, and puts the image
 * back.
 *
 * A word of a state gets its value when recovery first reads it; the values that the line's stores
 * allow are gone through depth first, so that states that differ only in what recovery never reads
 * are one (Jaaru's constraint refinement, Vinter's read sets). Where there are more than a fence's
 * share, the rest is drawn. States that are equal to an earlier one by hash count once.
 */
#ifndef CRASH_EXPLORE_H
#define CRASH_EXPLORE_H

#include "medium.h"

struct explore_plan {
	struct medium_window windows[WINDOWS_MAX];
	size_t count;
	/* Opens the state in the images as after a boot; NULL, or what is wrong with it. */
	const char *(*check)(void);
	/* Puts right what a check that was cut off by a fault has left; may be NULL. */
	void (*cut_off)(void);
	/* What the check compares with; changes as the work goes on. */
	void *expected;
	size_t expected_size;
	/* Recovers live memory as after a boot; NULL: power losses in recovery are not tried. */
	void (*reopen)(void);
	/* Then takes live memory for what is expected, and works on, so many steps. NULL: not. */
	void (*go_on)(unsigned steps);
	bool mortal; /* a program may end while memory stays; who comes behind it calls reopen */
	unsigned weight; /* so many times the power losses of others; 0: as many */
};

struct explore_options {
	uint64_t seed;
	uint64_t share;	     /* runs of recovery for each fence */
	unsigned recoveries; /* power losses behind which recovery and more work are explored too */
	unsigned losses;     /* one behind the other, at most; 1: nothing comes behind the first */
	unsigned steps;	     /* of the work behind each */
	bool stop;	     /* at the first wrong state */
};
extern struct explore_options explore_options;

struct explore_result {
	uint64_t fences;     /* explored */
	uint64_t states;     /* different ones, recovered and checked */
	uint64_t equal;	     /* recovered though an equal one had been */
	uint64_t exhausted;  /* fences of which every state is covered */
	long double covered; /* states that those stand for */
	uint64_t rechecked;  /* with other contents in the lines that were not read */
	uint64_t wrong;
	char first[200]; /* what was wrong at first */
};

/* From now on each fence is explored. */
void explore_begin(const struct explore_plan *plan);
/* Explores the state now, then recoveries, and stops; adds to `result`. */
void explore_end(struct explore_result *result);
/* Whether nothing is wrong so far, or all is to be explored anyway. */
bool explore_goes_on(void);

/* Runs both as threads, one at a time; who runs changes at stores, drawn. */
void explore_two(void (*first)(void), void (*second)(void));

/* For callbacks.c and threads.c. */
enum explore_mode { EXPLORE_OFF, EXPLORE_RECORD, EXPLORE_RECOVER };
extern enum explore_mode explore_mode;
extern uint64_t explore_steps;
void explore_fence(void);
void explore_touch(uintptr_t address, size_t size, bool store);
void explore_turn(bool must); /* a thread may give way, or has to */

#endif
