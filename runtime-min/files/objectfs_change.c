/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of names in the name tree: remove, rename, link. */
#include "files/objectfs_internal.h"

static twz_result lookup(const struct rt_directory *directory, struct rt_name name,
			 struct twz_directory_entry *entry)
{
	return twz_directory_lookup(directory->object.start, TWZ_DIRECTORY_LIMIT, name.text,
				    name.length, entry);
}

static twz_result changed(struct rt_directory *directory, uint32_t device)
{
	rt_object_touch(&directory->object, twz_rt_clock(TWZ_CLOCK_REALTIME));
	return rt_object_settle(&directory->object, device);
}

/* Sees to it that nothing can be added to an empty directory any more. NOT_EMPTY. */
static twz_result retire(struct twz_id id)
{
	struct rt_directory directory;
	twz_result result = rt_directory_lock(id, &directory);
	if (result < 0)
		return result;
	result = twz_directory_retire(directory.object.start, TWZ_DIRECTORY_LIMIT);
	rt_directory_unlock(&directory);
	return result;
}

static twz_result remove_locked(struct rt_directory *directory, struct rt_name name,
				bool is_directory, struct twz_directory_entry *entry)
{
	twz_result result = lookup(directory, name, entry);
	if (result < 0)
		return result;
	if (is_directory != (entry->kind == TWZ_KIND_DIRECTORY))
		return is_directory ? RT_ERROR(NOT_A_DIRECTORY) : RT_ERROR(IS_A_DIRECTORY);
	if (is_directory) {
		result = retire(entry->id);
		if (result < 0)
			return result;
	}
	return twz_directory_remove(directory->object.start, TWZ_DIRECTORY_LIMIT, name.text,
				    name.length, NULL);
}

twz_result rt_object_fs_remove(struct rt_place *place, struct rt_name name, bool is_directory)
{
	struct rt_directory directory;
	struct twz_directory_entry entry;
	twz_result result = rt_directory_lock(place->id, &directory);
	if (result < 0)
		return result;
	result = remove_locked(&directory, name, is_directory, &entry);
	if (result >= 0)
		result = changed(&directory, place->device);
	rt_directory_unlock(&directory);
	if (result >= 0)
		rt_object_unlink(entry.id);
	return result;
}

twz_result rt_object_fs_link(struct rt_place *file, struct rt_place *place, struct rt_name name)
{
	struct rt_directory directory;
	uint32_t kind = file->kind == TWZ_FILE_SYMLINK ? TWZ_KIND_SYMLINK : TWZ_KIND_FILE;
	/* Counted first: after a crash in between the object has a name less than it thinks. */
	twz_result result = rt_object_relink(file->id);
	if (result < 0)
		return result;
	result = rt_directory_lock(place->id, &directory);
	if (result >= 0) {
		result = twz_directory_insert(directory.object.start, TWZ_DIRECTORY_LIMIT,
					      name.text, name.length, file->id, kind);
		if (result >= 0)
			result = changed(&directory, place->device);
		rt_directory_unlock(&directory);
	}
	if (result < 0)
		rt_object_unlink(file->id);
	return result;
}

/* Whether `moved` may take the place of `there`; a directory that is replaced is retired. */
static twz_result may_replace(const struct twz_directory_entry *moved,
			      const struct twz_directory_entry *there)
{
	bool directory = moved->kind == TWZ_KIND_DIRECTORY;
	if (directory != (there->kind == TWZ_KIND_DIRECTORY))
		return directory ? RT_ERROR(NOT_A_DIRECTORY) : RT_ERROR(IS_A_DIRECTORY);
	return directory ? retire(there->id) : 0;
}

/* The object's own word on what lies above it. */
static twz_result set_parent(struct twz_id id, struct twz_id parent)
{
	struct rt_directory directory;
	twz_result result = rt_directory_lock(id, &directory);
	if (result < 0)
		return result;
	result = twz_directory_set_parent(directory.object.start, TWZ_DIRECTORY_LIMIT, parent);
	rt_directory_unlock(&directory);
	return result;
}

static twz_result rename_within(struct rt_place *place, struct rt_name name, struct rt_name to,
				struct twz_id *old)
{
	struct rt_directory directory;
	struct twz_directory_entry moved, there;
	twz_result result = rt_directory_lock(place->id, &directory);
	if (result < 0)
		return result;
	result = lookup(&directory, name, &moved);
	if (result >= 0 && lookup(&directory, to, &there) >= 0) {
		if (twz_id_equal(moved.id, there.id)) {
			rt_directory_unlock(&directory);
			return 0; /* two names of one file: POSIX leaves both */
		}
		result = may_replace(&moved, &there);
		*old = there.id;
	}
	if (result >= 0)
		result = twz_directory_rename(directory.object.start, TWZ_DIRECTORY_LIMIT,
					      name.text, name.length, to.text, to.length, NULL);
	if (result >= 0)
		result = changed(&directory, place->device);
	rt_directory_unlock(&directory);
	return result;
}

/* Enters the name in the other directory, replacing what may be replaced. */
static twz_result enter_at(struct rt_place *place, struct rt_name name,
			   const struct twz_directory_entry *moved, struct twz_id *old)
{
	struct rt_directory directory;
	struct twz_directory_entry there;
	twz_result result = rt_directory_lock(place->id, &directory);
	if (result < 0)
		return result;
	if (lookup(&directory, name, &there) >= 0) {
		result = may_replace(moved, &there);
		*old = there.id;
	}
	if (result >= 0)
		result =
			twz_directory_replace(directory.object.start, TWZ_DIRECTORY_LIMIT,
					      name.text, name.length, moved->id, moved->kind, NULL);
	if (result >= 0)
		result = changed(&directory, place->device);
	rt_directory_unlock(&directory);
	return result;
}

/*
 * Between two directories the new name comes before the old one goes: at every moment, and after a
 * crash at any, the object can be reached.
 */
static twz_result rename_across(struct rt_place *from, struct rt_name name, struct rt_place *to,
				struct rt_name to_name, struct twz_id *old)
{
	struct twz_rt_object source;
	struct twz_directory_entry moved;
	twz_result result = rt_object_open(from->id, false, &source);
	if (result < 0)
		return result;
	result = twz_directory_lookup(source.start, TWZ_DIRECTORY_LIMIT, name.text, name.length,
				      &moved);
	twz_rt_object_release(&source);
	if (result >= 0)
		result = enter_at(to, to_name, &moved, old);
	if (result < 0)
		return result;
	if (twz_id_equal(*old, moved.id)) {
		*old = TWZ_ID_NONE;
		return 0;
	}
	struct rt_directory directory;
	result = rt_directory_lock(from->id, &directory);
	if (result < 0)
		return result;
	result = twz_directory_remove(directory.object.start, TWZ_DIRECTORY_LIMIT, name.text,
				      name.length, NULL);
	if (result >= 0)
		result = changed(&directory, from->device);
	rt_directory_unlock(&directory);
	if (result >= 0 && moved.kind == TWZ_KIND_DIRECTORY)
		result = set_parent(moved.id, to->id);
	return result;
}

twz_result rt_object_fs_rename(struct rt_place *from, struct rt_name name, struct rt_place *to,
			       struct rt_name to_name)
{
	struct twz_id old = TWZ_ID_NONE;
	twz_result result = twz_id_equal(from->id, to->id)
				    ? rename_within(from, name, to_name, &old)
				    : rename_across(from, name, to, to_name, &old);
	if (result >= 0 && !twz_id_is_none(old))
		rt_object_unlink(old);
	return result;
}
