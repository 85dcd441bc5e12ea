/* SPDX-License-Identifier: BSD-2-Clause */
/* One-shot timers on the monotonic clock, and the clocks themselves. */
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <lock.h>

struct cpu;

/* A pairing heap's node; all zero is "not armed". */
struct timer {
	uint64_t deadline; /* monotonic nanoseconds */
	/* Interrupt context, timer lock held: wakes something, no more; or sets a later deadline,
	 * which arms the timer again. */
	void (*fire)(struct timer *);
	struct cpu *cpu; /* whose queue holds it; NULL: not armed */
	struct timer *child, *sibling, *previous;
};

struct timer_queue {
	struct spinlock lock;
	struct timer *first;
};

/* Arm on this CPU; deadline TWZ_FOREVER does nothing. The timer must not be armed. */
void timer_arm(struct timer *timer, uint64_t deadline, void (*fire)(struct timer *));
/* After return the timer is not armed and its function does not run. */
void timer_cancel(struct timer *timer);

/* Nanoseconds since boot; never goes back, same on all CPUs. */
uint64_t clock_monotonic(void);
/* Nanoseconds since the epoch. */
uint64_t clock_realtime(void);
/* Busy wait. */
void clock_delay(uint64_t nanoseconds);
/* Nanoseconds since kernel entry of a time stamp counter value. */
uint64_t clock_from_tsc(uint64_t tsc);

void clock_init(void);
/* Give programs the clock page as an object; measure the counter's rate again from time to time. */
void clock_publish(void);
/* The time stamp counter has been seen to differ between CPUs: programs ask the kernel from now on.
 */
void clock_distrust(const char *why);
/* Run what is due and set the hardware for the next deadline; from the timer interrupt. */
void timers_run(void);
/* Set the hardware timer for the earlier of the next timer and the slice's end. Interrupts off. */
void timers_program(void);

#endif
