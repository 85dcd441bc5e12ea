/* SPDX-License-Identifier: BSD-2-Clause */
/* The current directory: an absolute path without links, and the object or host directory it names.
 */
#include "files/path.h"

static char *current;
static size_t current_length;

twz_result rt_cwd_start(const char *path, size_t length)
{
	/* "/" is kept as "", so that joining is always cwd + "/" + name. */
	while (length != 0 && path[length - 1] == '/')
		length--;
	char *copy = twz_rt_malloc(length + 1, 1, 0);
	if (copy == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	memcpy(copy, path, length);
	copy[length] = 0;
	rt_lock(&rt_locks[RT_LOCK_CWD]);
	char *old = current;
	size_t old_length = current_length;
	current = copy;
	current_length = length;
	rt_unlock(&rt_locks[RT_LOCK_CWD]);
	if (old != NULL)
		twz_rt_free(old, old_length + 1, 1);
	return 0;
}

char *rt_cwd(size_t *length)
{
	rt_lock(&rt_locks[RT_LOCK_CWD]);
	*length = current_length;
	char *copy = twz_rt_malloc(current_length + 1, 1, 0);
	if (copy != NULL) {
		memcpy(copy, current, current_length);
		copy[current_length] = 0;
	}
	rt_unlock(&rt_locks[RT_LOCK_CWD]);
	return copy;
}

twz_result twz_rt_cwd_set(int at, const char *path, size_t length)
{
	struct rt_walk walk;
	/* An empty path is the descriptor's directory. */
	twz_result result = length != 0 ? rt_walk(&walk, at, path, length, RT_WALK_FOLLOW)
					: rt_walk(&walk, at, ".", 1, RT_WALK_FOLLOW);
	if (result < 0)
		return result == RT_ERROR(NO_SUCH_OBJECT) ? RT_ERROR(NOT_FOUND) : result;
	if (walk.place.kind != TWZ_FILE_DIRECTORY)
		result = RT_ERROR(NOT_A_DIRECTORY);
	else
		result = rt_cwd_start(walk.path, walk.length);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_cwd_get(char *buffer, size_t capacity)
{
	size_t length;
	if (!rt_user_pointer(buffer, capacity))
		return RT_ERROR(BAD_ADDRESS);
	char *path = rt_cwd(&length);
	if (path == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	if (length == 0 && capacity != 0)
		buffer[0] = '/';
	memcpy(buffer, path, length < capacity ? length : capacity);
	twz_rt_free(path, length + 1, 1);
	return (twz_result)(length != 0 ? length : 1);
}
