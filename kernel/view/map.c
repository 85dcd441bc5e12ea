/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping objects at slots: one page-directory-pointer entry each. */
#include <heap.h>
#include <object.h>
#include <platform.h>
#include <tlb.h>
#include "../object/page_map.h"
#include "internal.h"

uint64_t mapping_entry(const struct mapping *map)
{
	uint64_t entry;

	if (!map->object->directory)
		return 0;
	entry = platform->frame_to_entry(map->object->directory) | PTE_PRESENT | PTE_ACCESSED |
		platform->pte_user;
	if (map->rights & TWZ_RIGHT_WRITE)
		entry |= PTE_WRITE;
	if (!(map->rights & TWZ_RIGHT_EXEC))
		entry |= PTE_NX;
	return entry;
}

struct mapping *view_lookup(const struct view *view, uint64_t slot)
{
	struct mapping **table =
		slot < TWZ_SLOT_COUNT ? view->tables[slot / SLOTS_PER_TABLE] : NULL;

	return table ? table[slot % SLOTS_PER_TABLE] : NULL;
}

struct mapping *view_next_mapping(const struct view *view, uint64_t slot)
{
	while (slot < TWZ_SLOT_COUNT) {
		struct mapping *map = view_lookup(view, slot);

		if (map)
			return map;
		slot = view->tables[slot / SLOTS_PER_TABLE]
			       ? slot + 1
			       : (slot / SLOTS_PER_TABLE + 1) * SLOTS_PER_TABLE;
	}
	return NULL;
}

/* The tables for a slot: ours, and the page-directory-pointer table. */
static bool make_tables(struct view *view, uint64_t slot)
{
	volatile uint64_t *top =
		(volatile uint64_t *)phys_to_virt(view->root) + slot / SLOTS_PER_TABLE;
	struct mapping ***table = &view->tables[slot / SLOTS_PER_TABLE];
	physical_address pointers;

	if (!*table)
		*table = kernel_alloc_array(SLOTS_PER_TABLE, sizeof(**table));
	if (!*table)
		return false;
	if (*top & PTE_PRESENT)
		return true;
	pointers = platform->table_alloc();
	if (!pointers)
		return false;
	platform->pte_write(top, platform->frame_to_entry(pointers) | PTE_PRESENT | PTE_WRITE |
					 PTE_ACCESSED | platform->pte_user);
	return true;
}

/* Page-level rights bind an object to one view: another one cannot map it. Its lock is held. */
static bool bound_elsewhere(const struct object *object, const struct view *view)
{
	return object->page_rights && !list_empty(&object->maps) &&
	       LIST_ENTRY(object->maps.next, struct mapping, object_node)->view != view;
}

/* Enter an object at a free slot whose tables are there; false: it is bound to another view. */
static bool enter(struct view *view, struct mapping *map, struct object *object, uint64_t slot,
		  uint32_t rights, uint32_t inherit)
{
	uint64_t top, flags;

	top = ((uint64_t *)phys_to_virt(view->root))[slot / SLOTS_PER_TABLE];
	map->view = view;
	map->object = object;
	map->slot = slot;
	map->rights = rights;
	map->inherit = inherit;
	map->entry = (volatile uint64_t *)phys_to_virt(platform->entry_to_frame(top & PTE_FRAME)) +
		     slot % SLOTS_PER_TABLE;
	flags = spin_lock(&object->lock);
	if (bound_elsewhere(object, view)) {
		spin_unlock(&object->lock, flags);
		return false;
	}
	object_get(object);
	view->tables[slot / SLOTS_PER_TABLE][slot % SLOTS_PER_TABLE] = map;
	list_append(&object->maps, &map->object_node);
	object->map_count++;
	platform->pte_write(map->entry, mapping_entry(map));
	spin_unlock(&object->lock, flags);
	return true;
}

twz_result view_insert(struct view *view, struct object *object, uint64_t slot, uint32_t rights,
		       uint32_t inherit)
{
	struct mapping *map = kernel_alloc(sizeof(*map));

	if (!map || !make_tables(view, slot)) {
		kernel_free(map);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	if (!enter(view, map, object, slot, rights, inherit)) {
		kernel_free(map);
		return -TWZ_ERR_BUSY;
	}
	return TWZ_OK;
}

void view_take_out(struct view *view, struct mapping *map, bool flush)
{
	struct object *object = map->object;
	uint64_t flags = spin_lock(&object->lock);

	view->tables[map->slot / SLOTS_PER_TABLE][map->slot % SLOTS_PER_TABLE] = NULL;
	if (map->slot < view->free_from)
		view->free_from = map->slot;
	platform->pte_write(map->entry, 0);
	list_remove(&map->object_node);
	object->map_count--;
	if (flush)
		tlb_flush_slot(view, map->slot, object);
	spin_unlock(&object->lock, flags);
}

static bool can_enter(struct view *view, struct object *object)
{
	uint64_t flags = spin_lock(&object->lock);
	bool can = !bound_elsewhere(object, view);

	spin_unlock(&object->lock, flags);
	return can;
}

/*
 * Put an object in another's place. The entry's memory is used again, so that only one thing can
 * fail half-way: that a third view binds the object at this moment; then the slot stays empty. The
 * old object's reference goes to *left.
 */
static twz_result replace(struct view *view, struct mapping *map, struct object *object,
			  uint32_t rights, uint32_t inherit, struct object **left)
{
	if (!can_enter(view, object))
		return -TWZ_ERR_BUSY;
	*left = map->object;
	view_take_out(view, map, true);
	if (enter(view, map, object, map->slot, rights, inherit))
		return TWZ_OK;
	kernel_free(map);
	return -TWZ_ERR_BUSY;
}

/* The lowest free slot, without a look at those that are known to be taken. */
static uint64_t free_slot(struct view *view)
{
	uint64_t slot = view->free_from;

	if (slot < SLOTS_PER_TABLE) /* the first table's, with the null page, only on demand */
		slot = SLOTS_PER_TABLE;
	while (slot < TWZ_SLOT_COUNT && view_lookup(view, slot))
		slot++;
	view->free_from = slot;
	return slot < TWZ_SLOT_COUNT ? slot : TWZ_SLOT_ANY;
}

static twz_result map_once(struct view *view, struct object *object, uint64_t slot, uint32_t rights,
			   uint32_t inherit, uint32_t flags)
{
	uint64_t state = spin_lock(&view->lock);
	struct mapping *old = NULL;
	struct object *left = NULL;
	twz_result result = TWZ_OK;

	if (slot == TWZ_SLOT_ANY)
		slot = free_slot(view);
	if (view->exiting || slot >= TWZ_SLOT_COUNT) {
		spin_unlock(&view->lock, state);
		return view->exiting ? -TWZ_ERR_NO_SUCH_THREAD : -TWZ_ERR_TOO_MANY;
	}
	old = view_lookup(view, slot);
	if (old && !(flags & TWZ_MAP_REPLACE)) {
		spin_unlock(&view->lock, state);
		return -TWZ_ERR_BUSY;
	}
	if (old)
		result = replace(view, old, object, rights, inherit, &left);
	else
		result = view_insert(view, object, slot, rights, inherit);
	spin_unlock(&view->lock, state);
	if (left)
		object_put(left);
	return result < 0 ? result : (twz_result)slot;
}

twz_result view_map_object(struct view *view, struct object *object, uint64_t slot, uint32_t rights,
			   uint32_t inherit, uint32_t flags)
{
	twz_result result = map_once(view, object, slot, rights, inherit, flags);

	/* the view's lock is held all through it, so memory can only be reclaimed in between */
	if (result == -TWZ_ERR_OUT_OF_MEMORY && memory_reclaim())
		result = map_once(view, object, slot, rights, inherit, flags);
	return result;
}

twz_result view_unmap_slot(struct view *view, uint64_t slot)
{
	uint64_t state = spin_lock(&view->lock);
	struct mapping *map = view->exiting ? NULL : view_lookup(view, slot);

	if (map)
		view_take_out(view, map, true);
	spin_unlock(&view->lock, state);
	if (!map)
		return -TWZ_ERR_NOT_FOUND;
	object_put(map->object);
	kernel_free(map);
	return TWZ_OK;
}

struct object *view_object_at(struct view *view, uint64_t address, uint64_t *offset,
			      uint32_t *rights)
{
	uint64_t flags = spin_lock(&view->lock);
	struct mapping *map = view_lookup(view, address >> TWZ_SLOT_SHIFT);
	struct object *object = map ? map->object : NULL;

	if (object) {
		object_get(object);
		*offset = address & (TWZ_SLOT_SIZE - 1);
		*rights = map->rights;
	}
	spin_unlock(&view->lock, flags);
	return object;
}

void view_clear(struct view *view)
{
	for (unsigned t = 0; t < VIEW_TABLES; t++) {
		struct mapping **table = view->tables[t];
		uint64_t top = view->root ? ((uint64_t *)phys_to_virt(view->root))[t] : 0;

		for (unsigned i = 0; table && i < SLOTS_PER_TABLE; i++) {
			struct mapping *map = table[i];

			if (!map)
				continue;
			view_take_out(view, map, false);
			object_put(map->object);
			kernel_free(map);
		}
		kernel_free(table);
		view->tables[t] = NULL;
		if (top & PTE_PRESENT) {
			platform->pte_write((uint64_t *)phys_to_virt(view->root) + t, 0);
			platform->table_free(platform->entry_to_frame(top & PTE_FRAME));
		}
	}
	view_drop_copies(view);
}
