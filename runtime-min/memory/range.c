/* SPDX-License-Identifier: BSD-2-Clause */
/* Address ranges of the Runtime ABI: map, unmap, protect, discard, sync. */
#include "memory/arena.h"
#include "fd/fd.h"

#define KNOWN_FLAGS  (TWZ_RANGE_FIXED | TWZ_RANGE_FIXED_NEW | TWZ_RANGE_SHARED)
#define KNOWN_RIGHTS (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC)

void rt_range_before_fork(void)
{
	rt_lock(&rt_range_lock);
}

void rt_range_after_fork(void)
{
	rt_unlock(&rt_range_lock);
}

static twz_result good_range(uint64_t start, uint64_t *length)
{
	if (start % TWZ_PAGE_SIZE != 0 || *length == 0 || *length > RT_USER_TOP)
		return RT_ERROR(INVALID_ARGUMENT);
	*length = rt_round_up(*length, TWZ_PAGE_SIZE);
	return rt_user_range(start, *length) ? 0 : RT_ERROR(INVALID_ARGUMENT);
}

/*
 * Takes each address of [start, end) out of one piece, so that a range which was mapped twice stays
 * mapped once. Takes at most one node: only a piece that reaches over both ends is split.
 */
static void cut_pieces(struct rt_slot *slot, uint64_t start, uint64_t end)
{
	for (struct rt_range **link = &slot->pieces; *link != NULL; link = &(*link)->left) {
		struct rt_range *piece = *link;
		uint64_t from = piece->start, to = piece->start + piece->length;
		if (to <= start || from >= end)
			continue;
		if (from < start && to > end) {
			struct rt_range *rest = rt_pool_take(&rt_nodes, sizeof(struct rt_slot));
			rest->start = end;
			rest->length = to - end;
			rest->left = piece->left;
			piece->left = rest;
			piece->length = start - from;
		} else if (from < start) {
			piece->length = start - from;
		} else if (to > end) {
			piece->start = end;
			piece->length = to - end;
		} else {
			*link = piece->left;
			rt_pool_give(&rt_nodes, piece);
		}
		if (start < from)
			cut_pieces(slot, start, from);
		if (to < end)
			cut_pieces(slot, to, end);
		return;
	}
}

/* Unmaps in a slot that is not an arena. *release: the file's object when this was its last piece.
 */
static void unmap_shared(struct rt_slot *slot, uint64_t start, uint64_t end,
			 struct twz_rt_object *release)
{
	cut_pieces(slot, start, end);
	if (slot->pieces != NULL)
		return;
	if (slot->range.flags == RT_SLOT_SHARED_FILE) {
		*release = (struct twz_rt_object){
			.id = slot->id,
			.start = (uint8_t *)slot->range.start,
			.rights = slot->range.rights,
		};
	} else {
		twz_sys_view_unmap(0, 0, slot->range.start >> TWZ_SLOT_SHIFT);
		twz_sys_object_delete(slot->id.hi, slot->id.lo);
	}
	rt_slot_forget(slot);
}

/*
 * Unmaps what the runtime had mapped in a range; addresses that are nobody's are passed over. With
 * rt_range_lock held; lets go of it while a file's object is released.
 */
static twz_result unmap_locked(uint64_t start, uint64_t length)
{
	uint64_t end = start + length;
	while (start < end) {
		struct rt_slot *slot = (struct rt_slot *)rt_tree_above(&rt_slots, start);
		if (slot == NULL || slot->range.start >= end)
			return 0;
		twz_result result = rt_nodes_reserve(2 * RT_SET_NODES);
		if (result < 0)
			return result;
		if (start < slot->range.start)
			start = slot->range.start;
		uint64_t part_end = slot->range.start + TWZ_SLOT_SIZE;
		if (part_end > end)
			part_end = end;
		if (slot->range.flags != RT_SLOT_ARENA) {
			struct twz_rt_object release = {.start = NULL};
			unmap_shared(slot, start, part_end, &release);
			if (release.start != NULL) {
				rt_unlock(&rt_range_lock);
				twz_rt_object_release(&release);
				rt_lock(&rt_range_lock);
			}
			start = part_end;
			continue;
		}
		struct rt_range *used = rt_tree_above(&rt_used, start);
		if (used == NULL || used->start >= part_end) {
			start = part_end;
			continue;
		}
		if (used->start > start)
			start = used->start;
		uint64_t used_end = used->start + used->length;
		if (used_end < part_end)
			part_end = used_end;
		rt_arena_give(start, part_end - start);
		start = part_end;
	}
	return 0;
}

twz_result twz_rt_range_unmap(void *address, size_t length)
{
	uint64_t start = (uint64_t)address;
	twz_result result = good_range(start, &length);
	if (result < 0)
		return result;
	rt_lock(&rt_range_lock);
	result = unmap_locked(start, length);
	rt_unlock(&rt_range_lock);
	return result;
}

/* Takes the address space of an arena mapping, at a fixed place or anywhere. Lock held. */
static twz_result take(uint64_t hint, uint64_t length, uint32_t flags, uint64_t *start)
{
	twz_result result;
	if (flags & (TWZ_RANGE_FIXED | TWZ_RANGE_FIXED_NEW)) {
		if (!(flags & TWZ_RANGE_FIXED) && rt_set_touches(&rt_used, hint, length))
			return RT_ERROR(EXISTS);
		result = rt_arena_cover(hint, length);
		if (result >= 0)
			result = unmap_locked(hint, length);
		if (result < 0)
			return result;
	} else if (hint == 0 || hint % TWZ_PAGE_SIZE != 0 || !rt_user_range(hint, length) ||
		   !rt_set_covers(&rt_free, hint, length)) {
		return rt_arena_take(length, start);
	}
	result = rt_nodes_reserve(2 * RT_SET_NODES);
	if (result < 0)
		return result;
	if (!rt_set_covers(&rt_free, hint, length))
		return RT_ERROR(EXISTS); /* the reserve has taken a piece of it for the nodes */
	rt_set_cut(&rt_free, &rt_nodes, hint, length);
	rt_set_put(&rt_used, &rt_nodes, hint, length, 0, 0);
	*start = hint;
	return 0;
}

twz_result rt_map_arena(uint64_t hint, uint64_t length, uint32_t rights, uint32_t flags,
			uint64_t *start)
{
	rt_lock(&rt_range_lock);
	twz_result result = take(hint, length, flags, start);
	if (result >= 0) {
		result = rt_arena_protect(*start, length, rights);
		if (result < 0)
			unmap_locked(*start, length);
	}
	rt_unlock(&rt_range_lock);
	return result;
}

static twz_result map_shared_memory(uint64_t length, uint32_t rights, uint32_t flags,
				    uint64_t *start)
{
	if (flags & (TWZ_RANGE_FIXED | TWZ_RANGE_FIXED_NEW))
		return RT_ERROR(NOT_SUPPORTED);
	rt_lock(&rt_range_lock);
	twz_result result = rt_slot_shared_memory(length, rights, start);
	rt_unlock(&rt_range_lock);
	return result;
}

twz_result twz_rt_range_map(void *hint, size_t length, uint32_t rights, uint32_t flags, int fd,
			    uint64_t offset, void **out)
{
	uint64_t at = (uint64_t)hint, start = 0, size = length;
	bool fixed = flags & (TWZ_RANGE_FIXED | TWZ_RANGE_FIXED_NEW);
	twz_result result = good_range(fixed ? at : TWZ_PAGE_SIZE, &size);
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	if (result < 0)
		return !fixed && length > RT_USER_TOP / 2 ? RT_ERROR(OUT_OF_MEMORY) : result;
	if ((flags & ~KNOWN_FLAGS) || (rights & ~KNOWN_RIGHTS) || offset % TWZ_PAGE_SIZE != 0 ||
	    ((rights & TWZ_RIGHT_WRITE) && (rights & TWZ_RIGHT_EXEC)))
		return RT_ERROR(INVALID_ARGUMENT);
	if (rights & (TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC))
		rights |= TWZ_RIGHT_READ;

	if (fd < 0 && !(flags & TWZ_RANGE_SHARED))
		result = rt_map_arena(at, size, rights, flags, &start);
	else if (fd < 0)
		result = map_shared_memory(size, rights, flags, &start);
	else if (flags & TWZ_RANGE_SHARED)
		result = rt_map_shared_file(at, size, rights, flags, fd, offset, &start);
	else
		result = rt_map_private_file(at, size, rights, flags, fd, offset, &start);
	if (result < 0)
		return result;
	*out = (void *)start;
	return 0;
}

/* Memory that is not the allocator's: a private raw object (an image, the first stack). */
static twz_result protect_foreign(uint64_t start, uint64_t length, uint32_t rights)
{
	while (length != 0) {
		struct twz_map entry;
		uint64_t offset = start & RT_SLOT_MASK;
		uint64_t part = TWZ_SLOT_SIZE - offset < length ? TWZ_SLOT_SIZE - offset : length;
		twz_result result = twz_sys_view_entry(0, 0, start >> TWZ_SLOT_SHIFT, &entry);
		if (result < 0 || entry.slot != start >> TWZ_SLOT_SHIFT)
			return RT_ERROR(OUT_OF_MEMORY);
		result = twz_sys_object_protect(entry.object.hi, entry.object.lo, offset, part,
						rights);
		if (result < 0)
			return result;
		start += part;
		length -= part;
	}
	return 0;
}

twz_result twz_rt_range_protect(void *address, size_t length, uint32_t rights)
{
	uint64_t start = (uint64_t)address;
	if (length == 0 && start % TWZ_PAGE_SIZE == 0)
		return 0;
	twz_result result = good_range(start, &length);
	if (result < 0)
		return result;
	if ((rights & ~KNOWN_RIGHTS) || ((rights & TWZ_RIGHT_WRITE) && (rights & TWZ_RIGHT_EXEC)))
		return RT_ERROR(INVALID_ARGUMENT);
	if (rights & (TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC))
		rights |= TWZ_RIGHT_READ;

	rt_lock(&rt_range_lock);
	struct rt_slot *slot = rt_slot_at(start);
	if (slot == NULL)
		result = protect_foreign(start, length, rights);
	else if (slot->range.flags != RT_SLOT_ARENA)
		/* On a shared object rights are per view and slot: what it has is what it keeps. */
		result = (rights & ~slot->range.rights) ? RT_ERROR(ACCESS_DENIED) : 0;
	else if (!rt_set_covers(&rt_used, start, length))
		result = RT_ERROR(OUT_OF_MEMORY);
	else
		result = rt_arena_protect(start, length, rights);
	rt_unlock(&rt_range_lock);
	return result;
}

/* The rights of a slot that is not the allocator's; 0 with nothing there. */
static twz_result query_foreign(uint64_t address, uint32_t *rights)
{
	struct twz_map entry;
	twz_result result = twz_sys_view_entry(0, 0, address >> TWZ_SLOT_SHIFT, &entry);
	if (result < 0 || entry.slot != address >> TWZ_SLOT_SHIFT)
		return RT_ERROR(OUT_OF_MEMORY);
	*rights &= entry.rights;
	return 0;
}

/* The part of [start, end) that has one answer: its end, and its rights taken off *rights. */
static twz_result query_part(uint64_t start, uint64_t *end, uint32_t *rights)
{
	const struct rt_slot *slot = rt_slot_at(start);
	uint64_t slot_end = (start | RT_SLOT_MASK) + 1;
	if (*end > slot_end)
		*end = slot_end;
	if (slot == NULL)
		return query_foreign(start, rights);
	const struct rt_range *part = NULL;
	if (slot->range.flags == RT_SLOT_ARENA) {
		part = rt_tree_at(&rt_used, start);
	} else {
		for (const struct rt_range *piece = slot->pieces; piece != NULL;
		     piece = piece->left) {
			if (start >= piece->start && start < piece->start + piece->length)
				part = piece;
		}
	}
	if (part == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	if (*end > part->start + part->length)
		*end = part->start + part->length;
	*rights &= slot->range.flags == RT_SLOT_ARENA ? part->rights : slot->range.rights;
	return 0;
}

twz_result twz_rt_range_query(const void *address, size_t length)
{
	uint64_t start = (uint64_t)address;
	uint32_t rights = KNOWN_RIGHTS;
	twz_result result = good_range(start, &length);
	if (result < 0)
		return result;
	uint64_t end = start + length;
	rt_lock(&rt_range_lock);
	while (start < end && result >= 0) {
		uint64_t part_end = end;
		result = query_part(start, &part_end, &rights);
		start = part_end;
	}
	rt_unlock(&rt_range_lock);
	return result < 0 ? result : (twz_result)rights;
}

static twz_result discard_part(struct rt_slot *slot, uint64_t offset, uint64_t length,
			       uint64_t argument)
{
	(void)argument;
	if (slot->range.flags == RT_SLOT_SHARED_FILE)
		return RT_ERROR(INVALID_ARGUMENT);
	return twz_sys_object_discard(slot->id.hi, slot->id.lo, offset, length);
}

/*
 * Checks a range and takes rt_range_lock: *slot is the record of where it begins, NULL when that is
 * not the runtime's. On an error the lock is not held.
 */
static twz_result lock_range(uint64_t start, size_t *length, struct rt_slot **slot)
{
	twz_result result = good_range(start, length);
	if (result < 0)
		return result;
	rt_lock(&rt_range_lock);
	*slot = rt_slot_at(start);
	return 0;
}

twz_result twz_rt_range_discard(void *address, size_t length)
{
	uint64_t start = (uint64_t)address;
	struct rt_slot *slot;
	twz_result result = lock_range(start, &length, &slot);
	if (result < 0)
		return result;
	if (slot == NULL ||
	    (slot->range.flags == RT_SLOT_ARENA && !rt_set_covers(&rt_used, start, length)))
		result = RT_ERROR(OUT_OF_MEMORY);
	else
		result = rt_each_part(start, length, discard_part, 0);
	rt_unlock(&rt_range_lock);
	return result;
}

twz_result twz_rt_range_sync(void *address, size_t length)
{
	uint64_t start = (uint64_t)address;
	struct rt_slot *slot;
	twz_result result = lock_range(start, &length, &slot);
	if (result < 0)
		return result;
	struct twz_id id = slot != NULL ? slot->id : TWZ_ID_NONE;
	bool durable = slot != NULL && slot->persistent;
	if (slot == NULL || start + length > slot->range.start + TWZ_SLOT_SIZE)
		result = RT_ERROR(OUT_OF_MEMORY);
	rt_unlock(&rt_range_lock);
	if (result < 0 || !durable)
		return result;
	return twz_sys_object_sync(id.hi, id.lo, start & RT_SLOT_MASK, length);
}
