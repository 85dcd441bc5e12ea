/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread numbers: small, unique among the living; a table that grows. */
#include <heap.h>
#include <lock.h>
#include <string.h>
#include <thread.h>
#include "state.h"

static struct spinlock number_lock = SPINLOCK_INIT(LOCK_DEVICE);
static struct thread **threads; /* by number - 1 */
static uint32_t capacity, hint;

static bool grow(void)
{
	uint32_t bigger = capacity ? capacity * 2 : 64;
	struct thread **table = kernel_alloc_array(bigger, sizeof(*table));

	if (!table)
		return false;
	if (capacity)
		memcpy(table, threads, capacity * sizeof(*table));
	kernel_free(threads);
	threads = table;
	capacity = bigger;
	return true;
}

uint32_t thread_number_take(struct thread *thread)
{
	uint64_t flags = spin_lock(&number_lock);
	uint32_t number = 0;

	/* numbers go up before they come again, so that a stale one is not soon another thread's */
	for (uint32_t i = 0; i < capacity && !number; i++) {
		uint32_t at = (hint + i) % capacity;

		if (!threads[at])
			number = at + 1;
	}
	if (!number && grow()) {
		number = capacity / 2 + 1;
		if (threads[number - 1])
			number = 0;
		if (capacity == 64)
			number = 1;
	}
	if (number) {
		threads[number - 1] = thread;
		hint = number;
	}
	spin_unlock(&number_lock, flags);
	return number;
}

void thread_number_give(struct thread *thread)
{
	uint64_t flags = spin_lock(&number_lock);

	threads[thread->number - 1] = NULL;
	spin_unlock(&number_lock, flags);
}

bool thread_number_act(uint64_t number, bool (*act)(struct thread *, void *), void *context)
{
	uint64_t flags = spin_lock(&number_lock);
	bool done = number >= 1 && number <= capacity && threads[number - 1] &&
		    act(threads[number - 1], context);

	spin_unlock(&number_lock, flags);
	return done;
}
