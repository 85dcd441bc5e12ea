/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues between programs; see <twz/queue.h>. */
#include "bytes.h"
#include <twz/lock.h>
#include <twz/persist.h>
#include <twz/queue.h>
#include <twz/sys.h>

static bool fits(const struct twz_queue *queue, uint32_t entry_size, uint32_t capacity)
{
	uint64_t offset = (uintptr_t)queue & (TWZ_SLOT_SIZE - 1);

	return offset >= TWZ_BASE_OFFSET && offset % 16 == 0 && entry_size != 0 && capacity != 0 &&
	       offset < TWZ_META_OFFSET &&
	       (unsigned __int128)entry_size * capacity + sizeof(*queue) <=
		       TWZ_META_OFFSET - offset;
}

twz_result twz_queue_make(struct twz_queue *queue, uint32_t entry_size, uint32_t capacity)
{
	if (!fits(queue, entry_size, capacity))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (queue->magic != 0)
		return -TWZ_ERR_EXISTS;
	queue->entry_size = entry_size;
	queue->capacity = capacity;
	twz_persist(queue, sizeof(*queue));
	twz_commit_word(&queue->magic, TWZ_QUEUE_MAGIC);
	return TWZ_OK;
}

/* Sleeps until the word is no longer what it was seen to be. */
static twz_result sleep_on(struct twz_queue *queue, uint64_t *word, uint64_t seen,
			   uint64_t deadline)
{
	struct twz_sync_op op = {.word = (uint32_t *)word,
				 .kind = TWZ_SYNC_WAIT,
				 .flags = TWZ_SYNC_64 | TWZ_SYNC_FIRM,
				 .value64 = seen};

	if (deadline == 0)
		return -TWZ_ERR_WOULD_BLOCK;
	__atomic_add_fetch(&queue->sleepers, 1, __ATOMIC_SEQ_CST);
	twz_sys_thread_sync(&op, 1, deadline);
	__atomic_sub_fetch(&queue->sleepers, 1, __ATOMIC_RELAXED);
	twz_result now = deadline == TWZ_FOREVER ? 0 : twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
	return now >= 0 && (uint64_t)now < deadline ? TWZ_OK : -TWZ_ERR_TIMED_OUT;
}

static void wake(struct twz_queue *queue, uint64_t *word)
{
	struct twz_sync_op op = {
		.word = (uint32_t *)word, .value = 1, .kind = TWZ_SYNC_WAKE, .flags = TWZ_SYNC_64};

	if (__atomic_load_n(&queue->sleepers, __ATOMIC_SEQ_CST) != 0)
		twz_sys_thread_sync(&op, 1, 0);
}

/* The queue's two words are put and taken; in: which of them grows. With the lock held. */
static twz_result step(struct twz_queue *queue, uint32_t size, uint32_t capacity, void *entry,
		       bool in, uint64_t *seen)
{
	uint64_t put = load64(&queue->put), taken = load64(&queue->taken);

	if (put - taken > capacity)
		return -TWZ_ERR_CORRUPT;
	*seen = in ? taken : put;
	if (put - taken == (in ? capacity : 0))
		return -TWZ_ERR_WOULD_BLOCK;
	uint8_t *place = queue->entries + (in ? put : taken) % capacity * size;
	if (in) {
		__builtin_memcpy(place, entry, size);
		twz_persist(place, size);
		twz_commit_word(&queue->put, put + 1);
	} else {
		__builtin_memcpy(entry, place, size);
		twz_commit_word(&queue->taken, taken + 1);
	}
	return TWZ_OK;
}

static twz_result move(struct twz_queue *queue, void *entry, bool in, uint64_t deadline)
{
	uint32_t size = load32(&queue->entry_size), capacity = load32(&queue->capacity);
	uint64_t seen;

	if (load64(&queue->magic) != TWZ_QUEUE_MAGIC || !fits(queue, size, capacity))
		return -TWZ_ERR_CORRUPT;
	for (;;) {
		twz_result result = twz_lock_take(&queue->holder, &queue->waiters);
		if (result < 0)
			return result;
		result = step(queue, size, capacity, entry, in, &seen);
		twz_lock_release(&queue->holder, &queue->waiters);
		if (result == TWZ_OK)
			wake(queue, in ? &queue->put : &queue->taken);
		if (result != -TWZ_ERR_WOULD_BLOCK)
			return result;
		result = sleep_on(queue, in ? &queue->taken : &queue->put, seen, deadline);
		if (result < 0)
			return result;
	}
}

twz_result twz_queue_put(struct twz_queue *queue, const void *entry, uint64_t deadline)
{
	return move(queue, (void *)(uintptr_t)entry, true, deadline);
}

twz_result twz_queue_take(struct twz_queue *queue, void *entry, uint64_t deadline)
{
	return move(queue, entry, false, deadline);
}
