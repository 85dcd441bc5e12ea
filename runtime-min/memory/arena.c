/* SPDX-License-Identifier: BSD-2-Clause */
/* Arenas: raw objects that anonymous memory is cut from, and their slots. */
#include "memory/arena.h"

/* Above what programs, stacks and mapped objects usually take, so that runs of slots stay free. */
#define FIRST_SLOT 4096ull

#define NODE_CHUNK 16384

#define MAP_RIGHTS (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC)

struct rt_lock rt_range_lock;
struct rt_tree rt_free, rt_used, rt_slots;
struct rt_pool rt_nodes;

static struct rt_slot first_nodes[64];
static bool started;

static uint64_t slot_next = FIRST_SLOT;

struct rt_slot *rt_slot_at(uint64_t address)
{
	return (struct rt_slot *)rt_tree_at(&rt_slots, address);
}

twz_result rt_each_part(uint64_t start, uint64_t length, rt_part_visit visit, uint64_t argument)
{
	while (length != 0) {
		struct rt_slot *slot = rt_slot_at(start);
		if (slot == NULL)
			return RT_ERROR(BAD_ADDRESS);
		uint64_t offset = start & RT_SLOT_MASK;
		uint64_t part = TWZ_SLOT_SIZE - offset < length ? TWZ_SLOT_SIZE - offset : length;
		twz_result result = visit(slot, offset, part, argument);
		if (result < 0)
			return result;
		start += part;
		length -= part;
	}
	return 0;
}

/* The first run of `count` slots from `from` on that show nothing. */
static twz_result find_slots(uint64_t from, uint64_t count, uint64_t *out)
{
	while (count <= TWZ_SLOT_COUNT && from <= TWZ_SLOT_COUNT - count) {
		struct twz_map entry;
		twz_result result = twz_sys_view_entry(0, 0, from, &entry);
		if (result == RT_ERROR(NOT_FOUND) ||
		    (result >= 0 && entry.slot >= from && entry.slot - from >= count)) {
			*out = from;
			return 0;
		}
		if (result < 0)
			return result;
		if (entry.slot < from)
			return RT_ERROR(CORRUPT);
		from = entry.slot + 1;
	}
	return RT_ERROR(OUT_OF_MEMORY);
}

/* A new raw object at a slot that shows nothing; its record. */
static twz_result add_slot(uint64_t number, enum rt_slot_kind kind, uint32_t rights,
			   struct rt_slot **out)
{
	/* A program's own memory ends with it; shared memory with the last map after its deletion.
	 */
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = rt_self_view()};
	struct twz_map map = {
		.slot = number,
		.rights = rights,
		.inherit = kind == RT_SLOT_ARENA ? TWZ_INHERIT_PRIVATE : TWZ_INHERIT_SHARED,
	};
	twz_result result = twz_sys_object_create(&spec, &map.object);
	if (result < 0)
		return result;
	result = twz_sys_view_map(&map);
	if (result < 0) {
		twz_sys_object_delete(map.object.hi, map.object.lo);
		return result;
	}
	struct rt_slot *slot = (struct rt_slot *)rt_pool_take(&rt_nodes, sizeof(struct rt_slot));
	slot->range.start = number << TWZ_SLOT_SHIFT;
	slot->range.length = TWZ_SLOT_SIZE;
	slot->range.flags = kind;
	slot->range.rights = rights;
	slot->id = map.object;
	rt_tree_insert(&rt_slots, &slot->range);
	*out = slot;
	return 0;
}

static void drop_slot(struct rt_slot *slot)
{
	twz_sys_view_unmap(0, 0, slot->range.start >> TWZ_SLOT_SHIFT);
	twz_sys_object_delete(slot->id.hi, slot->id.lo);
	rt_slot_forget(slot);
}

/* `count` new objects in consecutive slots, all or none. */
static twz_result add_run(uint64_t count, enum rt_slot_kind kind, uint32_t rights, uint64_t *start)
{
	uint64_t from = slot_next;
	twz_result result = rt_nodes_reserve(count + 2 * RT_SET_NODES);
	if (result < 0)
		return result;
	for (;;) {
		uint64_t first, made;
		result = find_slots(from, count, &first);
		if (result == RT_ERROR(OUT_OF_MEMORY) && from > FIRST_SLOT) {
			from = FIRST_SLOT;
			continue;
		}
		if (result < 0)
			return result;
		for (made = 0; made < count; made++) {
			struct rt_slot *slot;
			result = add_slot(first + made, kind, rights, &slot);
			if (result < 0)
				break;
		}
		if (made == count) {
			*start = first << TWZ_SLOT_SHIFT;
			slot_next = first + count;
			return 0;
		}
		while (made-- > 0)
			drop_slot(rt_slot_at((first + made) << TWZ_SLOT_SHIFT));
		/* Another thread mapped an object there since find_slots looked. */
		if (result != RT_ERROR(EXISTS) && result != RT_ERROR(BUSY))
			return result;
		from = first + 1;
	}
}

twz_result rt_nodes_reserve(size_t nodes)
{
	if (!started) {
		started = true;
		rt_pool_add(&rt_nodes, first_nodes, sizeof(first_nodes), sizeof(first_nodes[0]));
	}
	while (rt_nodes.count < nodes + 4 * RT_SET_NODES) {
		struct rt_range *fit = rt_tree_first_fit(&rt_free, NODE_CHUNK);
		if (fit == NULL) {
			/* add_slot takes one node and putting the range two more: what is kept
			 * back. */
			uint64_t start, first;
			struct rt_slot *slot;
			if (rt_nodes.count < 1 + RT_SET_NODES)
				return RT_ERROR(OUT_OF_MEMORY);
			twz_result result = find_slots(slot_next, 1, &first);
			if (result >= 0)
				result = add_slot(first, RT_SLOT_ARENA, MAP_RIGHTS, &slot);
			if (result < 0)
				return result;
			slot_next = first + 1;
			start = first << TWZ_SLOT_SHIFT;
			rt_set_put(&rt_free, &rt_nodes, start, TWZ_SLOT_SIZE, 0, 0);
			continue;
		}
		uint64_t start = fit->start;
		struct rt_slot *slot = rt_slot_at(start);
		rt_set_cut(&rt_free, &rt_nodes, start, NODE_CHUNK);
		rt_set_put(&rt_used, &rt_nodes, start, NODE_CHUNK, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE,
			   0);
		uint64_t offset = start & RT_SLOT_MASK;
		if (offset < slot->high_water)
			twz_sys_object_protect(slot->id.hi, slot->id.lo, offset, NODE_CHUNK,
					       TWZ_RIGHT_READ | TWZ_RIGHT_WRITE);
		rt_pool_add(&rt_nodes, (void *)start, NODE_CHUNK, sizeof(struct rt_slot));
	}
	return 0;
}

twz_result rt_arena_take(uint64_t length, uint64_t *start)
{
	twz_result result = rt_nodes_reserve(2 * RT_SET_NODES);
	if (result < 0)
		return result;
	struct rt_range *fit = rt_tree_first_fit(&rt_free, length);
	if (fit == NULL) {
		uint64_t slots = (length + RT_SLOT_MASK) >> TWZ_SLOT_SHIFT;
		uint64_t at;
		result = add_run(slots, RT_SLOT_ARENA, MAP_RIGHTS, &at);
		if (result < 0)
			return result;
		rt_set_put(&rt_free, &rt_nodes, at, slots << TWZ_SLOT_SHIFT, 0, 0);
		fit = rt_tree_first_fit(&rt_free, length);
		result = rt_nodes_reserve(2 * RT_SET_NODES);
		if (result < 0)
			return result;
		fit = rt_tree_first_fit(&rt_free, length);
	}
	*start = fit->start;
	rt_set_cut(&rt_free, &rt_nodes, *start, length);
	rt_set_put(&rt_used, &rt_nodes, *start, length, 0, 0);
	return 0;
}

twz_result rt_arena_cover(uint64_t start, uint64_t length)
{
	uint64_t end = start + length;
	for (uint64_t at = start & ~RT_SLOT_MASK; at < end; at += TWZ_SLOT_SIZE) {
		struct rt_slot *slot = rt_slot_at(at);
		if (slot != NULL && slot->range.flags == RT_SLOT_ARENA)
			continue;
		if (slot != NULL)
			return RT_ERROR(EXISTS);
		twz_result result = rt_nodes_reserve(2 + 2 * RT_SET_NODES);
		if (result >= 0)
			result = add_slot(at >> TWZ_SLOT_SHIFT, RT_SLOT_ARENA, MAP_RIGHTS, &slot);
		if (result < 0)
			return result == RT_ERROR(BUSY) ? RT_ERROR(EXISTS) : result;
		rt_set_put(&rt_free, &rt_nodes, at, TWZ_SLOT_SIZE, 0, 0);
	}
	return 0;
}

static twz_result protect_part(struct rt_slot *slot, uint64_t offset, uint64_t length,
			       uint64_t rights)
{
	/* Pages that were never given out have just these rights. */
	if (slot->range.flags == RT_SLOT_ARENA && offset >= slot->high_water &&
	    rights == (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE))
		return 0;
	if (slot->range.flags == RT_SLOT_ARENA && offset + length > slot->high_water)
		slot->high_water = offset + length;
	return twz_sys_object_protect(slot->id.hi, slot->id.lo, offset, length, (uint32_t)rights);
}

twz_result rt_arena_protect(uint64_t start, uint64_t length, uint32_t rights)
{
	twz_result result = rt_nodes_reserve(RT_SET_NODES);
	if (result >= 0)
		result = rt_each_part(start, length, protect_part, rights);
	if (result >= 0)
		rt_set_put(&rt_used, &rt_nodes, start, length, rights, 0);
	return result;
}

static twz_result close_part(struct rt_slot *slot, uint64_t offset, uint64_t length,
			     uint64_t argument)
{
	(void)argument;
	if (offset + length > slot->high_water)
		slot->high_water = offset + length;
	twz_sys_object_discard(slot->id.hi, slot->id.lo, offset, length);
	/* A stale pointer faults instead of reading the next owner's bytes. */
	twz_sys_object_protect(slot->id.hi, slot->id.lo, offset, length, 0);
	return 0;
}

void rt_arena_give(uint64_t start, uint64_t length)
{
	rt_each_part(start, length, close_part, 0);
	rt_set_cut(&rt_used, &rt_nodes, start, length);
	rt_set_put(&rt_free, &rt_nodes, start, length, 0, 0);
}

twz_result rt_slot_shared_memory(uint64_t length, uint32_t rights, uint64_t *start)
{
	uint64_t slots = (length + RT_SLOT_MASK) >> TWZ_SLOT_SHIFT;
	twz_result result = rt_nodes_reserve(slots);
	if (result >= 0)
		result = add_run(slots, RT_SLOT_SHARED_MEMORY, rights, start);
	if (result < 0)
		return result;
	for (uint64_t at = 0; at < length; at += TWZ_SLOT_SIZE) {
		struct rt_slot *slot = rt_slot_at(*start + at);
		struct rt_range *piece = rt_pool_take(&rt_nodes, sizeof(struct rt_slot));
		piece->start = *start + at;
		piece->length = length - at < TWZ_SLOT_SIZE ? length - at : TWZ_SLOT_SIZE;
		piece->left = NULL;
		slot->pieces = piece;
	}
	return 0;
}

twz_result rt_slot_shared_file(uint64_t slot_start, struct twz_id id, uint32_t rights,
			       bool persistent, struct rt_slot **out)
{
	struct rt_slot *slot = rt_slot_at(slot_start);
	if (slot == NULL) {
		slot = (struct rt_slot *)rt_pool_take(&rt_nodes, sizeof(struct rt_slot));
		slot->range.start = slot_start;
		slot->range.length = TWZ_SLOT_SIZE;
		slot->range.flags = RT_SLOT_SHARED_FILE;
		slot->range.rights = rights;
		slot->id = id;
		slot->persistent = persistent;
		rt_tree_insert(&rt_slots, &slot->range);
	} else if (!twz_id_equal(slot->id, id)) {
		return RT_ERROR(CORRUPT);
	}
	*out = slot;
	return 0;
}

void rt_slot_forget(struct rt_slot *slot)
{
	rt_tree_remove(&rt_slots, &slot->range);
	rt_pool_give(&rt_nodes, &slot->range);
}
