/* SPDX-License-Identifier: BSD-2-Clause */
/* thread_sync: sleeping on several words at once, keyed by object and offset. */
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <object.h>
#include <sync.h>
#include <syscall.h>
#include <thread.h>
#include <timer.h>
#include <user.h>
#include <view.h>

#define BUCKETS	     256
#define OPS_ON_STACK 4
#define OPS_MAX	     65536 /* of one call: bounds the time with a thread half queued */

struct bucket {
	struct spinlock lock;
	struct list waiters;
};

struct waiter {
	struct list node;		/* under the bucket's lock */
	struct bucket *volatile bucket; /* changes by requeueing, under both locks */
	struct object *object;
	uint64_t offset;
	struct thread *thread;
	struct object *reference; /* what keeps the key's object alive; the waiter's own */
	bool queued, fired;
};

static struct bucket buckets[BUCKETS] = {
	[0 ... BUCKETS - 1] = {.lock = SPINLOCK_INIT(LOCK_SYNC)},
};

static struct bucket *bucket_of(const struct object *object, uint64_t offset)
{
	uint64_t mixed = ((uint64_t)object / 64 ^ offset / 4) * 0x9e3779b97f4a7c15ull;
	struct bucket *bucket = &buckets[mixed >> 56];

	return bucket;
}

static void bucket_prepare(struct bucket *bucket)
{
	if (!bucket->waiters.next)
		list_init(&bucket->waiters);
}

/* Lock held. */
static uint64_t wake_in(struct bucket *bucket, const struct object *object, uint64_t offset,
			uint64_t count)
{
	uint64_t woken = 0;

	bucket_prepare(bucket);
	LIST_FOR_EACH_SAFE(node, &bucket->waiters)
	{
		struct waiter *waiter = LIST_ENTRY(node, struct waiter, node);

		if (woken == count)
			break;
		if (waiter->object != object || waiter->offset != offset)
			continue;
		list_remove(&waiter->node);
		waiter->queued = false;
		waiter->fired = true;
		woken++;
		thread_wake(waiter->thread);
	}
	return woken;
}

uint64_t sync_wake_object(struct object *object, uint64_t offset, uint64_t count)
{
	struct bucket *bucket = bucket_of(object, offset);
	uint64_t flags = spin_lock(&bucket->lock);
	uint64_t woken = wake_in(bucket, object, offset, count);

	spin_unlock(&bucket->lock, flags);
	return woken;
}

uint64_t sync_wake_address(uint64_t address, uint64_t count)
{
	uint64_t offset, woken;
	uint32_t rights;
	struct object *object = view_object_at(current_thread()->view, address, &offset, &rights);

	if (!object)
		return 0;
	woken = sync_wake_object(object, offset, count);
	object_put(object);
	return woken;
}

/* Wake one and move up to `count` others to the second word's key. */
static twz_result requeue(const struct twz_sync_op *op)
{
	struct view *view = current_thread()->view;
	uint64_t from_offset, to_offset, moved = 0, woken, flags, inner = 0;
	uint32_t rights;
	struct object *from = view_object_at(view, (uint64_t)op->word, &from_offset, &rights);
	struct object *to = view_object_at(view, (uint64_t)op->word2, &to_offset, &rights);
	struct bucket *a, *b;

	if (!from || !to) {
		if (from)
			object_put(from);
		if (to)
			object_put(to);
		return -TWZ_ERR_BAD_ADDRESS;
	}
	a = bucket_of(from, from_offset);
	b = bucket_of(to, to_offset);
	flags = spin_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		inner = spin_lock_second(a < b ? &b->lock : &a->lock);
	bucket_prepare(b);
	woken = wake_in(a, from, from_offset, 1);
	LIST_FOR_EACH_SAFE(node, &a->waiters)
	{
		struct waiter *waiter = LIST_ENTRY(node, struct waiter, node);

		if (moved == op->value || (from == to && from_offset == to_offset))
			break;
		if (waiter->object != from || waiter->offset != from_offset)
			continue;
		list_remove(&waiter->node);
		waiter->object = to;
		waiter->offset = to_offset;
		waiter->bucket = b;
		list_append(&b->waiters, &waiter->node);
		moved++;
	}
	if (a != b)
		spin_unlock(a < b ? &b->lock : &a->lock, inner);
	spin_unlock(a < b ? &a->lock : &b->lock, flags);
	object_put(from);
	object_put(to);
	return (twz_result)(woken + moved);
}

static void dequeue(struct waiter *waiter)
{
	while (waiter->bucket) {
		struct bucket *bucket = waiter->bucket;
		uint64_t flags = spin_lock(&bucket->lock);

		if (waiter->bucket == bucket) {
			if (waiter->queued)
				list_remove(&waiter->node);
			waiter->queued = false;
			waiter->bucket = NULL;
		}
		spin_unlock(&bucket->lock, flags);
	}
	if (waiter->reference)
		object_put(waiter->reference);
	waiter->reference = NULL;
}

enum queued { QUEUED, DIFFERS, UNREADABLE };

static enum queued enqueue(const struct twz_sync_op *op, struct waiter *waiter)
{
	struct bucket *bucket = bucket_of(waiter->object, waiter->offset);
	uint64_t flags = spin_lock(&bucket->lock), now = 0;
	enum queued result = QUEUED;
	uint32_t now32;

	if (op->flags & TWZ_SYNC_64) {
		if (!user_read64_locked((const uint64_t *)op->word, &now))
			result = UNREADABLE;
		else if (now != op->value64)
			result = DIFFERS;
	} else {
		if (!user_read32_locked(op->word, &now32))
			result = UNREADABLE;
		else if (now32 != op->value)
			result = DIFFERS;
	}
	if (result == QUEUED) {
		bucket_prepare(bucket);
		waiter->bucket = bucket;
		waiter->queued = true;
		list_append(&bucket->waiters, &waiter->node);
	}
	spin_unlock(&bucket->lock, flags);
	return result;
}

static void wake_from_timer(struct timer *timer)
{
	thread_wake(CONTAINER_OF(timer, struct thread, timer));
}

/* Queue for every word. *fired: an op whose word differs already. Restarts are the caller's (1). */
static twz_result queue_all(const struct twz_sync_op *ops, uint64_t count, struct waiter *waiters,
			    int64_t *fired)
{
	struct thread *thread = current_thread();

	for (uint64_t i = 0; i < count && *fired < 0; i++) {
		struct waiter *waiter = &waiters[i];
		uint32_t rights;

		if (ops[i].kind != TWZ_SYNC_WAIT)
			continue;
		waiter->object = view_object_at(thread->view, (uint64_t)ops[i].word,
						&waiter->offset, &rights);
		if (!waiter->object)
			return -TWZ_ERR_BAD_ADDRESS;
		waiter->reference = waiter->object;
		waiter->thread = thread;
		waiter->fired = false;
		switch (enqueue(&ops[i], waiter)) {
		case QUEUED:
			break;
		case DIFFERS:
			*fired = (int64_t)i;
			break;
		case UNREADABLE:
			thread->state = THREAD_RUNNABLE;
			if (user_prefault(ops[i].word, ops[i].flags & TWZ_SYNC_64 ? 8 : 4, false) <
			    0)
				return -TWZ_ERR_BAD_ADDRESS;
			return 1;
		}
	}
	return 0;
}

/* One try to sleep. `ends`: the PENDING_* that end it. */
static twz_result wait_round(const struct twz_sync_op *ops, uint64_t count, uint64_t deadline,
			     uint32_t ends, struct waiter *waiters, int64_t *fired)
{
	struct thread *thread = current_thread();
	bool signalled = ends & PENDING_INTERRUPT && thread_signalled();
	bool for_ever = deadline == TWZ_FOREVER; /* then the clock is not asked */
	twz_result result;

	__atomic_store_n(&thread->state, THREAD_SLEEPING, __ATOMIC_SEQ_CST);
	result = queue_all(ops, count, waiters, fired);
	if (result == 0 && *fired < 0 && !signalled && !(thread->pending & ends) &&
	    (for_ever || clock_monotonic() < deadline)) {
		if (!for_ever)
			timer_arm(&thread->timer, deadline, wake_from_timer);
		schedule();
		if (!for_ever)
			timer_cancel(&thread->timer);
	}
	__atomic_store_n(&thread->state, THREAD_RUNNABLE, __ATOMIC_SEQ_CST);
	for (uint64_t i = 0; i < count; i++) {
		if (ops[i].kind != TWZ_SYNC_WAIT)
			continue;
		dequeue(&waiters[i]);
		if (waiters[i].fired && *fired < 0)
			*fired = (int64_t)i;
	}
	if (result != 0)
		return result < 0 ? result : TWZ_OK;
	if (*fired < 0 && (signalled || thread->pending & ends))
		return -TWZ_ERR_INTERRUPTED;
	if (*fired < 0 && !for_ever && clock_monotonic() >= deadline)
		return -TWZ_ERR_TIMED_OUT;
	return TWZ_OK;
}

static twz_result check_op(const struct twz_sync_op *op)
{
	uint64_t size = op->flags & TWZ_SYNC_64 ? 8 : 4;

	if (op->flags & ~(TWZ_SYNC_64 | TWZ_SYNC_FIRM) || op->kind > TWZ_SYNC_REQUEUE ||
	    (uint64_t)op->word & (size - 1))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (op->kind == TWZ_SYNC_REQUEUE && (uint64_t)op->word2 & (size - 1))
		return -TWZ_ERR_INVALID_ARGUMENT;
	return user_range_valid(op->word, size) ? TWZ_OK : -TWZ_ERR_BAD_ADDRESS;
}

static twz_result run(const struct twz_sync_op *ops, uint64_t count, uint64_t deadline,
		      struct waiter *waiters)
{
	twz_result result = TWZ_OK, woken = 0;
	int64_t fired = -1;
	bool waits = count == 0; /* nothing to wait for but the deadline: a sleep */
	uint32_t ends = PENDING_KILL | PENDING_INTERRUPT;

	for (uint64_t i = 0; i < count && result >= 0; i++)
		result = check_op(&ops[i]);
	for (uint64_t i = 0; i < count && result >= 0; i++) {
		if (ops[i].kind == TWZ_SYNC_WAKE)
			woken += (twz_result)sync_wake_address((uint64_t)ops[i].word, ops[i].value);
		else if (ops[i].kind == TWZ_SYNC_REQUEUE)
			result = requeue(&ops[i]);
		else
			waits = true;
		if (ops[i].flags & TWZ_SYNC_FIRM)
			ends = PENDING_KILL;
		if (ops[i].kind == TWZ_SYNC_REQUEUE && result >= 0)
			woken += result;
	}
	for (uint64_t i = 0; waits && i < count; i++)
		waiters[i] = (struct waiter){0};
	while (result >= 0 && waits && fired < 0)
		result = wait_round(ops, count, deadline, ends, waiters, &fired);
	if (result < 0)
		return result;
	return waits ? fired : woken;
}

twz_result sys_thread_sync(const struct twz_sync_op *user_ops, uint64_t count, uint64_t deadline)
{
	struct twz_sync_op stack_ops[OPS_ON_STACK], *ops = stack_ops;
	struct waiter stack_waiters[OPS_ON_STACK], *waiters = stack_waiters;
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (count > OPS_MAX)
		return -TWZ_ERR_TOO_MANY;
	if (count > OPS_ON_STACK) {
		ops = kernel_alloc_array(count, sizeof(*ops));
		waiters = kernel_alloc_array(count, sizeof(*waiters));
	}
	if (ops && waiters)
		result = copy_from_user(ops, user_ops, count * sizeof(*ops));
	if (result >= 0)
		result = run(ops, count, deadline, waiters);
	if (count > OPS_ON_STACK) {
		kernel_free(ops);
		kernel_free(waiters);
	}
	return result;
}
