/* SPDX-License-Identifier: BSD-2-Clause */
/* A timer of the program, and what timer.c (expiry) and timer_calls.c (the calls) share. */
#ifndef TWIX_TIMER_H
#define TWIX_TIMER_H

#include "signals.h"

#define TWIX_TIMER_IDLE SIZE_MAX

struct twix_timer {
	int id;
	uint32_t clock;	   /* TWZ_CLOCK_* */
	int notify;	   /* SIGEV_* */
	int target;	   /* SIGEV_THREAD_ID: the thread's number */
	uint64_t deadline; /* of the clock, 0: not armed */
	uint64_t interval; /* nanoseconds, 0: once */
	size_t place;	   /* in the heap, or TWIX_TIMER_IDLE */

	/* Under the signals lock: */
	struct twix_signal signal; /* queued while its expiry has not been taken */
	int queued;
	uint64_t overruns;	/* expiries since it was queued */
	uint64_t last_overruns; /* at the last one that was taken */
};

/* ---- under the timers' lock, inside a call (timer.c) ---- */

hidden void twix_timers_lock(void);
hidden void twix_timers_unlock(void);

/*
 * Arms the timer for `deadline` of its clock (0: disarms it). -EAGAIN where the thread that waits
 * for timers cannot be had.
 */
hidden long twix_timer_arm(struct twix_timer *timer, uint64_t deadline, uint64_t interval);

/* Disarms it and takes back its signal: it can be freed. */
hidden void twix_timer_end(struct twix_timer *timer);

/* Time left until the next expiry, 0 when it is not armed; at least 1 ns when it is. */
hidden uint64_t twix_timer_left(const struct twix_timer *timer);

/* In a fork's child: frees them all (timer_calls.c). */
hidden void twix_timers_forget(void);

/* Now, by a TWZ_CLOCK_* that a timer can have. */
hidden uint64_t twix_timer_now(uint32_t clock);

#endif
