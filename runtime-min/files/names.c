/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI's calls on paths: open, stat, times, make, remove. */
#include "files/path.h"

#define OPEN_FLAGS                                                                      \
	(TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE | TWZ_OPEN_EXCLUSIVE |        \
	 TWZ_OPEN_TRUNCATE | TWZ_OPEN_APPEND | TWZ_OPEN_DIRECTORY | TWZ_OPEN_NOFOLLOW | \
	 TWZ_OPEN_NONBLOCK | TWZ_OPEN_CLOEXEC | TWZ_OPEN_PATH)
/* What an open file remembers. */
#define FILE_FLAGS                                                               \
	(TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_APPEND | TWZ_OPEN_DIRECTORY | \
	 TWZ_OPEN_NONBLOCK | TWZ_OPEN_PATH)

bool rt_look_again(twz_result *result, unsigned *looks)
{
	if (*result != RT_ERROR(NO_SUCH_OBJECT))
		return false;
	if (++*looks < 16)
		return true;
	*result = RT_ERROR(NOT_FOUND);
	return false;
}

static twz_result open_there(struct rt_walk *walk, uint32_t flags, struct rt_file **out)
{
	uint32_t kind = walk->place.kind;
	bool writes = flags & (TWZ_OPEN_WRITE | TWZ_OPEN_TRUNCATE);
	if ((flags & TWZ_OPEN_CREATE) && (flags & TWZ_OPEN_EXCLUSIVE)) {
		struct twz_rt_stat stat;
		twz_result there = walk->place.fs->stat(&walk->place, &stat);
		return there == RT_ERROR(NO_SUCH_OBJECT) ? there : RT_ERROR(EXISTS);
	}
	if (kind == TWZ_FILE_SYMLINK && !(flags & TWZ_OPEN_PATH))
		return RT_ERROR(LOOP);
	if ((flags & TWZ_OPEN_DIRECTORY) && kind != TWZ_FILE_DIRECTORY)
		return RT_ERROR(NOT_A_DIRECTORY);
	if (kind == TWZ_FILE_DIRECTORY && (writes || (flags & TWZ_OPEN_CREATE)))
		return RT_ERROR(IS_A_DIRECTORY);
	if (writes && walk->place.read_only)
		return RT_ERROR(READ_ONLY);
	twz_result result = walk->place.fs->open(&walk->place, flags & FILE_FLAGS, out);
	if (result >= 0 && (flags & TWZ_OPEN_TRUNCATE) && kind == TWZ_FILE_REGULAR) {
		result = (*out)->ops->truncate(*out, 0);
		if (result < 0)
			rt_file_put(*out);
	}
	return result;
}

/* Host files are reopened by name after a fork and in a new program; directories are walked from.
 */
static twz_result remember_path(const struct rt_walk *walk, struct rt_file *file)
{
	if (!walk->missing)
		return rt_file_set_path(file, walk->path, walk->length);
	size_t length = walk->length + 1 + walk->name.length;
	char *whole = twz_rt_malloc(length, 1, 0);
	if (whole == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	memcpy(whole, walk->path, walk->length);
	whole[walk->length] = '/';
	memcpy(whole + walk->length + 1, walk->name.text, walk->name.length);
	twz_result result = rt_file_set_path(file, whole, length);
	twz_rt_free(whole, length, 1);
	return result;
}

static twz_result open_path(int at, const char *path, size_t length, uint32_t flags, uint32_t mode,
			    struct rt_file **out)
{
	struct rt_walk walk;
	uint32_t walk_flags = RT_WALK_FOLLOW;
	twz_result result;
	if ((flags & ~OPEN_FLAGS) || mode > 07777 ||
	    ((flags & TWZ_OPEN_TRUNCATE) && !(flags & TWZ_OPEN_WRITE)))
		return RT_ERROR(INVALID_ARGUMENT);
	if ((flags & TWZ_OPEN_NOFOLLOW) ||
	    ((flags & TWZ_OPEN_CREATE) && (flags & TWZ_OPEN_EXCLUSIVE)))
		walk_flags &= ~RT_WALK_FOLLOW;
	if (flags & TWZ_OPEN_CREATE)
		walk_flags |= RT_WALK_MISSING;
	for (;;) {
		result = rt_walk(&walk, at, path, length, walk_flags);
		if (result < 0)
			return result;
		if (!walk.missing) {
			result = open_there(&walk, flags, out);
			/* Its object went with the program that made it: so does the name. */
			if (result != RT_ERROR(NO_SUCH_OBJECT) || walk.place.read_only)
				break;
			rt_walk_end(&walk);
			result = twz_rt_path_remove(at, path, length, 0);
			if (result < 0 && result != RT_ERROR(NOT_FOUND))
				return result;
			if (!(flags & TWZ_OPEN_CREATE))
				return RT_ERROR(NOT_FOUND);
			continue;
		}
		if (walk.trailing)
			result = RT_ERROR(IS_A_DIRECTORY);
		else if (walk.place.read_only || walk.place.fs->create == NULL)
			result = RT_ERROR(READ_ONLY);
		else
			result = walk.place.fs->create(&walk.place, walk.name, flags & FILE_FLAGS,
						       mode, out);
		/* Somebody else has made it since the walk: open that one. */
		if (result != RT_ERROR(EXISTS) || (flags & TWZ_OPEN_EXCLUSIVE))
			break;
		rt_walk_end(&walk);
	}
	if (result >= 0) {
		result = remember_path(&walk, *out);
		if (result < 0)
			rt_file_put(*out);
	}
	rt_walk_end(&walk);
	return result < 0 ? result : 0;
}

twz_result rt_path_open(int at, const char *path, size_t length, uint32_t flags, uint32_t mode,
			struct rt_file **out)
{
	return RT_LOOK(open_path(at, path, length, flags, mode, out));
}

twz_result twz_rt_fd_open(int at, const char *path, size_t length, uint32_t flags, uint32_t mode)
{
	struct rt_file *file = NULL;
	twz_result result = rt_path_open(at, path, length, flags, mode, &file);
	if (result < 0)
		return result;
	rt_lock(&rt_fd_lock);
	result = rt_table_place(&rt_fds, file, 0, flags & TWZ_OPEN_CLOEXEC);
	rt_unlock(&rt_fd_lock);
	if (result < 0)
		rt_file_put(file);
	return result;
}

/* An empty path is the current directory here. */
static twz_result walk_or_cwd(struct rt_walk *walk, int at, const char *path, size_t length,
			      uint32_t flags)
{
	return length != 0 ? rt_walk(walk, at, path, length, flags)
			   : rt_walk(walk, TWZ_RT_AT_CWD, ".", 1, flags);
}

static twz_result fd_set_times(int fd, uint64_t access, uint64_t modify)
{
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = RT_ERROR(NOT_SUPPORTED);
	if (file->ops->set_times != NULL)
		result = file->ops->set_times(file, access, modify);
	rt_file_put(file);
	return result;
}

static twz_result path_stat(int at, const char *path, size_t length, uint32_t flags,
			    struct twz_rt_stat *out)
{
	struct rt_walk walk;
	if (out == NULL || !rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	if (flags & ~TWZ_STAT_NOFOLLOW)
		return RT_ERROR(INVALID_ARGUMENT);
	if (length == 0 && at != TWZ_RT_AT_CWD)
		return twz_rt_fd_stat(at, out);
	twz_result result = walk_or_cwd(&walk, at, path, length,
					(flags & TWZ_STAT_NOFOLLOW) ? 0 : RT_WALK_FOLLOW);
	if (result < 0)
		return result;
	*out = (struct twz_rt_stat){.kind = walk.place.kind, .mode = 0666, .links = 1};
	result = walk.place.fs->stat(&walk.place, out);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_path_stat(int at, const char *path, size_t length, uint32_t flags,
			    struct twz_rt_stat *out)
{
	return RT_LOOK(path_stat(at, path, length, flags, out));
}

static twz_result set_times(int at, const char *path, size_t length, uint32_t flags,
			    uint64_t access, uint64_t modify)
{
	struct rt_walk walk;
	if (flags & ~TWZ_STAT_NOFOLLOW)
		return RT_ERROR(INVALID_ARGUMENT);
	if (length == 0 && at != TWZ_RT_AT_CWD)
		return fd_set_times(at, access, modify);
	twz_result result = walk_or_cwd(&walk, at, path, length,
					(flags & TWZ_STAT_NOFOLLOW) ? 0 : RT_WALK_FOLLOW);
	if (result < 0)
		return result;
	if (walk.place.read_only || walk.place.fs->set_times == NULL)
		result = RT_ERROR(READ_ONLY);
	else
		result = walk.place.fs->set_times(&walk.place, access, modify);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_path_set_times(int at, const char *path, size_t length, uint32_t flags,
				 uint64_t access, uint64_t modify)
{
	return RT_LOOK(set_times(at, path, length, flags, access, modify));
}

/* Why a name with a slash behind it is not removed as a file: C's remove() wants to know. */
static twz_result not_a_file(struct rt_walk *walk)
{
	twz_result result = walk->place.fs->step(&walk->place, walk->name.text, walk->name.length);
	if (result < 0)
		return result;
	return walk->place.kind == TWZ_FILE_DIRECTORY ? RT_ERROR(IS_A_DIRECTORY)
						      : RT_ERROR(NOT_A_DIRECTORY);
}

static twz_result remove_name(int at, const char *path, size_t length, uint32_t flags)
{
	struct rt_walk walk;
	bool directory = flags & TWZ_REMOVE_DIRECTORY;
	if (flags & ~TWZ_REMOVE_DIRECTORY)
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result result = rt_walk(&walk, at, path, length, RT_WALK_PARENT);
	if (result < 0)
		return result;
	if (walk.place.read_only || walk.place.fs->remove == NULL)
		result = RT_ERROR(READ_ONLY);
	else if (walk.trailing && !directory)
		result = not_a_file(&walk);
	else
		result = walk.place.fs->remove(&walk.place, walk.name, directory);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_path_remove(int at, const char *path, size_t length, uint32_t flags)
{
	return RT_LOOK(remove_name(at, path, length, flags));
}

static twz_result make_directory(int at, const char *path, size_t length, uint32_t mode)
{
	struct rt_walk walk;
	if (mode > 07777)
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result result = rt_walk_missing(&walk, at, path, length);
	if (result < 0)
		return result;
	if (walk.place.read_only || walk.place.fs->make_directory == NULL)
		result = RT_ERROR(READ_ONLY);
	else
		result = walk.place.fs->make_directory(&walk.place, walk.name, mode);
	rt_walk_end(&walk);
	return result;
}

twz_result twz_rt_path_mkdir(int at, const char *path, size_t length, uint32_t mode)
{
	return RT_LOOK(make_directory(at, path, length, mode));
}
