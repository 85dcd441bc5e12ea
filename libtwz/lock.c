/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks: of this program's memory, and of objects, which survive their holders. */
#include "internal.h"
#include <twz/lock.h>
#include <twz/sys.h>

#define PATIENCE_NS \
	10000000ull /* how long a waiter sleeps before it looks whether the holder lives */

void twz_internal_lock(uint32_t *word)
{
	uint32_t expected = 0;

	if (__atomic_compare_exchange_n(word, &expected, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0) {
		struct twz_sync_op op = {
			.word = word, .value = 2, .kind = TWZ_SYNC_WAIT, .flags = TWZ_SYNC_FIRM};
		twz_sys_thread_sync(&op, 1, TWZ_FOREVER);
	}
}

void twz_internal_unlock(uint32_t *word)
{
	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2) {
		struct twz_sync_op op = {.word = word, .value = 1, .kind = TWZ_SYNC_WAKE};
		twz_sys_thread_sync(&op, 1, 0);
	}
}

/* All 16 bytes at once; *seen gets what was there. */
static bool exchange(struct twz_id *at, struct twz_id *seen, struct twz_id value)
{
	bool done;

	__asm__ volatile("lock cmpxchg16b %1"
			 : "=@ccz"(done), "+m"(*at), "+a"(seen->hi), "+d"(seen->lo)
			 : "b"(value.hi), "c"(value.lo)
			 : "memory");
	return done;
}

bool twz_lock_holder_ended(struct twz_id view)
{
	struct twz_map map = {
		.object = view,
		.slot = TWZ_SLOT_ANY,
		.rights = TWZ_RIGHT_READ,
		.inherit = TWZ_INHERIT_NONE,
	};
	twz_result slot = twz_sys_view_map(&map);

	if (slot < 0)
		return slot == -TWZ_ERR_NO_SUCH_OBJECT;
	const struct twz_view_control *control = (const void *)((uintptr_t)slot << TWZ_SLOT_SHIFT);
	bool ended = __atomic_load_n(&control->state, __ATOMIC_ACQUIRE) != TWZ_VIEW_RUNNING;
	twz_sys_view_unmap(0, 0, (uint64_t)slot);
	return ended;
}

/* Sleeps until the holder changes, a while at most. */
static void wait_for(struct twz_id *holder, struct twz_id seen, uint32_t *waiters)
{
	struct twz_sync_op op = {
		.word = (uint32_t *)&holder->lo,
		.kind = TWZ_SYNC_WAIT,
		.flags = TWZ_SYNC_64 | TWZ_SYNC_FIRM,
		.value64 = seen.lo,
	};
	twz_result now = twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);

	__atomic_add_fetch(waiters, 1, __ATOMIC_SEQ_CST);
	twz_sys_thread_sync(&op, 1, (uint64_t)(now < 0 ? 0 : now) + PATIENCE_NS);
	__atomic_sub_fetch(waiters, 1, __ATOMIC_RELAXED);
}

/*
 * The id is kept, so that taking a lock needs no system call. `known` is 2 while it holds; whoever
 * comes meanwhile asks for himself.
 */
static struct {
	uint32_t known;
	struct twz_id id;
} self_cache;

void twz_internal_forget_self(void)
{
	__atomic_store_n(&self_cache.known, 0, __ATOMIC_RELEASE);
}

twz_result twz_internal_self(struct twz_id *self)
{
	uint32_t unknown = 0;

	if (__atomic_load_n(&self_cache.known, __ATOMIC_ACQUIRE) == 2) {
		*self = self_cache.id;
		return TWZ_OK;
	}
	twz_result result = twz_sys_thread_control(TWZ_THREAD_VIEW, (uint64_t)(uintptr_t)self);
	if (result >= 0 && __atomic_compare_exchange_n(&self_cache.known, &unknown, 1, false,
						       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		self_cache.id = *self;
		__atomic_store_n(&self_cache.known, 2, __ATOMIC_RELEASE);
	}
	return result;
}

twz_result twz_lock_take(struct twz_id *holder, uint32_t *waiters)
{
	struct twz_id self;
	twz_result result = twz_internal_self(&self);

	if (result < 0)
		return result;
	for (;;) {
		struct twz_id seen = TWZ_ID_NONE;
		if (exchange(holder, &seen, self))
			return TWZ_OK;
		if (!twz_id_equal(seen, self) && twz_lock_holder_ended(seen)) {
			if (exchange(holder, &seen, self))
				return 1;
			continue;
		}
		wait_for(holder, seen, waiters);
	}
}

void twz_lock_release(struct twz_id *holder, uint32_t *waiters)
{
	struct twz_id seen = {__atomic_load_n(&holder->hi, __ATOMIC_RELAXED),
			      __atomic_load_n(&holder->lo, __ATOMIC_RELAXED)};

	while (!exchange(holder, &seen, TWZ_ID_NONE))
		;
	if (__atomic_load_n(waiters, __ATOMIC_SEQ_CST) != 0) {
		struct twz_sync_op op = {
			.word = (uint32_t *)&holder->lo,
			.value = 1,
			.kind = TWZ_SYNC_WAKE,
			.flags = TWZ_SYNC_64,
		};
		twz_sys_thread_sync(&op, 1, 0);
	}
}
