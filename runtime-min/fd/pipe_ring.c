/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of a pipe, its lock that survives its holder, and the programs at its ends. */
#include "fd/pipe_ring.h"

#define CONTENDED 0x80000000u
#define NOBODY	  0x7fffffffu /* a holder that is no member: it cannot be found dead */

twz_result rt_ring_format(struct rt_ring *ring)
{
	static const uint32_t magic = RT_RING_MAGIC;
	twz_result error;
	return rt_copy(&ring->magic, &magic, sizeof(magic), &error) == 0 ? 0 : error;
}

twz_result rt_ring_check(const struct rt_ring *ring)
{
	return ring->magic == RT_RING_MAGIC ? 0 : RT_ERROR(BAD_FORMAT);
}

static uint32_t members_used(const struct rt_ring *ring)
{
	uint32_t used = __atomic_load_n(&ring->used, __ATOMIC_ACQUIRE);
	return used < RT_RING_MEMBERS ? used : RT_RING_MEMBERS;
}

/* ---- is a program alive? ---- */

enum life { ALIVE, DEAD, UNKNOWN };

/* On ALIVE *object is mapped: a struct twz_view_control, whose state word ends its sleep. */
static enum life look(struct twz_id view, struct twz_rt_object *object)
{
	twz_result result = twz_rt_object_map(view, TWZ_RIGHT_READ, object);
	if (result == RT_ERROR(NO_SUCH_OBJECT))
		return DEAD;
	if (result < 0)
		return UNKNOWN;
	const struct twz_view_control *control = (const struct twz_view_control *)object->start;
	if (__atomic_load_n(&control->state, __ATOMIC_ACQUIRE) == TWZ_VIEW_RUNNING)
		return ALIVE;
	twz_rt_object_release(object);
	return DEAD;
}

static uint32_t *state_word(const struct twz_rt_object *object)
{
	return &((struct twz_view_control *)object->start)->state;
}

/* ---- the lock ---- */

static uint32_t own_number(const struct rt_ring *ring)
{
	struct twz_id self = rt_self_view();
	for (uint32_t i = 0, used = members_used(ring); i < used; i++) {
		if (twz_id_equal(ring->members[i].view, self))
			return i + 1;
	}
	return NOBODY;
}

/* Sleeps while the lock has this value and its holder lives. DEAD: the holder does not. */
static twz_result wait_lock(struct rt_ring *ring, uint32_t value, enum life *life)
{
	uint32_t holder = value & ~CONTENDED;
	struct twz_rt_object object;
	struct twz_sync_op ops[2] = {{.word = &ring->lock, .value = value, .kind = TWZ_SYNC_WAIT}};
	uint64_t count = 1, deadline = TWZ_FOREVER;
	*life = UNKNOWN;
	if (holder - 1 < RT_RING_MEMBERS) {
		struct twz_id view = ring->members[holder - 1].view;
		*life = look(view, &object);
	}
	if (*life == DEAD)
		return 0;
	if (*life == ALIVE)
		ops[count++] = (struct twz_sync_op){.word = state_word(&object),
						    .value = TWZ_VIEW_RUNNING,
						    .kind = TWZ_SYNC_WAIT};
	else
		deadline = twz_rt_clock(TWZ_CLOCK_MONOTONIC) + 10000000ull;
	twz_result result = twz_sys_thread_sync(ops, count, deadline);
	if (*life == ALIVE)
		twz_rt_object_release(&object);
	*life = UNKNOWN;
	return result == RT_ERROR(INTERRUPTED) ? result : 0;
}

twz_result rt_ring_lock(struct rt_ring *ring)
{
	uint32_t own = own_number(ring), wanted = own;
	for (;;) {
		uint32_t seen = 0;
		enum life life;
		if (__atomic_compare_exchange_n(&ring->lock, &seen, wanted, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 0;
		/* From here on others may sleep as well: whoever gets the lock wakes them. */
		wanted = own | CONTENDED;
		if (!(seen & CONTENDED) &&
		    !__atomic_compare_exchange_n(&ring->lock, &seen, seen | CONTENDED, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		seen |= CONTENDED;
		twz_result result = wait_lock(ring, seen, &life);
		if (result < 0)
			return result;
		/* Bytes become true by one store, so what a dead holder leaves is whole. */
		if (life == DEAD && __atomic_compare_exchange_n(&ring->lock, &seen, wanted, false,
								__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
	}
}

bool rt_ring_try_lock(struct rt_ring *ring)
{
	uint32_t seen = 0;
	return __atomic_compare_exchange_n(&ring->lock, &seen, own_number(ring), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void rt_ring_unlock(struct rt_ring *ring)
{
	if (__atomic_exchange_n(&ring->lock, 0, __ATOMIC_RELEASE) & CONTENDED)
		twz_rt_futex_wake(&ring->lock, INT32_MAX);
}

/* ---- ends ---- */

static bool is_free(const struct rt_ring_member *member)
{
	return member->readers == 0 && member->writers == 0;
}

twz_result rt_ring_join(struct rt_ring *ring, struct twz_id view, bool writer)
{
	struct rt_ring_member *member = NULL;
	uint32_t used = members_used(ring);
	/* An entry without ends may still be a lock holder's that is leaving: its id stays until
	 * reuse. */
	for (uint32_t i = 0; i < used; i++) {
		struct rt_ring_member *at = &ring->members[i];
		if (twz_id_equal(at->view, view)) {
			member = at;
			break;
		}
		if (member == NULL && is_free(at))
			member = at;
	}
	if (member == NULL && used == RT_RING_MEMBERS)
		return RT_ERROR(TOO_MANY);
	bool appended = member == NULL;
	if (appended)
		member = &ring->members[used];
	if (appended || !twz_id_equal(member->view, view)) {
		const struct rt_ring_member fresh = {.view = view};
		twz_result error;
		if (rt_copy(member, &fresh, sizeof(fresh), &error) != 0)
			return error;
	}
	if (appended)
		__atomic_store_n(&ring->used, used + 1, __ATOMIC_RELEASE);
	if (writer)
		member->writers++;
	else
		member->readers++;
	return 0;
}

bool rt_ring_leave(struct rt_ring *ring, struct twz_id view, bool writer)
{
	for (uint32_t i = 0, used = members_used(ring); i < used; i++) {
		struct rt_ring_member *member = &ring->members[i];
		uint32_t *count = writer ? &member->writers : &member->readers;
		if (twz_id_equal(member->view, view) && *count != 0)
			--*count;
	}
	return !rt_ring_has(ring, true) && !rt_ring_has(ring, false);
}

bool rt_ring_has(const struct rt_ring *ring, bool writer)
{
	for (uint32_t i = 0, used = members_used(ring); i < used; i++) {
		const struct rt_ring_member *member = &ring->members[i];
		if ((writer ? member->writers : member->readers) != 0)
			return true;
	}
	return false;
}

static void bury(struct rt_ring *ring, struct twz_id view)
{
	if (rt_ring_lock(ring) < 0)
		return;
	for (uint32_t i = 0, used = members_used(ring); i < used; i++) {
		struct rt_ring_member *member = &ring->members[i];
		if (twz_id_equal(member->view, view))
			member->readers = member->writers = 0;
	}
	rt_ring_unlock(ring);
}

void rt_ring_bury_dead(struct rt_ring *ring)
{
	struct twz_id self = rt_self_view();
	for (uint32_t i = 0, used = members_used(ring); i < used; i++) {
		struct rt_ring_member member = ring->members[i];
		struct twz_rt_object object;
		if (is_free(&member) || twz_id_equal(member.view, self))
			continue;
		enum life life = look(member.view, &object);
		if (life == ALIVE)
			twz_rt_object_release(&object);
		else if (life == DEAD)
			bury(ring, member.view);
	}
}

bool rt_ring_watch(struct rt_ring *ring, bool writers, struct rt_watch *watch,
		   struct rt_waits *waits)
{
	struct twz_id self = rt_self_view();
	bool buried = false;
	for (uint32_t i = 0, used = members_used(ring); i < used; i++) {
		struct rt_ring_member member = ring->members[i];
		struct twz_rt_object object;
		if ((writers ? member.writers : member.readers) == 0 ||
		    twz_id_equal(member.view, self))
			continue;
		switch (look(member.view, &object)) {
		case ALIVE:
			if (rt_watch_add(watch, object)) {
				rt_waits_add(waits, state_word(&object), TWZ_VIEW_RUNNING);
			} else {
				twz_rt_object_release(&object);
				waits->tick = true;
			}
			break;
		case DEAD:
			bury(ring, member.view);
			buried = true;
			break;
		case UNKNOWN:
			waits->tick = true;
			break;
		}
	}
	return buried;
}

/* ---- bytes ---- */

uint32_t rt_ring_readable(const struct rt_ring *ring)
{
	uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	uint32_t used = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) - tail;
	return used <= RT_RING_SIZE ? used : RT_RING_SIZE;
}

uint32_t rt_ring_room(const struct rt_ring *ring)
{
	return RT_RING_SIZE - rt_ring_readable(ring);
}

twz_result rt_ring_take(struct rt_ring *ring, void *buffer, size_t length)
{
	uint32_t part = rt_ring_readable(ring), at = ring->tail % RT_RING_SIZE;
	if (part > length)
		part = (uint32_t)length;
	uint32_t first = RT_RING_SIZE - at < part ? RT_RING_SIZE - at : part;
	twz_result error;
	if (rt_copy(buffer, ring->bytes + at, first, &error) != 0 ||
	    rt_copy((uint8_t *)buffer + first, ring->bytes, part - first, &error) != 0)
		return error;
	__atomic_fetch_add(&ring->tail, part, __ATOMIC_RELEASE);
	return part;
}

twz_result rt_ring_put(struct rt_ring *ring, const void *buffer, size_t length, size_t least)
{
	uint32_t part = rt_ring_room(ring), at = ring->head % RT_RING_SIZE;
	if (part < least)
		return 0;
	if (part > length)
		part = (uint32_t)length;
	uint32_t first = RT_RING_SIZE - at < part ? RT_RING_SIZE - at : part;
	twz_result error;
	if (rt_copy(ring->bytes + at, buffer, first, &error) != 0 ||
	    rt_copy(ring->bytes, (const uint8_t *)buffer + first, part - first, &error) != 0)
		return error;
	__atomic_fetch_add(&ring->head, part, __ATOMIC_RELEASE);
	return part;
}
