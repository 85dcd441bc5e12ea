/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for descriptors, for times and for signals: one loop for all that a run has to do. */
#ifndef TWIZZLER_RUN_LOOP_H
#define TWIZZLER_RUN_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor that is waited for. Embedded in what owns it; zeroed before its first use. */
struct watch {
	int fd;
	uint32_t events; /* EPOLLIN, EPOLLOUT; 0: none now */
	/* The descriptor is ready; what it is given may remove any watch, its own too. */
	void (*ready)(struct watch *watch);
	bool added;
	bool always;		       /* a regular file, which is ready at any time */
	struct watch *next, *previous; /* of those that are always ready */
};

/* Monotonic nanoseconds. */
uint64_t loop_now(void);

/* Starts to wait for `events`, or changes what is waited for; 0 waits for nothing. */
void watch_set(struct watch *watch, int fd, uint32_t events, void (*ready)(struct watch *watch));
/* Forgets the descriptor, which stays open. Does nothing to one that is not watched. */
void watch_stop(struct watch *watch);

/* A moment; embedded in what owns it. */
struct timer {
	uint64_t deadline; /* monotonic ns; 0: not set */
	void (*fired)(struct timer *timer);
	struct timer *next, *previous;
};

void timer_set(struct timer *timer, uint64_t deadline, void (*fired)(struct timer *timer));
void timer_stop(struct timer *timer);

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, which end the loop with 128 + their number, and ignores
 * SIGPIPE. Called first.
 */
void loop_start(void);
/* Makes loop_run return this exit code; the first one holds. */
void loop_end(int code);
/* Waits and dispatches until loop_end; returns its code. */
int loop_run(void);

#endif
