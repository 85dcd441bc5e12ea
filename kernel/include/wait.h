/* SPDX-License-Identifier: BSD-2-Clause */
/* Wait queues: threads that sleep until a condition under a spinlock holds. */
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>
#include <list.h>
#include <lock.h>

struct wait_queue {
	struct list waiters;
};

#define WAIT_QUEUE_INIT(queue)             \
	{                                  \
		LIST_INIT((queue).waiters) \
	}

static inline void wait_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

/*
 * Sleep on the queue. The caller holds `lock` (and no other) and has found that its condition does
 *not hold; the lock is released while sleeping and held again at return. Use in a loop that tests
 *the condition:
 *
 *	flags = spin_lock(&device->lock);
 *	while (!device->done && !error)
 *		error = wait_sleep(&device->waiters, &device->lock, deadline);
 *	spin_unlock(&device->lock, flags);
 *
 * Returns 0 when woken, -TIMED_OUT after the monotonic deadline, -INTERRUPTED when the thread is to
 * die or has an interrupt pending.
 */
twz_result wait_sleep(struct wait_queue *queue, struct spinlock *lock, uint64_t deadline);

/* As wait_sleep, but only a wake ends it: for devices that will answer. */
void wait_sleep_firm(struct wait_queue *queue, struct spinlock *lock);

/* Wake the longest waiting, or all. The caller holds the lock of the condition. Any context. */
void wait_wake_one(struct wait_queue *queue);
void wait_wake_all(struct wait_queue *queue);

/* Sleep until the deadline; -INTERRUPTED as above. */
twz_result thread_sleep_until(uint64_t deadline);

#endif
