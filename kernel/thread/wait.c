/* SPDX-License-Identifier: BSD-2-Clause */
/* Wait queues. */
#include <cpu.h>
#include <thread.h>
#include <timer.h>
#include <wait.h>
#include <log.h>

static void wake_from_timer(struct timer *timer)
{
	thread_wake(CONTAINER_OF(timer, struct thread, timer));
}

static twz_result sleep_once(struct wait_queue *queue, struct spinlock *lock, uint64_t deadline,
			     bool firm)
{
	struct thread *thread = current_thread();
	bool woken, pending;

	thread->woken = false;
	list_append(&queue->waiters, &thread->wait_node);
	__atomic_store_n(&thread->state, THREAD_SLEEPING, __ATOMIC_SEQ_CST);
	if (!firm && thread->pending)
		thread->state = THREAD_RUNNABLE;
	else
		timer_arm(&thread->timer, deadline, wake_from_timer);
	spin_unlock(lock, 0); /* interrupts stay off until the caller unlocks */
	if (thread->state == THREAD_SLEEPING)
		schedule();
	__atomic_store_n(&thread->state, THREAD_RUNNABLE, __ATOMIC_SEQ_CST);
	timer_cancel(&thread->timer);
	spin_lock(lock);
	woken = thread->woken;
	pending = thread->pending;
	if (!woken)
		list_remove(&thread->wait_node);
	if (woken)
		return TWZ_OK;
	if (pending && !firm)
		return -TWZ_ERR_INTERRUPTED;
	if (clock_monotonic() >= deadline)
		return -TWZ_ERR_TIMED_OUT;
	return TWZ_OK; /* the caller's loop tests its condition */
}

twz_result wait_sleep(struct wait_queue *queue, struct spinlock *lock, uint64_t deadline)
{
	return sleep_once(queue, lock, deadline, false);
}

void wait_sleep_firm(struct wait_queue *queue, struct spinlock *lock)
{
	sleep_once(queue, lock, TWZ_FOREVER, true);
}

static void wake(struct list *node)
{
	struct thread *thread = LIST_ENTRY(node, struct thread, wait_node);

	thread->woken = true;
	thread_wake(thread);
}

void wait_wake_one(struct wait_queue *queue)
{
	struct list *node = list_pop(&queue->waiters);

	if (node)
		wake(node);
}

void wait_wake_all(struct wait_queue *queue)
{
	struct list *node;

	while ((node = list_pop(&queue->waiters)))
		wake(node);
}

twz_result thread_sleep_until(uint64_t deadline)
{
	struct spinlock lock = SPINLOCK_INIT(LOCK_DEVICE);
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);
	uint64_t flags = spin_lock(&lock);
	twz_result result = TWZ_OK;

	while (result >= 0 && clock_monotonic() < deadline)
		result = wait_sleep(&queue, &lock, deadline);
	spin_unlock(&lock, flags);
	return result == -TWZ_ERR_TIMED_OUT ? TWZ_OK : result;
}
