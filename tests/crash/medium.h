/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of persistent memory on x86 (Px86, as in the Yat and Jaaru papers). It is told of every
 * load, store, flush and fence of the code under test by the compiler's instrumentation
 * (callbacks.c) and knows, for each 64-byte line, what is durable and which 8-byte stores came
 * since, in their order.
 *
 * A power loss leaves of each line what is durable and a prefix of the stores that came since,
 * whatever other lines have. A line's flush followed by a fence of the same thread makes the
 * prefix up to the flush durable. Words of one copy (memcpy, a structure) have no order that the
 * architecture gives, so it is drawn.
 *
 * The *live* windows are what the code under test works on. Each has an *image* of the same size,
 * which is as the medium is now; there a state is made, recovered and checked, and then put back.
 */
#ifndef CRASH_MEDIUM_H
#define CRASH_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE	    64u
#define WINDOWS_MAX 4
#define LINE_STORES_MAX \
	64u	 /* a line with more that are not durable loses the older half to eviction */
#define ACTORS 3 /* threads: the main one and two more */

struct medium_window {
	void *live, *image; /* 64-byte aligned */
	size_t size;	    /* a multiple of 64 */
};

struct store_unit {
	uint32_t word; /* of the line, 0 to 7 */
	uint64_t value;
};

struct medium_line {
	struct store_unit *units; /* not durable yet, in order */
	uint32_t count, room;
	uint32_t flushed[ACTORS]; /* units that each thread has flushed since its last fence */
	uint32_t listed;	  /* place among the dirty lines + 1, or 0 */
	/* The image's line, in the run of recovery in which it was first touched: */
	uint64_t touched;     /* number of that run */
	uint32_t least, most; /* how many stores it has: what is still possible */
	uint32_t drawn;	      /* or how many it is to have */
	uint32_t known;	      /* words that were read or overwritten, a bit each */
};

/* From now on what the live windows hold is durable; images are made equal. */
void medium_begin(const struct medium_window *windows, size_t count, uint64_t seed);
void medium_end(void);

/* The line of an address in the live windows, or in the images; NULL elsewhere. */
struct medium_line *medium_live_line(uintptr_t address);
struct medium_line *medium_image_line(uintptr_t address);

/* What happened in the live windows. A store is told of before it is made and is read at the next
 * event. `copy`: of several words without an order. */
void medium_store(uintptr_t address, size_t size, bool copy);
void medium_settle(void);
/* Looks at these bytes at each event from now on, until this thread watches others: stores that the
 * instrumentation cannot see. */
void medium_watch(void *address, size_t size);
void medium_flush(uintptr_t address, size_t size);
/* What this thread flushed before is durable. */
void medium_fence(void);
/* This thread has ended without a fence: what it flushed need never be durable. */
void medium_forget_flushes(void);

/* The lines with stores that are not durable. */
struct medium_line **medium_dirty(size_t *count);
/* The lines' numbers, for hashes. */
uint64_t medium_number(const struct medium_line *line);
/* Where the line is in its image. */
uint8_t *medium_image_of(const struct medium_line *line);
/* The line with the first `units` of its stores. */
void medium_contents(const struct medium_line *line, uint32_t units, uint8_t out[LINE]);
/* A hash of all that is durable: those of its words, by exclusive or. */
uint64_t medium_hash(void);
uint64_t medium_hash_word(const struct medium_line *line, unsigned word, uint64_t value);
/* A word of the line when it has the first `units` of its stores. */
uint64_t medium_word(const struct medium_line *line, unsigned word, uint32_t units);

/* Compares live memory with the stores that were told of: a difference is a store that the
 * instrumentation has not seen, which would make all results worthless; it ends the program. */
void medium_verify(void);
/* Compares images with what was last durable; they have to be equal between states. */
void medium_verify_images(void);

/* Which thread is running: 0 to ACTORS - 1. */
extern __thread unsigned medium_actor;

struct medium_counts {
	uint64_t loads, stores, flushes, fences;
};
extern struct medium_counts medium_counts;
extern bool medium_active;

#endif
