/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapped objects, counted: one slot for each object and set of rights of the program. */
#include "internal.h"

struct mapped {
	struct twz_rt_object object;
	uint64_t references;
	struct mapped *next_id, *next_slot;
};

#define BUCKETS 256

static struct rt_lock lock;
static struct mapped *by_id[BUCKETS], *by_slot[BUCKETS];

void rt_object_before_fork(void)
{
	rt_lock(&lock);
}

void rt_object_after_fork(void)
{
	rt_unlock(&lock);
}

static struct mapped **id_bucket(struct twz_id id)
{
	return &by_id[(id.hi ^ id.lo) % BUCKETS];
}

static struct mapped **slot_bucket(const uint8_t *start)
{
	return &by_slot[((uint64_t)start >> TWZ_SLOT_SHIFT) % BUCKETS];
}

static twz_result map_new(struct twz_id id, uint32_t rights, struct mapped **out)
{
	struct twz_map map = {
	        .object = id,
	        .slot = TWZ_SLOT_ANY,
	        .rights = rights,
	        .inherit = TWZ_INHERIT_SHARED,
	};
	struct mapped *mapped = twz_rt_malloc(sizeof(*mapped), 8, TWZ_MALLOC_ZERO);
	if (mapped == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	twz_result slot = twz_sys_view_map(&map);
	if (slot < 0 || slot == 0 || (uint64_t)slot >= TWZ_SLOT_COUNT) {
		twz_rt_free(mapped, sizeof(*mapped), 8);
		return slot < 0 ? slot : RT_ERROR(CORRUPT);
	}
	mapped->object = (struct twz_rt_object){
	        .id = id,
	        .start = (uint8_t *)((uint64_t)slot << TWZ_SLOT_SHIFT),
	        .rights = rights,
	};
	mapped->next_id = *id_bucket(id);
	*id_bucket(id) = mapped;
	mapped->next_slot = *slot_bucket(mapped->object.start);
	*slot_bucket(mapped->object.start) = mapped;
	*out = mapped;
	return 0;
}

twz_result twz_rt_object_map(struct twz_id id, uint32_t rights, struct twz_rt_object *out)
{
	if (out == NULL || !rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	if (twz_id_is_none(id) || rights == 0 ||
	    (rights & ~(TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC)))
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result result = 0;
	rt_lock(&lock);
	struct mapped *mapped = *id_bucket(id);
	while (mapped != NULL &&
	       (!twz_id_equal(mapped->object.id, id) || (mapped->object.rights & rights) != rights))
		mapped = mapped->next_id;
	if (mapped == NULL)
		result = map_new(id, rights, &mapped);
	if (result >= 0) {
		mapped->references++;
		*out = mapped->object;
	}
	rt_unlock(&lock);
	return result;
}

twz_result twz_rt_object_release(struct twz_rt_object *object)
{
	if (object == NULL || !rt_user_pointer(object, sizeof(*object)))
		return RT_ERROR(BAD_ADDRESS);
	twz_result result = 0;
	struct mapped *gone = NULL;
	rt_lock(&lock);
	struct mapped **link = slot_bucket(object->start);
	while (*link != NULL && (*link)->object.start != object->start)
		link = &(*link)->next_slot;
	if (*link == NULL || !twz_id_equal((*link)->object.id, object->id)) {
		result = RT_ERROR(INVALID_ARGUMENT);
	} else if (--(*link)->references == 0) {
		gone = *link;
		*link = gone->next_slot;
		link = id_bucket(gone->object.id);
		while (*link != gone)
			link = &(*link)->next_id;
		*link = gone->next_id;
		twz_sys_view_unmap(0, 0, (uint64_t)gone->object.start >> TWZ_SLOT_SHIFT);
	}
	rt_unlock(&lock);
	if (gone != NULL)
		twz_rt_free(gone, sizeof(*gone), 8);
	return result;
}

twz_result twz_rt_object_create(const struct twz_object_spec *spec, struct twz_id *id)
{
	return twz_sys_object_create(spec, id);
}

twz_result twz_rt_object_cmd(struct twz_id id, uint32_t command, uint64_t argument)
{
	if (argument != 0)
		return RT_ERROR(INVALID_ARGUMENT);
	switch (command) {
	case TWZ_OBJECT_DELETE:
		return twz_sys_object_delete(id.hi, id.lo);
	case TWZ_OBJECT_SYNC:
		return twz_sys_object_sync(id.hi, id.lo, 0, TWZ_SLOT_SIZE);
	}
	return RT_ERROR(INVALID_ARGUMENT);
}
