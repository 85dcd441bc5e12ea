/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects by id, and their lifetime. */
#include <heap.h>
#include <log.h>
#include <main.h>
#include <random.h>
#include <security.h>
#include <string.h>
#include <timer.h>
#include <view.h>
#include <twz/id.h>
#include "internal.h"
#include "page_map.h"

#define FIRST_BUCKETS 256

static struct spinlock table_lock = SPINLOCK_INIT(LOCK_TABLE);
static struct object **buckets;
static uint64_t bucket_count, table_entries;
static volatile uint64_t live_objects;

twz_result (*object_absent)(struct twz_id id);
twz_result (*object_make_persistent)(const struct twz_object_spec *spec, struct object **out);

void objects_init(void)
{
	buckets = kernel_alloc_array(FIRST_BUCKETS, sizeof(*buckets));
	if (!buckets)
		panic("out of memory for the object table");
	bucket_count = FIRST_BUCKETS;
	memory_reclaim = objects_reclaim;
}

static struct object **bucket_of(struct object **in, uint64_t count, struct twz_id id)
{
	/* ids are hashes themselves, or chosen by the image's maker: mix both halves */
	return &in[((id.hi ^ id.lo) * 0x9e3779b97f4a7c15ull >> 32) & (count - 1)];
}

/* Double the table when it is full; without memory the chains just get longer. Lock held. */
static void grow(void)
{
	uint64_t count = bucket_count * 2;
	struct object **bigger;

	if (table_entries < bucket_count)
		return;
	bigger = kernel_alloc_array(count, sizeof(*bigger));
	if (!bigger)
		return;
	for (uint64_t i = 0; i < bucket_count; i++) {
		while (buckets[i]) {
			struct object *object = buckets[i];
			struct object **to = bucket_of(bigger, count, object->id);

			buckets[i] = object->hash_next;
			object->hash_next = *to;
			*to = object;
		}
	}
	kernel_free(buckets);
	buckets = bigger;
	bucket_count = count;
}

/* Lock held. */
static struct object *lookup(struct twz_id id)
{
	struct object *object = *bucket_of(buckets, bucket_count, id);

	while (object && !twz_id_equal(object->id, id))
		object = object->hash_next;
	return object;
}

struct object *object_find(struct twz_id id)
{
	bool asked = false;

	for (;;) {
		uint64_t flags = spin_lock(&table_lock);
		struct object *object = lookup(id);

		if (object)
			object_get(object);
		spin_unlock(&table_lock, flags);
		if (object || asked || !object_absent || twz_id_is_none(id))
			return object;
		if (object_absent(id) < 0)
			return NULL;
		asked = true;
	}
}

bool objects_trim(void)
{
	bool any = false;

	for (uint64_t i = 0;; i++) {
		uint64_t flags = spin_lock(&table_lock), inner;

		if (i >= bucket_count) {
			spin_unlock(&table_lock, flags);
			return any;
		}
		for (struct object *object = buckets[i]; object; object = object->hash_next) {
			/* against the order of locks, so it is only tried: who has it is not idle
			 */
			if (!object->directory || !spin_try_lock(&object->lock, &inner))
				continue;
			any |= object_trim(object);
			spin_unlock(&object->lock, inner);
		}
		spin_unlock(&table_lock, flags);
	}
}

static twz_result table_add(struct object *object)
{
	uint64_t flags = spin_lock(&table_lock);
	struct object **bucket;

	if (lookup(object->id)) {
		spin_unlock(&table_lock, flags);
		return -TWZ_ERR_EXISTS;
	}
	grow();
	bucket = bucket_of(buckets, bucket_count, object->id);
	object->hash_next = *bucket;
	*bucket = object;
	table_entries++;
	object_get(object);
	spin_unlock(&table_lock, flags);
	return TWZ_OK;
}

void object_place(struct object *copy, struct object **place)
{
	uint64_t flags = spin_lock(&table_lock);

	*place = copy;
	copy->place = place;
	spin_unlock(&table_lock, flags);
}

struct object *object_placed(struct object *const *place)
{
	uint64_t flags = spin_lock(&table_lock);
	struct object *copy = *place;

	if (copy)
		object_get(copy);
	spin_unlock(&table_lock, flags);
	return copy;
}

/* Take it from its bucket or its place; false: it was there no more. Lock held. */
static bool take_out(struct object *object)
{
	struct object **at = bucket_of(buckets, bucket_count, object->id);

	if (object->place) {
		*object->place = NULL;
		object->place = NULL;
		return true;
	}
	while (*at && *at != object)
		at = &(*at)->hash_next;
	if (!*at)
		return false;
	*at = object->hash_next;
	table_entries--;
	return true;
}

/* True when it was there; the table's reference, or its view's, is then the caller's. */
static bool table_remove(struct object *object)
{
	uint64_t flags = spin_lock(&table_lock);

	if (!take_out(object)) {
		spin_unlock(&table_lock, flags);
		return false;
	}
	__atomic_or_fetch(&object->flags, OBJECT_DELETED, __ATOMIC_RELAXED);
	list_remove(&object->tie_node);
	object->tied_to = NULL;
	spin_unlock(&table_lock, flags);
	race_event();
	return true;
}

struct object *object_allocate(uint32_t flags, uint32_t kind, uint32_t protections)
{
	struct object *object = kernel_alloc(sizeof(*object));

	if (!object)
		return NULL;
	object->flags = flags;
	object->kind = kind;
	object->protections = protections;
	object->references = 1;
	spin_init(&object->lock, LOCK_OBJECT);
	list_init(&object->maps);
	list_init(&object->ties);
	list_init(&object->tie_node);
	__atomic_add_fetch(&live_objects, 1, __ATOMIC_RELAXED);
	return object;
}

static twz_result publish(struct object *object, struct twz_id id, struct object **out)
{
	twz_result result;

	object->nonce = object_make_nonce();
	if (!twz_id_is_none(id))
		object->id = id;
	else if (object->flags & TWZ_OBJECT_RAW)
		object->id = object->nonce; /* no meta page shows what it was derived from */
	else
		object->id = twz_id_derive(object->nonce, object->owner, object->protections);
	object->shown_id = object->id;
	result = table_add(object);
	if (result < 0) {
		object_put(object);
		return result;
	}
	*out = object;
	return TWZ_OK;
}

twz_result object_make(const struct twz_object_spec *spec, struct twz_id id, struct object **out)
{
	struct object *object;

	object = object_allocate(spec->flags, spec->flags & TWZ_OBJECT_RAW ? 0 : spec->kind,
				 spec->protections ? spec->protections : TWZ_RIGHTS_ALL);
	if (!object)
		return -TWZ_ERR_OUT_OF_MEMORY;
	object->owner = spec->owner;
	return publish(object, id, out);
}

twz_result object_make_paged(struct twz_id id, uint32_t flags, uint32_t kind, uint32_t protections,
			     const struct object_pager *pager, void *pager_data,
			     struct object **out)
{
	struct object *object = object_allocate(flags, kind, protections);

	if (!object)
		return -TWZ_ERR_OUT_OF_MEMORY;
	object->pager = pager;
	object->pager_data = pager_data;
	return publish(object, id, out);
}

void object_get(struct object *object)
{
	__atomic_add_fetch(&object->references, 1, __ATOMIC_RELAXED);
}

/* The last reference is gone. */
static void destroy(struct object *object)
{
	ASSERT(list_empty(&object->maps));
	if (object->pager) /* a pager that looks through its pages ends, or sees that it dies */
		spin_unlock(&object->lock, spin_lock(&object->lock));
	page_map_destroy(object);
	if (object->pager && object->pager->release)
		object->pager->release(object);
	if (object->control_view)
		view_put(object->control_view);
	__atomic_sub_fetch(&live_objects, 1, __ATOMIC_RELAXED);
	kernel_free(object);
}

/* Objects to delete, each by its tie_node; `any`: there was one, so the list needs its lock. */
struct tied {
	struct list list;
	bool any;
};
#define TIED_INIT(name)                       \
	{                                     \
		LIST_INIT((name).list), false \
	}

/* Move what is tied to an object to the end of `to`. */
static void take_ties(struct object *owner, struct tied *to)
{
	uint64_t flags;
	struct list *node;

	if (!owner->has_ties)
		return;
	flags = spin_lock(&table_lock);
	while ((node = list_pop(&owner->ties))) {
		LIST_ENTRY(node, struct object, tie_node)->tied_to = NULL;
		list_append(&to->list, node);
		to->any = true;
	}
	spin_unlock(&table_lock, flags);
}

/* The first object of a list of ties, with a reference, or NULL. */
static struct object *next_tied(struct list *list)
{
	uint64_t flags = spin_lock(&table_lock);
	struct list *node = list_pop(list);
	struct object *object = node ? LIST_ENTRY(node, struct object, tie_node) : NULL;

	if (object)
		object_get(object);
	spin_unlock(&table_lock, flags);
	return object;
}

/* Drop a reference; what was tied to the object, if it was the last, goes to the list. */
static void put(struct object *object, struct tied *tied)
{
	if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL))
		return;
	take_ties(object, tied);
	destroy(object);
}

/* Take the id away; what is tied to the object goes to the list. */
static void delete (struct object *object, struct tied *tied)
{
	if (!table_remove(object))
		return;
	if (object->pager && object->pager->deleted)
		object->pager->deleted(object);
	if (object->control_view)
		view_control_deleted(object->control_view);
	if (!(object->flags & OBJECT_CONTROL))
		take_ties(object, tied);
	put(object, tied);
}

/* Delete all on the list, and what is tied to them: one after the other, however deep ties go. */
static void delete_tied(struct tied *tied)
{
	struct object *object;

	while (tied->any && (object = next_tied(&tied->list))) {
		/* a living program outlives its maker; its id goes at its end */
		if (!object->control_view || !view_disown(object->control_view))
			delete (object, tied);
		put(object, tied);
	}
}

void object_put(struct object *object)
{
	struct tied tied = TIED_INIT(tied);

	put(object, &tied);
	delete_tied(&tied);
}

void object_delete(struct object *object)
{
	struct tied tied = TIED_INIT(tied);

	delete (object, &tied);
	delete_tied(&tied);
}

/* Whether `owner` goes when the object goes. The table's lock is held. */
static bool goes_with(const struct object *owner, const struct object *object)
{
	while (owner && owner != object)
		owner = owner->tied_to;
	return owner != NULL;
}

twz_result object_tie(struct object *owner, struct object *object)
{
	uint64_t flags = spin_lock(&table_lock);
	twz_result result = TWZ_OK;

	if (object->flags & OBJECT_DELETED) {
		/* who has heard of the id has deleted it: a dead one is nobody's to free */
		result = -TWZ_ERR_NO_SUCH_OBJECT;
	} else if (goes_with(owner, object)) {
		/* a circle would be nobody's */
		result = -TWZ_ERR_INVALID_ARGUMENT;
	} else {
		list_remove(&object->tie_node);
		object->tied_to = owner;
	}
	if (result >= 0 && owner) {
		owner->has_ties = true;
		list_append(&owner->ties, &object->tie_node);
	}
	spin_unlock(&table_lock, flags);
	return result;
}

void object_release_ties(struct object *owner)
{
	struct tied tied = TIED_INIT(tied);

	take_ties(owner, &tied);
	delete_tied(&tied);
}

uint64_t object_count(void)
{
	return live_objects;
}
