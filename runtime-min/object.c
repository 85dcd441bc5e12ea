/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of the Runtime ABI, on libtwz: what it has mapped is counted once for the whole program.
 */
#include "internal.h"

#include <twz/fot.h>
#include <twz/object.h>

TWZ_STATIC_ASSERT(sizeof(struct twz_object) == sizeof(struct twz_rt_object) &&
			  offsetof(struct twz_object, start) ==
				  offsetof(struct twz_rt_object, start) &&
			  offsetof(struct twz_object, rights) ==
				  offsetof(struct twz_rt_object, rights),
		  "one layout for both");

#define MAP_RIGHTS (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC)

void rt_object_before_fork(void)
{
	twz_before_clone();
}

void rt_object_after_fork(void)
{
	twz_after_clone();
}

twz_result twz_rt_object_map(struct twz_id id, uint32_t rights, struct twz_rt_object *out)
{
	if (out == NULL || !rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	if (twz_id_is_none(id) || rights == 0 || (rights & ~MAP_RIGHTS))
		return RT_ERROR(INVALID_ARGUMENT);
	return twz_object_open(id, rights, (struct twz_object *)out);
}

twz_result twz_rt_object_release(struct twz_rt_object *object)
{
	if (object == NULL || !rt_user_pointer(object, sizeof(*object)))
		return RT_ERROR(BAD_ADDRESS);
	return twz_object_close((struct twz_object *)object);
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

/* A mapped object's start: a slot's first byte, with its meta page mapped as well. */
static bool good_start(const void *start)
{
	return ((uint64_t)start & RT_SLOT_MASK) == 0 && start != NULL &&
	       rt_user_pointer(start, TWZ_SLOT_SIZE);
}

twz_result twz_rt_fot_resolve(const void *start, uint64_t index, uint32_t rights, uint8_t **target)
{
	if (!good_start(start) || target == NULL || !rt_user_pointer(target, sizeof(*target)))
		return RT_ERROR(BAD_ADDRESS);
	const struct twz_object_meta *meta =
		(const struct twz_object_meta *)((uint64_t)start + TWZ_META_OFFSET);
	if (index == 0 || index > TWZ_FOT_MAX || rights == 0 ||
	    (rights & ~(TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)))
		return RT_ERROR(INVALID_ARGUMENT);
	if (index > __atomic_load_n(&meta->fot_count, __ATOMIC_ACQUIRE))
		return RT_ERROR(NOT_FOUND);
	/* The entry says with which rights it is mapped; asking for more than that is an error. */
	uint64_t flags = __atomic_load_n(&twz_fot_entry(start, index)->flags, __ATOMIC_ACQUIRE);
	if (((rights & TWZ_RIGHT_READ) && !(flags & TWZ_FOT_READ)) ||
	    ((rights & TWZ_RIGHT_WRITE) && !(flags & TWZ_FOT_WRITE)))
		return (flags & TWZ_FOT_VALID) ? RT_ERROR(ACCESS_DENIED) : RT_ERROR(NOT_FOUND);
	return twz_fot_resolve(start, index, target);
}

twz_result twz_rt_fot_insert(void *start, struct twz_id id, uint32_t rights)
{
	if (!good_start(start))
		return RT_ERROR(BAD_ADDRESS);
	return twz_fot_insert(start, id, rights);
}
