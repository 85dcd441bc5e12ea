/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors from one program to the next: told by the parent, opened by the child. */
#include "files/objectfs.h"
#include "files/path.h"
#include "fd/pipe.h"
#include "fd/position.h"
#include "start.h"

#define PASSED_FLAGS                                                             \
	(TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_APPEND | TWZ_OPEN_DIRECTORY | \
	 TWZ_OPEN_NONBLOCK | TWZ_OPEN_PATH)

twz_result rt_file_pass(struct rt_file *file, int fd, struct twz_rt_passed_fd *out,
			const char **path, size_t *path_length)
{
	if (file->ops->pass == NULL)
		return RT_ERROR(NOT_SUPPORTED);
	*out = (struct twz_rt_passed_fd){.fd = fd, .flags = file->flags};
	rt_position_make(file);
	uint64_t *position;
	twz_result result = rt_position_lock(file, &position);
	if (result < 0)
		return result;
	out->position = *position;
	rt_position_unlock(file);
	*path = file->path;
	*path_length = file->path_length;
	return file->ops->pass(file, out);
}

twz_result rt_file_adopt(const struct twz_rt_passed_fd *passed, const char *path,
			 size_t path_length, struct rt_file **out)
{
	twz_result result = RT_ERROR(INVALID_ARGUMENT);
	uint32_t flags = passed->flags & PASSED_FLAGS;
	switch (passed->kind) {
	case TWZ_PASS_STREAM:
		result = rt_stream_open(passed->handle, flags, out);
		break;
	case TWZ_PASS_DEVICE:
		result = rt_device_open(passed->handle, flags, out);
		break;
	case TWZ_PASS_OBJECT:
		result = rt_objectfs_open(passed->id, passed->handle, flags, out);
		break;
	case TWZ_PASS_PIPE:
		result = rt_pipe_adopt(passed->id, flags, out);
		break;
	case TWZ_PASS_HOST:
		if (path_length == 0)
			return RT_ERROR(INVALID_ARGUMENT);
		result = rt_path_open(TWZ_RT_AT_CWD, path, path_length, flags, 0, out);
		break;
	}
	if (result < 0)
		return result;
	if ((*out)->path == NULL && path_length != 0) {
		while (path_length != 0 && path[path_length - 1] == '/')
			path_length--; /* the root's path is kept as "" */
		result = rt_file_set_path(*out, path, path_length);
	}
	if (result >= 0 && passed->position > INT64_MAX)
		result = RT_ERROR(INVALID_ARGUMENT);
	if (result < 0) {
		rt_file_put(*out);
		return result;
	}
	(*out)->position = passed->position;
	return 0;
}

static void enter(struct rt_file *file, int fd)
{
	struct rt_file *old;
	if (rt_table_set(&rt_fds, fd, file, false, &old) < 0)
		rt_fatal("out of memory for the descriptors");
	rt_file_put(old);
}

static void adopt_all(const struct twz_rt_spawn_block *block)
{
	const char *bytes = (const char *)block;
	const struct twz_id *positions =
		block->positions != 0 ? (const struct twz_id *)(bytes + block->positions) : NULL;
	for (uint32_t i = 0; i < block->fd_count; i++) {
		const struct twz_rt_passed_fd *passed = &block->fds[i];
		const char *path = passed->path != 0 ? bytes + passed->path : "";
		struct rt_file *file;
		/* A file that is gone since leaves its descriptor closed, as after a close. */
		if (rt_file_adopt(passed, path, rt_string_length(path), &file) < 0)
			continue;
		if (positions != NULL)
			rt_position_adopt(file, positions[i]);
		enter(file, passed->fd);
	}
}

static void open_console(void)
{
	twz_result stream = twz_sys_stream_find("console", 7);
	for (int fd = 0; fd < 3; fd++) {
		struct rt_file *file;
		uint32_t flags = fd == 0 ? TWZ_OPEN_READ : TWZ_OPEN_WRITE;
		twz_result result = stream < 0 ? rt_device_open(0, flags, &file)
					       : rt_stream_open((uint32_t)stream, flags, &file);
		if (result < 0)
			rt_fatal("neither console nor memory for the standard descriptors");
		enter(file, fd);
	}
}

void rt_fd_start(void)
{
	const struct twz_rt_spawn_block *block = rt_start.spawn;
	const char *cwd = block != NULL && block->cwd != 0 ? (const char *)block + block->cwd : "/";
	if (rt_cwd_start(cwd, rt_string_length(cwd)) < 0)
		rt_fatal("out of memory for the current directory");
	if (block != NULL)
		adopt_all(block);
	else
		open_console();
}
