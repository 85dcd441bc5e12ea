/* SPDX-License-Identifier: BSD-2-Clause */
/* Cloning a view: fork and the handlers' snapshots. */
#include <object.h>
#include <thread.h>
#include "internal.h"

/* The clone's copy of a private object: made at its first map, found at its others. */
static twz_result copy_for(struct view *clone, struct object *source, struct object **out)
{
	twz_result result;

	*out = view_find_copy(clone, source->shown_id);
	if (*out)
		return TWZ_OK;
	result = object_clone(source, out);
	if (result < 0)
		return result;
	if (!view_add_copy(clone, source->shown_id, *out)) {
		object_put(*out);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	return TWZ_OK;
}

/* `map` is the source's, as it was, and `object` referenced. */
static twz_result clone_mapping(struct view *clone, const struct mapping *map)
{
	struct object *object = map->object;
	twz_result result;

	if (map->inherit == TWZ_INHERIT_NONE)
		return TWZ_OK;
	/* pages of an object with a pager belong to the pager: such objects stay shared */
	if (map->inherit == TWZ_INHERIT_PRIVATE && !object->pager) {
		result = copy_for(clone, object, &object);
		if (result < 0)
			return result;
	}
	return view_insert(clone, object, map->slot, map->rights, map->inherit);
}

/* The first mapping from *slot on, as it is now, with a reference to its object; false: none. */
static bool next_mapping(struct view *source, uint64_t slot, struct mapping *out)
{
	uint64_t flags = spin_lock(&source->lock);
	const struct mapping *map = view_next_mapping(source, slot);

	if (map) {
		*out = *map;
		object_get(out->object);
	}
	spin_unlock(&source->lock, flags);
	return map != NULL;
}

/*
 * One object after the other, so that no lock is held over more than one of them: threads that map
 * and unmap meanwhile are not waited for, as those that write are not.
 */
static twz_result clone_once(struct view *source, struct view **out)
{
	struct mapping map = {.slot = 0};
	struct view *clone;
	twz_result result = view_make(&clone);

	if (result < 0)
		return result;
	clone->upcall_entry = source->upcall_entry;
	clone->takes = source->takes;
	for (uint64_t slot = 0; result >= 0 && next_mapping(source, slot, &map);
	     slot = map.slot + 1) {
		result = clone_mapping(clone, &map);
		object_put(map.object);
		thread_breathe();
	}
	if (result < 0) {
		view_abandon(clone);
		return result;
	}
	*out = clone;
	return TWZ_OK;
}

twz_result view_make_clone(struct view *source, struct view **out)
{
	twz_result result = clone_once(source, out);

	/* an object is cloned under its lock, so memory can only be reclaimed in between */
	if (result == -TWZ_ERR_OUT_OF_MEMORY && memory_reclaim())
		result = clone_once(source, out);
	return result;
}
