/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of names in the name tree: remove, rename, link. */
#include "files/objectfs_internal.h"

static struct twz_directory_name locked_name(const struct rt_place *place, struct rt_name name)
{
	return (struct twz_directory_name){
		.directory = place->id, .text = name.text, .length = name.length};
}

twz_result rt_directory_enter(const struct rt_place *place, struct rt_name name, struct twz_id id,
			      uint32_t kind)
{
	struct rt_directories set;
	void *start;
	twz_result result = rt_directory_lock(place->id, &set, &start);
	if (result < 0)
		return result;
	result = twz_directory_insert(start, TWZ_DIRECTORY_LIMIT, name.text, name.length, id, kind);
	if (result >= 0)
		result = rt_directory_changed(&set, place->id, place->device);
	rt_directories_unlock(&set);
	return result;
}

twz_result rt_object_fs_remove(struct rt_place *place, struct rt_name name, bool is_directory)
{
	struct rt_directories set;
	struct twz_directory_name gone = locked_name(place, name);
	twz_result result = rt_directories_lock(&gone, 1, &set);
	if (result < 0)
		return result;
	if (twz_id_is_none(gone.entry.id))
		result = RT_ERROR(NOT_FOUND);
	else if (is_directory != (gone.entry.kind == TWZ_KIND_DIRECTORY))
		result = is_directory ? RT_ERROR(NOT_A_DIRECTORY) : RT_ERROR(IS_A_DIRECTORY);
	else
		result = twz_directories_remove(&set.locked, &gone);
	bool removed = result >= 0;
	if (removed)
		result = rt_directory_changed(&set, place->id, place->device);
	if (removed && result == RT_ERROR(NO_SPACE)) {
		/* A full disk: there is no room before it goes, and the name is gone already. */
		rt_object_unlink(gone.entry.id);
		removed = false;
		result = rt_directory_changed(&set, place->id, place->device);
	}
	rt_directories_unlock(&set);
	if (removed && result >= 0)
		rt_object_unlink(gone.entry.id);
	return result;
}

twz_result rt_object_fs_link(struct rt_place *file, struct rt_place *place, struct rt_name name)
{
	uint32_t kind = file->kind == TWZ_FILE_SYMLINK ? TWZ_KIND_SYMLINK : TWZ_KIND_FILE;
	/* Counted first: after a crash in between the object has a name less than it thinks. */
	twz_result result = rt_object_relink(file->id);
	if (result < 0)
		return result;
	result = rt_directory_enter(place, name, file->id, kind);
	if (result < 0)
		rt_object_unlink(file->id);
	return result;
}

/* One step for the medium too: on a disk a sync takes both directories. */
twz_result rt_object_fs_rename(struct rt_place *from, struct rt_name name, struct rt_place *to,
			       struct rt_name to_name)
{
	struct rt_directories set;
	struct twz_directory_name names[2] = {locked_name(from, name), locked_name(to, to_name)};
	twz_result result = rt_directories_lock(names, 2, &set);
	if (result < 0)
		return result;
	result = twz_directories_rename(&set.locked, &names[0], &names[1]);
	bool both = result == 1; /* two names of one file: POSIX leaves both */
	if (result == 0)
		result = rt_directory_changed(&set, from->id, from->device);
	if (result >= 0 && !both && !twz_id_equal(from->id, to->id))
		result = rt_directory_changed(&set, to->id, to->device);
	rt_directories_unlock(&set);
	if (result >= 0 && !both && !twz_id_is_none(names[1].entry.id))
		rt_object_unlink(names[1].entry.id);
	return result < 0 ? result : 0;
}
