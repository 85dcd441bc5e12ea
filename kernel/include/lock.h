/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks. Holding one keeps interrupts off, so every lock may be taken in interrupt handlers.
 * Locks are taken in the order of their ranks, outermost first; the debug variant checks it. A
 * holder must not sleep or touch user memory.
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The lock order, outermost first (explained in kernel/README.md). */
enum lock_rank {
	LOCK_HANDLER = 10,     /* registered handlers */
	LOCK_STORE = 20,       /* the object store */
	LOCK_VIEW = 30,	       /* a view's entries and threads */
	LOCK_OBJECT = 40,      /* an object's page map and list of maps */
	LOCK_TABLE = 50,       /* object ids */
	LOCK_THREADS = 55,     /* thread numbers */
	LOCK_DEVICE = 60,      /* device drivers, streams */
	LOCK_SYNC = 70,	       /* a bucket of sleeping thread_sync words */
	LOCK_SLEEPER = 75,     /* one thread asleep on words */
	LOCK_TIMER = 80,       /* a CPU's timers */
	LOCK_RUN_QUEUE = 90,   /* a CPU's run queue */
	LOCK_HEAP = 100,       /* kernel heap */
	LOCK_KERNEL_MAP = 105, /* the kernel half of the address space */
	LOCK_FRAME = 110,      /* frame allocator */
	LOCK_CLOCK = 115,      /* who changes the clock page */
	LOCK_CONSOLE = 120,
};

struct spinlock {
	volatile uint32_t held;
	uint32_t rank; /* enum lock_rank */
};

#define SPINLOCK_INIT(rank) \
	{                   \
		0, rank     \
	}

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	lock->held = 0;
	lock->rank = rank;
}

/* Turn interrupts off and take the lock; the result goes to spin_unlock. */
uint64_t spin_lock(struct spinlock *lock);

/* A second lock of the same rank: the caller orders the two by address. */
uint64_t spin_lock_second(struct spinlock *lock);

/* Take it if it is free, whatever is held; *flags as spin_lock's result. */
bool spin_try_lock(struct spinlock *lock, uint64_t *flags);

/* Release the lock and restore the interrupt flag. */
void spin_unlock(struct spinlock *lock, uint64_t flags);

/* True when this CPU may sleep: no spinlock held. */
bool may_sleep(void);

#endif
