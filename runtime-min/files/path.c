/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk along a path: links, "..", mounts. */
#include "files/path.h"

#define MAX_LINKS 40
#define MAX_PATH  65536u /* what one walk may grow to by links */

void rt_place_leave(struct rt_place *place)
{
	if (place->fs != NULL && place->fs->leave != NULL)
		place->fs->leave(place);
	place->fs = NULL;
}

void rt_walk_end(struct rt_walk *walk)
{
	rt_place_leave(&walk->place);
	twz_rt_free(walk->path, walk->capacity, 1);
	twz_rt_free(walk->rest, walk->rest_capacity, 1);
	walk->path = walk->rest = NULL;
}

/* Sees to room for `length` bytes and a NUL. */
static twz_result reserve(char **text, size_t *capacity, size_t length)
{
	if (length >= MAX_PATH)
		return RT_ERROR(NAME_TOO_LONG);
	if (length < *capacity)
		return 0;
	size_t wanted = *capacity != 0 ? *capacity : 256;
	while (wanted <= length)
		wanted *= 2;
	char *grown = twz_rt_realloc(*text, *capacity, 1, wanted, 0);
	if (grown == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	*text = grown;
	*capacity = wanted;
	return 0;
}

/* The rest of the path becomes PREFIX "/" MIDDLE "/" TAIL, any of them empty; tail lies in rest. */
static twz_result set_rest(struct rt_walk *walk, const char *prefix, size_t prefix_length,
			   const char *middle, size_t middle_length, size_t tail)
{
	size_t tail_length = walk->rest != NULL ? rt_string_length(walk->rest + tail) : 0;
	size_t length = prefix_length + 1 + middle_length + 1 + tail_length;
	char *text = NULL;
	size_t capacity = 0;
	twz_result result = reserve(&text, &capacity, length);
	if (result < 0)
		return result;
	char *at = text;
	memcpy(at, prefix, prefix_length);
	at += prefix_length;
	*at++ = '/';
	memcpy(at, middle, middle_length);
	at += middle_length;
	if (tail_length != 0) {
		*at++ = '/';
		memcpy(at, walk->rest + tail, tail_length);
		at += tail_length;
	}
	*at = 0;
	twz_rt_free(walk->rest, walk->rest_capacity, 1);
	walk->rest = text;
	walk->rest_capacity = capacity;
	return 0;
}

static twz_result restart(struct rt_walk *walk)
{
	rt_place_leave(&walk->place);
	twz_result result = reserve(&walk->path, &walk->capacity, 0);
	if (result < 0)
		return result;
	walk->path[0] = 0;
	walk->length = 0;
	return rt_mount_root(&walk->place);
}

static twz_result append_name(struct rt_walk *walk, const char *name, size_t length)
{
	twz_result result = reserve(&walk->path, &walk->capacity, walk->length + 1 + length);
	if (result < 0)
		return result;
	walk->path[walk->length] = '/';
	memcpy(walk->path + walk->length + 1, name, length);
	walk->length += 1 + length;
	walk->path[walk->length] = 0;
	return 0;
}

static void drop_name(struct rt_walk *walk)
{
	while (walk->length != 0 && walk->path[--walk->length] != '/')
		continue;
	walk->path[walk->length] = 0;
}

/* The place is a link just walked onto, its name still at the path's end. */
static twz_result follow(struct rt_walk *walk, size_t tail)
{
	size_t capacity = 256;
	for (;;) {
		char *target = twz_rt_malloc(capacity, 1, 0);
		if (target == NULL)
			return RT_ERROR(OUT_OF_MEMORY);
		twz_result result = walk->place.fs->read_link(&walk->place, target, capacity);
		size_t length = result > 0 ? (size_t)result : 0;
		if (result == 0)
			result = RT_ERROR(NOT_FOUND);
		if (result > 0 && length <= capacity) {
			drop_name(walk);
			size_t prefix = target[0] == '/' ? 0 : walk->length;
			result = set_rest(walk, walk->path, prefix, target, length, tail);
		}
		twz_rt_free(target, capacity, 1);
		if (result < 0 || length <= capacity)
			return result < 0 ? result : restart(walk);
		if (length >= MAX_PATH)
			return RT_ERROR(NAME_TOO_LONG);
		capacity = length;
	}
}

/* One step onto a name. The path is extended by it on success only. */
static twz_result step(struct rt_walk *walk, const char *name, size_t length)
{
	struct rt_place mounted;
	twz_result result, mount_error = 0;
	if (walk->place.kind != TWZ_FILE_DIRECTORY)
		return RT_ERROR(NOT_A_DIRECTORY);
	if (length > 255)
		return RT_ERROR(NAME_TOO_LONG);
	result = append_name(walk, name, length);
	if (result < 0)
		return result;
	if (rt_mount_at(walk->path, walk->length, &mounted, &mount_error)) {
		rt_place_leave(&walk->place);
		walk->place = mounted;
		return 0;
	}
	result = mount_error;
	if (result == 0)
		result = walk->place.fs->step(&walk->place, name, length);
	if (result < 0)
		drop_name(walk);
	return result;
}

static twz_result base_path(int at, const char *path, struct rt_walk *walk, size_t length)
{
	if (length != 0 && path[0] == '/')
		return set_rest(walk, "", 0, path, length, 0);
	if (at == TWZ_RT_AT_CWD) {
		size_t cwd_length;
		char *cwd = rt_cwd(&cwd_length);
		if (cwd == NULL)
			return RT_ERROR(OUT_OF_MEMORY);
		twz_result result = set_rest(walk, cwd, cwd_length, path, length, 0);
		twz_rt_free(cwd, cwd_length + 1, 1);
		return result;
	}
	struct rt_file *file = rt_fd_file(at);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = RT_ERROR(NOT_A_DIRECTORY);
	if (file->ops->kind == TWZ_FILE_DIRECTORY && file->path != NULL)
		result = set_rest(walk, file->path, file->path_length, path, length, 0);
	rt_file_put(file);
	return result;
}

static twz_result walk_on(struct rt_walk *walk, uint32_t flags)
{
	unsigned links = 0;
	size_t at = 0;
	for (;;) {
		while (walk->rest[at] == '/')
			at++;
		if (walk->rest[at] == 0)
			return (flags & RT_WALK_PARENT) ? RT_ERROR(BUSY) : 0;
		const char *name = walk->rest + at;
		size_t length = 0;
		while (name[length] != 0 && name[length] != '/')
			length++;
		size_t tail = at + length;
		while (walk->rest[tail] == '/')
			tail++;
		bool last = walk->rest[tail] == 0;
		bool trailing = last && walk->rest[at + length] == '/';
		bool dots = name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
		walk->trailing = trailing;
		if (last && dots && (flags & RT_WALK_PARENT))
			return RT_ERROR(INVALID_ARGUMENT);
		if (dots) {
			if (walk->place.kind != TWZ_FILE_DIRECTORY)
				return RT_ERROR(NOT_A_DIRECTORY);
			walk->trailing = last;
			at = tail;
			if (length == 1)
				continue;
			/* The parent's path has no links: walking it again needs no count. */
			drop_name(walk);
			twz_result result = set_rest(walk, walk->path, walk->length, "", 0, tail);
			if (result >= 0)
				result = restart(walk);
			if (result < 0)
				return result;
			at = 0;
			continue;
		}
		walk->name = (struct rt_name){name, length};
		if (last && (flags & RT_WALK_PARENT)) {
			if (walk->place.kind != TWZ_FILE_DIRECTORY)
				return RT_ERROR(NOT_A_DIRECTORY);
			if (walk->length == 0 && rt_mount_has(name, length))
				return RT_ERROR(BUSY);
			return length > 255 ? RT_ERROR(NAME_TOO_LONG) : 0;
		}
		twz_result result = step(walk, name, length);
		if (result == RT_ERROR(NOT_FOUND) && last && (flags & RT_WALK_MISSING)) {
			walk->missing = true;
			return 0;
		}
		if (result < 0)
			return result;
		if (walk->place.kind == TWZ_FILE_SYMLINK &&
		    (!last || trailing || (flags & RT_WALK_FOLLOW))) {
			if (++links > MAX_LINKS)
				return RT_ERROR(LOOP);
			/* What follows the name stays, a trailing '/' with it. */
			result = follow(walk, at + length);
			if (result < 0)
				return result;
			at = 0;
			continue;
		}
		if (trailing && walk->place.kind != TWZ_FILE_DIRECTORY)
			return RT_ERROR(NOT_A_DIRECTORY);
		at = tail;
	}
}

twz_result rt_walk(struct rt_walk *walk, int at, const char *path, size_t length, uint32_t flags)
{
	*walk = (struct rt_walk){0};
	if (length == 0)
		return RT_ERROR(NOT_FOUND);
	if (length >= MAX_PATH && rt_user_pointer(path, length))
		return RT_ERROR(NAME_TOO_LONG);
	if (rt_readable(path, length) < 0)
		return RT_ERROR(BAD_ADDRESS);
	for (size_t i = 0; i < length; i++) {
		if (path[i] == 0)
			return RT_ERROR(INVALID_ARGUMENT);
	}
	twz_result result = base_path(at, path, walk, length);
	if (result >= 0)
		result = restart(walk);
	if (result >= 0)
		result = walk_on(walk, flags);
	if (result < 0)
		rt_walk_end(walk);
	return result;
}

twz_result rt_walk_missing(struct rt_walk *walk, int at, const char *path, size_t length)
{
	twz_result result = rt_walk(walk, at, path, length, RT_WALK_MISSING);
	if (result < 0 || walk->missing)
		return result;
	rt_walk_end(walk);
	return RT_ERROR(EXISTS);
}
