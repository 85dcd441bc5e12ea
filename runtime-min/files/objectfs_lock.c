/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories' writers' locks, and what an interrupted writer left: how <twz/directory_lock.h> maps
 * directories here. */
#include "files/objectfs_internal.h"

static twz_result open_one(void *context, unsigned slot, struct twz_id id, int write, void **start)
{
	struct rt_directories *set = context;
	twz_result result = rt_object_open(id, write, &set->objects[slot]);
	if (result >= 0)
		*start = set->objects[slot].start;
	return result;
}

static void close_one(void *context, unsigned slot)
{
	struct rt_directories *set = context;
	twz_rt_object_release(&set->objects[slot]);
}

static const struct twz_directory_access *access_of(struct rt_directories *set)
{
	set->access = (struct twz_directory_access){open_one, close_one, set};
	return &set->access;
}

twz_result rt_directory_lock(struct twz_id id, struct rt_directories *set, void **start)
{
	twz_result result = twz_directories_lock(&set->locked, access_of(set), &id, 1);
	if (result >= 0)
		*start = set->locked.starts[0];
	return result;
}

twz_result rt_directories_lock(struct twz_directory_name *names, unsigned count,
			       struct rt_directories *set)
{
	return twz_directories_lock_names(&set->locked, access_of(set), names, count);
}

void rt_directories_unlock(struct rt_directories *set)
{
	twz_directories_unlock(&set->locked);
}

twz_result rt_directory_changed(struct rt_directories *set, struct twz_id id, uint32_t device)
{
	for (unsigned i = 0; i < set->locked.count; i++) {
		if (!twz_id_equal(set->locked.ids[i], id))
			continue;
		rt_object_touch(&set->objects[i], twz_rt_clock(TWZ_CLOCK_REALTIME));
		return rt_object_settle(&set->objects[i], device);
	}
	return 0;
}

twz_result rt_directory_settle(const struct twz_rt_object *directory)
{
	struct rt_directories set;
	struct twz_id peer;
	if (!twz_directory_moving(directory->start, &peer))
		return 0;
	twz_result result = twz_directory_settle(access_of(&set), directory->id, directory->start);
	return result < 0 ? result : 1;
}
