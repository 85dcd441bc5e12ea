/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread numbers: small, unique among the living; a table that grows. A program's number is its
 * first thread's and stays taken until the program has ended and its control object is deleted, or
 * its view is gone.
 */
#include <heap.h>
#include <lock.h>
#include <string.h>
#include <thread.h>
#include <view.h>
#include "state.h"

static struct spinlock number_lock = SPINLOCK_INIT(LOCK_DEVICE);
static struct thread **threads; /* by number - 1 */
static struct view **programs;	/* the same */
static uint32_t capacity, hint;

static bool grow(void)
{
	uint32_t bigger = capacity ? capacity * 2 : 64;
	struct thread **table = kernel_alloc_array(bigger, sizeof(*table));
	struct view **views = kernel_alloc_array(bigger, sizeof(*views));

	if (!table || !views) {
		kernel_free(table);
		kernel_free(views);
		return false;
	}
	if (capacity) {
		memcpy(table, threads, capacity * sizeof(*table));
		memcpy(views, programs, capacity * sizeof(*views));
	}
	kernel_free(threads);
	kernel_free(programs);
	threads = table;
	programs = views;
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

		if (!threads[at] && !programs[at])
			number = at + 1;
	}
	if (!number && grow()) {
		number = capacity / 2 + 1;
		if (threads[number - 1] || programs[number - 1])
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

void program_number_keep(uint32_t number, struct view *view)
{
	uint64_t flags = spin_lock(&number_lock);

	programs[number - 1] = view;
	spin_unlock(&number_lock, flags);
}

void program_number_release(uint32_t number, const struct view *view)
{
	uint64_t flags = spin_lock(&number_lock);

	if (programs[number - 1] == view)
		programs[number - 1] = NULL;
	spin_unlock(&number_lock, flags);
}

/* One whose last reference is being dropped is not there any more. */
static struct view *get(struct view *view)
{
	uint32_t seen = view ? __atomic_load_n(&view->references, __ATOMIC_RELAXED) : 0;

	while (seen && !__atomic_compare_exchange_n(&view->references, &seen, seen + 1, true,
						    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		continue;
	return seen ? view : NULL;
}

struct view *program_number_find(uint64_t number)
{
	uint64_t flags = spin_lock(&number_lock);
	struct view *view = number >= 1 && number <= capacity ? get(programs[number - 1]) : NULL;

	spin_unlock(&number_lock, flags);
	return view;
}

uint32_t program_number_limit(void)
{
	return __atomic_load_n(&capacity, __ATOMIC_RELAXED);
}
