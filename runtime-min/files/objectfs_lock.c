/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory's writers' lock, and what an interrupted writer left. */
#include "files/objectfs_internal.h"

#include <twz/lock.h>

static struct twz_directory_header *header(const struct rt_directory *directory)
{
	return (struct twz_directory_header *)(directory->object.start + TWZ_BASE_OFFSET);
}

void rt_directory_unlock(struct rt_directory *directory)
{
	struct twz_directory_header *head = header(directory);
	twz_lock_release(&head->holder, &head->waiters);
	twz_rt_object_release(&directory->object);
}

twz_result rt_directory_lock(struct twz_id id, struct rt_directory *directory)
{
	struct twz_id parent;
	twz_result result = rt_object_open(id, true, &directory->object);
	if (result < 0)
		return result;
	/* Not every object is a directory: its bytes are looked at before one is changed. */
	result = twz_directory_parent(directory->object.start, TWZ_DIRECTORY_LIMIT, &parent);
	if (result >= 0) {
		struct twz_directory_header *head = header(directory);
		result = twz_lock_take(&head->holder, &head->waiters);
	}
	if (result < 0) {
		twz_rt_object_release(&directory->object);
		return result;
	}
	result = twz_directory_recover(directory->object.start, TWZ_DIRECTORY_LIMIT);
	if (result < 0) {
		rt_directory_unlock(directory);
		return result;
	}
	return 0;
}
