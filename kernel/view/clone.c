/* SPDX-License-Identifier: BSD-2-Clause */
/* Cloning a view: fork and the handlers' snapshots. */
#include <object.h>
#include "internal.h"

/* The clone's copy of a private object: made at its first map, found at its others. */
static twz_result copy_for(struct view *clone, struct object *source, struct object **out)
{
	twz_result result;

	for (struct view_copy *copy = clone->copies; copy; copy = copy->next) {
		if (twz_id_equal(copy->id, source->shown_id)) {
			*out = copy->copy;
			return TWZ_OK;
		}
	}
	result = object_clone(source, out);
	if (result < 0)
		return result;
	if (!view_add_copy(clone, source->shown_id, *out)) {
		object_put(*out);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	return TWZ_OK;
}

/* The source view's lock is held. */
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

static twz_result clone_once(struct view *source, struct view **out)
{
	struct view *clone;
	twz_result result = view_make(&clone);
	uint64_t flags;

	if (result < 0)
		return result;
	flags = spin_lock(&source->lock);
	clone->upcall_entry = source->upcall_entry;
	clone->takes = source->takes;
	for (unsigned t = 0; t < VIEW_TABLES && result >= 0; t++) {
		struct mapping **table = source->tables[t];

		for (unsigned i = 0; table && i < SLOTS_PER_TABLE && result >= 0; i++) {
			if (table[i])
				result = clone_mapping(clone, table[i]);
		}
	}
	spin_unlock(&source->lock, flags);
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

	/* locks are held all through it, so memory can only be reclaimed in between */
	if (result == -TWZ_ERR_OUT_OF_MEMORY && memory_reclaim())
		result = clone_once(source, out);
	return result;
}
