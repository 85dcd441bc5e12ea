/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A clone's own copies of private objects, by the ids of their sources: a table that doubles. It is
 * filled as the clone is made and stands still from then on, until nobody runs there any more.
 */
#include <heap.h>
#include <object.h>
#include "internal.h"

#define FIRST_BUCKETS 16u

static struct view_copy **bucket_of(struct view_copy **buckets, uint32_t count, struct twz_id id)
{
	return &buckets[((id.hi ^ id.lo) * 0x9e3779b97f4a7c15ull >> 32) & (count - 1)];
}

static bool grow(struct view *view)
{
	uint32_t count = view->copy_buckets ? view->copy_buckets * 2 : FIRST_BUCKETS;
	struct view_copy **bigger = kernel_alloc_array(count, sizeof(*bigger));

	/* without memory the chains just get longer */
	if (!bigger)
		return view->copies != NULL;
	for (uint32_t i = 0; i < view->copy_buckets; i++) {
		while (view->copies[i]) {
			struct view_copy *moved = view->copies[i];
			struct view_copy **to = bucket_of(bigger, count, moved->id);

			view->copies[i] = moved->next;
			moved->next = *to;
			*to = moved;
		}
	}
	kernel_free(view->copies);
	view->copies = bigger;
	view->copy_buckets = count;
	return true;
}

bool view_add_copy(struct view *view, struct twz_id id, struct object *copy)
{
	struct view_copy *entry = kernel_alloc(sizeof(*entry)), **bucket;

	if (!entry || (view->copy_count >= view->copy_buckets && !grow(view))) {
		kernel_free(entry);
		return false;
	}
	bucket = bucket_of(view->copies, view->copy_buckets, id);
	*entry = (struct view_copy){id, NULL, *bucket};
	*bucket = entry;
	object_place(copy, &entry->copy);
	view->copy_count++;
	return true;
}

static struct view_copy *find(const struct view *view, struct twz_id id)
{
	struct view_copy *entry =
		view->copies ? *bucket_of(view->copies, view->copy_buckets, id) : NULL;

	while (entry && !twz_id_equal(entry->id, id))
		entry = entry->next;
	return entry;
}

struct object *view_find_copy(const struct view *view, struct twz_id id)
{
	struct view_copy *entry = find(view, id);

	return entry ? entry->copy : NULL;
}

struct object *object_find_in(struct view *view, struct twz_id id)
{
	struct object *object = NULL;
	struct view_copy *entry;
	uint64_t flags;

	if (!view->copies)
		return object_find(id);
	flags = spin_lock(&view->lock);
	entry = find(view, id);
	if (entry)
		object = object_placed(&entry->copy);
	spin_unlock(&view->lock, flags);
	/* a copy that was deleted is no name for the source: that is another program's */
	return entry ? object : object_find(id);
}

void view_drop_copies(struct view *view)
{
	struct view_copy **buckets = view->copies;
	uint32_t count = view->copy_buckets;
	uint64_t flags = spin_lock(&view->lock);

	view->copies = NULL;
	view->copy_buckets = view->copy_count = 0;
	spin_unlock(&view->lock, flags);
	for (uint32_t i = 0; i < count; i++) {
		while (buckets[i]) {
			struct view_copy *entry = buckets[i];
			struct object *copy = object_placed(&entry->copy);

			/* the end of its owner may delete it meanwhile: whoever is first */
			if (copy) {
				object_delete(copy);
				object_put(copy);
			}
			buckets[i] = entry->next;
			kernel_free(entry);
		}
	}
	kernel_free(buckets);
}
