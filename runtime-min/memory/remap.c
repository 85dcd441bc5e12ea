/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing, shrinking and moving an anonymous range. */
#include "memory/arena.h"

/* Moves page-table entries, a part within one slot on either side at a time. */
static twz_result move_pages(uint64_t from, uint64_t to, uint64_t length)
{
	while (length != 0) {
		struct rt_slot *source = rt_slot_at(from), *target = rt_slot_at(to);
		uint64_t part = TWZ_SLOT_SIZE - (from & RT_SLOT_MASK);
		if (TWZ_SLOT_SIZE - (to & RT_SLOT_MASK) < part)
			part = TWZ_SLOT_SIZE - (to & RT_SLOT_MASK);
		if (length < part)
			part = length;
		struct twz_copy_range range = {
			.destination = target->id,
			.destination_offset = to & RT_SLOT_MASK,
			.source = source->id,
			.source_offset = from & RT_SLOT_MASK,
			.length = part,
		};
		twz_result result = twz_sys_object_move_range(&range);
		if (result < 0)
			return result;
		from += part;
		to += part;
		length -= part;
	}
	return 0;
}

/* Gives the new place the old one's rights, stretch by stretch; what is new gets the last one's. */
static twz_result copy_rights(uint64_t from, uint64_t old_length, uint64_t to, uint64_t new_length)
{
	uint64_t at = 0;
	uint32_t rights = 0;
	while (at < old_length) {
		const struct rt_range *used = rt_tree_at(&rt_used, from + at);
		uint64_t part = used->start + used->length - (from + at);
		if (part > old_length - at)
			part = old_length - at;
		rights = used->rights;
		twz_result result = rt_arena_protect(to + at, part, rights);
		if (result < 0)
			return result;
		at += part;
	}
	return at < new_length ? rt_arena_protect(to + at, new_length - at, rights) : 0;
}

static twz_result move(uint64_t start, uint64_t old_length, uint64_t new_length, uint64_t *out)
{
	uint64_t to;
	twz_result result = rt_arena_take(new_length, &to);
	if (result < 0)
		return result;
	result = rt_arena_protect(to, new_length, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE);
	if (result >= 0)
		result = rt_nodes_reserve(4 * RT_SET_NODES);
	if (result >= 0)
		result = move_pages(start, to, old_length);
	if (result >= 0)
		result = copy_rights(start, old_length, to, new_length);
	if (result < 0) {
		/* What was moved already goes back; the table pages for it are still there. */
		move_pages(to, start, old_length);
		rt_arena_give(to, new_length);
		return result;
	}
	rt_arena_give(start, old_length);
	*out = to;
	return 0;
}

static twz_result grow(uint64_t start, uint64_t old_length, uint64_t new_length, uint32_t flags,
		       uint64_t *out)
{
	uint64_t end = start + old_length, more = new_length - old_length;
	twz_result result = rt_nodes_reserve(4 * RT_SET_NODES);
	if (result < 0)
		return result;
	if (rt_user_range(end, more) && rt_set_covers(&rt_free, end, more)) {
		uint32_t rights = rt_tree_at(&rt_used, end - 1)->rights;
		rt_set_cut(&rt_free, &rt_nodes, end, more);
		rt_set_put(&rt_used, &rt_nodes, end, more, 0, 0);
		result = rt_arena_protect(end, more, rights);
		if (result < 0)
			rt_arena_give(end, more);
		else
			*out = start;
		return result;
	}
	return (flags & TWZ_REMAP_MAY_MOVE) ? move(start, old_length, new_length, out)
					    : RT_ERROR(OUT_OF_MEMORY);
}

twz_result twz_rt_range_remap(void *address, size_t old_length, size_t new_length, uint32_t flags,
			      void **out)
{
	uint64_t start = (uint64_t)address, at = start;
	twz_result result = 0;
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	if (start % TWZ_PAGE_SIZE != 0 || old_length == 0 || new_length == 0 ||
	    (flags & ~TWZ_REMAP_MAY_MOVE) || !rt_user_range(start, old_length))
		return RT_ERROR(INVALID_ARGUMENT);
	if (new_length > RT_USER_TOP)
		return RT_ERROR(OUT_OF_MEMORY);
	old_length = rt_round_up(old_length, TWZ_PAGE_SIZE);
	new_length = rt_round_up(new_length, TWZ_PAGE_SIZE);

	if (new_length < old_length) {
		result = twz_rt_range_unmap((void *)(start + new_length), old_length - new_length);
	} else {
		rt_lock(&rt_range_lock);
		struct rt_slot *slot = rt_slot_at(start);
		if (slot != NULL && slot->range.flags != RT_SLOT_ARENA)
			result = new_length == old_length ? 0 : RT_ERROR(NOT_SUPPORTED);
		else if (slot == NULL || !rt_set_covers(&rt_used, start, old_length))
			result = RT_ERROR(BAD_ADDRESS);
		else if (new_length > old_length)
			result = grow(start, old_length, new_length, flags, &at);
		rt_unlock(&rt_range_lock);
	}
	if (result >= 0)
		*out = (void *)at;
	return result < 0 ? result : 0;
}
