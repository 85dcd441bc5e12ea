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
	twz_result result = rt_walk(&walk, at, path, length, RT_WALK_MISSING);
	if (result < 0)
		return result;
	if (!walk.missing)
		result = RT_ERROR(EXISTS);
	else if (walk.trailing)
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
	unsigned looks = 0;
	twz_result result;
	do
		result = make_link(target, target_length, at, path, length);
	while (rt_look_again(&result, &looks));
	return result;
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
	unsigned looks = 0;
	twz_result result;
	do
		result = read_link(at, path, length, buffer, capacity);
	while (rt_look_again(&result, &looks));
	return result;
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

static twz_result rename_name(int at, const char *path, size_t length, int to_at, const char *to,
			      size_t to_length)
{
	struct rt_walk from, target;
	twz_result result = rt_walk(&from, at, path, length, RT_WALK_PARENT);
	if (result < 0)
		return result;
	result = rt_walk(&target, to_at, to, to_length, RT_WALK_PARENT);
	if (result >= 0) {
		result = rename_walked(&from, &target);
		rt_walk_end(&target);
	}
	rt_walk_end(&from);
	return result;
}

twz_result twz_rt_path_rename(int at, const char *path, size_t length, int to_at, const char *to,
			      size_t to_length)
{
	unsigned looks = 0;
	twz_result result;
	do
		result = rename_name(at, path, length, to_at, to, to_length);
	while (rt_look_again(&result, &looks));
	return result;
}

static twz_result link_name(int at, const char *path, size_t length, int to_at, const char *to,
			    size_t to_length)
{
	struct rt_walk from, target;
	twz_result result = rt_walk(&from, at, path, length, 0);
	if (result < 0)
		return result;
	result = rt_walk(&target, to_at, to, to_length, RT_WALK_MISSING);
	if (result >= 0) {
		if (!target.missing)
			result = RT_ERROR(EXISTS);
		else if (from.place.fs != target.place.fs ||
			 from.place.device != target.place.device)
			result = RT_ERROR(CROSS_DEVICE);
		else if (from.place.kind == TWZ_FILE_DIRECTORY)
			result = RT_ERROR(ACCESS_DENIED);
		else if (target.place.read_only || target.place.fs->link == NULL)
			result = RT_ERROR(READ_ONLY);
		else
			result = target.place.fs->link(&from.place, &target.place, target.name);
		rt_walk_end(&target);
	}
	rt_walk_end(&from);
	return result;
}

twz_result twz_rt_path_link(int at, const char *path, size_t length, int to_at, const char *to,
			    size_t to_length)
{
	unsigned looks = 0;
	twz_result result;
	do
		result = link_name(at, path, length, to_at, to, to_length);
	while (rt_look_again(&result, &looks));
	return result;
}
