/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory's writers' lock: the holder's view id in the directory's header, swapped in as one
 * 16-byte word, so that it can be taken from a program that has ended.
 */
#include "objectfs_internal.h"

/* One writer of a program at a time: what the lock names is the program. */
static struct rt_lock program_lock;
static unsigned program_depth;
static uint32_t program_owner; /* thread number */

static void program_enter(void)
{
	uint32_t self = twz_rt_thread_number();
	if (__atomic_load_n(&program_owner, __ATOMIC_RELAXED) != self) {
		rt_lock(&program_lock);
		__atomic_store_n(&program_owner, self, __ATOMIC_RELAXED);
	}
	program_depth++;
}

static void program_leave(void)
{
	if (--program_depth == 0) {
		__atomic_store_n(&program_owner, 0, __ATOMIC_RELAXED);
		rt_unlock(&program_lock);
	}
}

/* *seen: what was there. */
static bool swap(struct twz_id *word, struct twz_id *seen, struct twz_id wanted)
{
	bool done;
	__asm__ volatile("lock cmpxchg16b %1"
	                 : "=@ccz"(done), "+m"(*word), "+a"(seen->hi), "+d"(seen->lo)
	                 : "b"(wanted.hi), "c"(wanted.lo)
	                 : "memory");
	return done;
}

static struct twz_directory_header *header(const struct rt_directory *directory)
{
	return (struct twz_directory_header *)(directory->object.start + TWZ_BASE_OFFSET);
}

/* Sleeps until the holder lets go or ends; true when it has ended. */
static bool wait_holder(struct twz_directory_header *head, struct twz_id holder)
{
	struct twz_rt_object view;
	struct twz_sync_op ops[2] = {{
	        .word = (uint32_t *)&head->holder.hi,
	        .kind = TWZ_SYNC_WAIT,
	        .flags = TWZ_SYNC_64,
	        .value64 = holder.hi,
	}};
	twz_result result = twz_rt_object_map(holder, TWZ_RIGHT_READ, &view);
	if (result == RT_ERROR(NO_SUCH_OBJECT))
		return true;
	uint64_t deadline = twz_rt_clock(TWZ_CLOCK_MONOTONIC) + 10000000ull;
	__atomic_fetch_add(&head->waiters, 1, __ATOMIC_ACQ_REL);
	if (result < 0) {
		twz_sys_thread_sync(ops, 1, deadline);
	} else {
		struct twz_view_control *control = (struct twz_view_control *)view.start;
		ops[1] = (struct twz_sync_op){
		        .word = &control->state, .value = TWZ_VIEW_RUNNING, .kind = TWZ_SYNC_WAIT};
		twz_sys_thread_sync(ops, 2, deadline);
		uint32_t state = __atomic_load_n(&control->state, __ATOMIC_ACQUIRE);
		twz_rt_object_release(&view);
		result = state == TWZ_VIEW_RUNNING ? -1 : 0;
	}
	__atomic_fetch_sub(&head->waiters, 1, __ATOMIC_ACQ_REL);
	return result >= 0;
}

static void take(struct twz_directory_header *head)
{
	struct twz_id self = rt_self_view();
	for (;;) {
		struct twz_id seen = TWZ_ID_NONE;
		if (swap(&head->holder, &seen, self) || twz_id_equal(seen, self))
			return;
		if (wait_holder(head, seen) && swap(&head->holder, &seen, self))
			return;
	}
}

void rt_directory_unlock(struct rt_directory *directory)
{
	struct twz_directory_header *head = header(directory);
	struct twz_id seen = rt_self_view();
	swap(&head->holder, &seen, TWZ_ID_NONE);
	if (__atomic_load_n(&head->waiters, __ATOMIC_ACQUIRE) != 0)
		twz_rt_futex_wake((uint32_t *)&head->holder.hi, INT32_MAX);
	program_leave();
	twz_rt_object_release(&directory->object);
}

twz_result rt_directory_lock(struct twz_id id, struct rt_directory *directory)
{
	struct twz_id parent;
	twz_result result = rt_object_open(id, true, &directory->object);
	if (result < 0)
		return result;
	/* Not every object is a directory: its bytes are looked at before one is changed. */
	result = twz_directory_parent(directory->object.start, TWZ_DIRECTORY_LIMIT, &parent);
	if (result < 0) {
		twz_rt_object_release(&directory->object);
		return result;
	}
	program_enter();
	take(header(directory));
	result = twz_directory_recover(directory->object.start, TWZ_DIRECTORY_LIMIT);
	if (result < 0) {
		rt_directory_unlock(directory);
		return result;
	}
	return 0;
}
