/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI's calls on paths: links, rename. */
#include "files/path.h"

static twz_result make_link(const char *target, size_t target_length, int at, const char *path,
			    size_t length)
{
	struct rt_walk walk;
	if (target == NULL || !rt_user_pointer(target, target_length))
		return RT_ERROR(BAD_ADDRESS);
	if (target_length == 0)
		return RT_ERROR(NOT_FOUND);
	if (target_length > 4095)
		return RT_ERROR(NAME_TOO_LONG);
	if (rt_readable(target, target_length) < 0)
		return RT_ERROR(BAD_ADDRESS);
	for (size_t i = 0; i < target_length; i++) {
		if (target[i] == 0)
			return RT_ERROR(INVALID_ARGUMENT);
	}
	twz_result result = rt_walk_missing(&walk, at, path, length);
	if (result < 0)
		return result;
	if (walk.trailing)
		result = RT_ERROR(NOT_FOUND);
	else if (walk.place.read_only || walk.place.fs->make_link == NULL)
		result = RT_ERROR(READ_ONLY);
	else
		result = walk.place.fs->make_link(&walk.place, walk.name, target, target_length);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_path_symlink(const char *target, size_t target_length, int at, const char *path,
			       size_t length)
{
	return RT_LOOK(make_link(target, target_length, at, path, length));
}

static twz_result read_link(int at, const char *path, size_t length, char *buffer, size_t capacity)
{
	struct rt_walk walk;
	if (buffer == NULL || !rt_user_pointer(buffer, capacity))
		return RT_ERROR(BAD_ADDRESS);
	twz_result result = rt_walk(&walk, at, path, length, 0);
	if (result < 0)
		return result;
	if (walk.place.kind != TWZ_FILE_SYMLINK)
		result = RT_ERROR(INVALID_ARGUMENT);
	else
		result = walk.place.fs->read_link(&walk.place, buffer, capacity);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_path_readlink(int at, const char *path, size_t length, char *buffer,
				size_t capacity)
{
	return RT_LOOK(read_link(at, path, length, buffer, capacity));
}

/* True when `path` is `directory` or lies below it. */
static bool is_below(const struct rt_walk *directory, const struct rt_walk *path)
{
	size_t own = directory->length + 1 + directory->name.length;
	return path->length >= own && memcmp(path->path, directory->path, directory->length) == 0 &&
	       path->path[directory->length] == '/' &&
	       memcmp(path->path + directory->length + 1, directory->name.text,
		      directory->name.length) == 0 &&
	       (path->length == own || path->path[own] == '/');
}

static twz_result rename_walked(struct rt_walk *from, struct rt_walk *to)
{
	const struct rt_fs *fs = from->place.fs;
	if (fs != to->place.fs || from->place.device != to->place.device)
		return RT_ERROR(CROSS_DEVICE);
	if (from->place.read_only || fs->rename == NULL)
		return RT_ERROR(READ_ONLY);
	if (is_below(from, to))
		return RT_ERROR(INVALID_ARGUMENT);
	return fs->rename(&from->place, from->name, &to->place, to->name);
}

static twz_result link_walked(struct rt_walk *from, struct rt_walk *to)
{
	const struct rt_fs *fs = from->place.fs;
	if (!to->missing)
		return RT_ERROR(EXISTS);
	if (fs != to->place.fs || from->place.device != to->place.device)
		return RT_ERROR(CROSS_DEVICE);
	if (from->place.kind == TWZ_FILE_DIRECTORY)
		return RT_ERROR(ACCESS_DENIED);
	if (to->place.read_only || fs->link == NULL)
		return RT_ERROR(READ_ONLY);
	return fs->link(&from->place, &to->place, to->name);
}

/* A change that takes two paths: what it does with the ends of their walks. */
struct pair_change {
	uint32_t from_flags, to_flags; /* RT_WALK_* */
	twz_result (*change)(struct rt_walk *from, struct rt_walk *to);
};

static const struct pair_change rename_change = {RT_WALK_PARENT, RT_WALK_PARENT, rename_walked};
static const struct pair_change link_change = {0, RT_WALK_MISSING, link_walked};

static twz_result change_pair(const struct pair_change *how, int at, const char *path,
			      size_t length, int to_at, const char *to, size_t to_length)
{
	struct rt_walk from, target;
	twz_result result = rt_walk(&from, at, path, length, how->from_flags);
	if (result < 0)
		return result;
	result = rt_walk(&target, to_at, to, to_length, how->to_flags);
	if (result >= 0) {
		result = how->change(&from, &target);
		rt_walk_end(&target);
	}
	rt_walk_end(&from);
	return result;
}

twz_result twz_rt_path_rename(int at, const char *path, size_t length, int to_at, const char *to,
			      size_t to_length)
{
	return RT_LOOK(change_pair(&rename_change, at, path, length, to_at, to, to_length));
}

twz_result twz_rt_path_link(int at, const char *path, size_t length, int to_at, const char *to,
			    size_t to_length)
{
	return RT_LOOK(change_pair(&link_change, at, path, length, to_at, to, to_length));
}
