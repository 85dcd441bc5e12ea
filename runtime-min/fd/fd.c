/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of descriptors: place, duplicate, close; and the counted files behind them. */
#include "fd/fd.h"
#include "files/hostfs.h"
#include "fd/position.h"

struct rt_fd_table rt_fds;
struct rt_lock rt_fd_lock;

static struct rt_lock files_lock;
static struct rt_file *files; /* all of the program */

void rt_fd_before_fork(void)
{
	rt_lock(&rt_fd_lock);
	rt_lock(&files_lock);
}

void rt_fd_after_fork(bool child)
{
	if (child) {
		rt_hostfs_forked();
		for (struct rt_file *file = files; file != NULL; file = file->next) {
			file->lock.word = 0;
			if (file->ops->forked != NULL)
				file->ops->forked(file);
		}
	}
	rt_unlock(&files_lock);
	rt_unlock(&rt_fd_lock);
}

void rt_fd_share(struct twz_id child)
{
	for (struct rt_file *file = files; file != NULL; file = file->next) {
		if (file->ops->share != NULL)
			file->ops->share(file, child);
		rt_position_share(file, child);
	}
}

void rt_fd_prepare_fork(void)
{
	/* A descriptor that another thread opens meanwhile is its own in each program. */
	for (size_t fd = 0; fd < __atomic_load_n(&rt_fds.count, __ATOMIC_RELAXED); fd++) {
		struct rt_file *file = rt_fd_file((int)fd);
		if (file == NULL)
			continue;
		rt_position_make(file);
		rt_file_put(file);
	}
}

void rt_fd_end(void)
{
	uint32_t free = 0;
	/* A thread that is being ended, this one too, may hold it. */
	if (!__atomic_compare_exchange_n(&files_lock.word, &free, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	for (struct rt_file *file = files; file != NULL; file = file->next) {
		if (file->ops->end != NULL)
			file->ops->end(file);
		rt_position_end(file);
	}
	rt_unlock(&files_lock);
}

/* ---- files ---- */

struct rt_file *rt_file_new(const struct rt_file_ops *ops, uint32_t flags)
{
	struct rt_file *file = twz_rt_malloc(ops->size, 16, TWZ_MALLOC_ZERO);
	if (file == NULL)
		return NULL;
	file->ops = ops;
	file->references = 1;
	file->flags = flags;
	rt_lock(&files_lock);
	file->next = files;
	if (files != NULL)
		files->previous = file;
	files = file;
	rt_unlock(&files_lock);
	return file;
}

struct rt_file *rt_file_new_of(const struct rt_kind_ops *kinds, uint32_t kind, uint32_t flags)
{
	if (kind == TWZ_FILE_DIRECTORY)
		return rt_file_new(&kinds->directory, flags);
	return rt_file_new(kind == TWZ_FILE_SYMLINK ? &kinds->link : &kinds->regular, flags);
}

twz_result rt_file_set_path(struct rt_file *file, const char *path, size_t length)
{
	char *copy = twz_rt_malloc(length + 1, 1, 0);
	if (copy == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	memcpy(copy, path, length);
	copy[length] = 0;
	file->path = copy;
	file->path_length = length;
	return 0;
}

void rt_file_get(struct rt_file *file)
{
	__atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

void rt_file_put(struct rt_file *file)
{
	if (file == NULL || __atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	rt_lock(&files_lock);
	if (file->previous != NULL)
		file->previous->next = file->next;
	else
		files = file->next;
	if (file->next != NULL)
		file->next->previous = file->previous;
	rt_unlock(&files_lock);
	rt_position_close(file);
	if (file->ops->close != NULL)
		file->ops->close(file);
	if (file->path != NULL)
		twz_rt_free(file->path, file->path_length + 1, 1);
	twz_rt_free(file, file->ops->size, 16);
}

struct rt_file *rt_fd_file(int fd)
{
	struct rt_file *file = NULL;
	rt_lock(&rt_fd_lock);
	if (fd >= 0 && (size_t)fd < rt_fds.count)
		file = rt_fds.entries[fd].file;
	if (file != NULL)
		rt_file_get(file);
	rt_unlock(&rt_fd_lock);
	return file;
}

/* ---- tables ---- */

static twz_result grow(struct rt_fd_table *table, size_t count)
{
	size_t wanted = table->count != 0 ? table->count : 16;
	if (count <= table->count)
		return 0;
	if (count > INT32_MAX / 2)
		return RT_ERROR(TOO_MANY);
	while (wanted < count)
		wanted *= 2;
	struct rt_fd *entries = twz_rt_realloc(table->entries, table->count * sizeof(*entries), 8,
					       wanted * sizeof(*entries), TWZ_MALLOC_ZERO);
	if (entries == NULL)
		return RT_ERROR(TOO_MANY);
	table->entries = entries;
	table->count = wanted;
	return 0;
}

twz_result rt_table_place(struct rt_fd_table *table, struct rt_file *file, int minimum,
			  bool cloexec)
{
	size_t fd = (size_t)minimum;
	while (fd < table->count && table->entries[fd].file != NULL)
		fd++;
	twz_result result = grow(table, fd + 1);
	if (result < 0)
		return result;
	table->entries[fd] = (struct rt_fd){file, cloexec};
	return (twz_result)fd;
}

twz_result rt_table_set(struct rt_fd_table *table, int fd, struct rt_file *file, bool cloexec,
			struct rt_file **old)
{
	*old = NULL;
	if (file == NULL && (size_t)fd >= table->count)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = grow(table, (size_t)fd + 1);
	if (result < 0)
		return result;
	*old = table->entries[fd].file;
	table->entries[fd] = (struct rt_fd){file, cloexec};
	return fd;
}

twz_result rt_table_copy(const struct rt_fd_table *table, struct rt_fd_table *copy)
{
	*copy = (struct rt_fd_table){0};
	twz_result result = grow(copy, table->count);
	if (result < 0)
		return result;
	for (size_t fd = 0; fd < table->count; fd++) {
		copy->entries[fd] = table->entries[fd];
		if (copy->entries[fd].file != NULL)
			rt_file_get(copy->entries[fd].file);
	}
	return 0;
}

void rt_table_free(struct rt_fd_table *table)
{
	for (size_t fd = 0; fd < table->count; fd++)
		rt_file_put(table->entries[fd].file);
	twz_rt_free(table->entries, table->count * sizeof(*table->entries), 8);
	*table = (struct rt_fd_table){0};
}

/* ---- the ABI's calls ---- */

twz_result twz_rt_fd_close(int fd)
{
	struct rt_file *old = NULL;
	twz_result result = RT_ERROR(BAD_HANDLE);
	rt_lock(&rt_fd_lock);
	if (fd >= 0)
		result = rt_table_set(&rt_fds, fd, NULL, false, &old);
	rt_unlock(&rt_fd_lock);
	if (result < 0 || old == NULL)
		return RT_ERROR(BAD_HANDLE);
	rt_file_put(old);
	return 0;
}

twz_result twz_rt_fd_dup(int fd, int minimum, uint32_t flags)
{
	if (minimum < 0 || (flags & ~TWZ_OPEN_CLOEXEC))
		return RT_ERROR(INVALID_ARGUMENT);
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	rt_lock(&rt_fd_lock);
	twz_result result = rt_table_place(&rt_fds, file, minimum, flags & TWZ_OPEN_CLOEXEC);
	rt_unlock(&rt_fd_lock);
	if (result < 0)
		rt_file_put(file);
	return result;
}

twz_result twz_rt_fd_dup_to(int fd, int to, uint32_t flags)
{
	struct rt_file *old = NULL;
	if (flags & ~TWZ_OPEN_CLOEXEC)
		return RT_ERROR(INVALID_ARGUMENT);
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL || to < 0) {
		rt_file_put(file);
		return RT_ERROR(BAD_HANDLE);
	}
	rt_lock(&rt_fd_lock);
	twz_result result = rt_table_set(&rt_fds, to, file, flags & TWZ_OPEN_CLOEXEC, &old);
	rt_unlock(&rt_fd_lock);
	rt_file_put(result < 0 ? file : old);
	return result;
}

static twz_result cloexec(int fd, bool set, bool value)
{
	twz_result result = RT_ERROR(BAD_HANDLE);
	rt_lock(&rt_fd_lock);
	if (fd >= 0 && (size_t)fd < rt_fds.count && rt_fds.entries[fd].file != NULL) {
		if (set)
			rt_fds.entries[fd].cloexec = value;
		result = rt_fds.entries[fd].cloexec;
	}
	rt_unlock(&rt_fd_lock);
	return set && result >= 0 ? 0 : result;
}

static twz_result file_command(struct rt_file *file, uint32_t command, uint64_t argument)
{
	const struct rt_file_ops *ops = file->ops;
	const uint32_t changeable = TWZ_OPEN_APPEND | TWZ_OPEN_NONBLOCK;
	switch (command) {
	case TWZ_FD_GET_FLAGS:
		return __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
	case TWZ_FD_SET_FLAGS:
		if (argument & ~(uint64_t)changeable)
			return RT_ERROR(INVALID_ARGUMENT);
		rt_lock(&file->lock);
		__atomic_store_n(&file->flags, (file->flags & ~changeable) | (uint32_t)argument,
				 __ATOMIC_RELAXED);
		rt_unlock(&file->lock);
		return 0;
	case TWZ_FD_TRUNCATE:
		if (!(file->flags & TWZ_OPEN_WRITE) || ops->truncate == NULL)
			return RT_ERROR(INVALID_ARGUMENT);
		return ops->truncate(file, argument);
	case TWZ_FD_SYNC:
		return ops->sync != NULL ? ops->sync(file) : RT_ERROR(INVALID_ARGUMENT);
	case TWZ_FD_IS_TERMINAL:
		return ops->kind == TWZ_FILE_TERMINAL ? 1 : RT_ERROR(NOT_A_TERMINAL);
	case TWZ_FD_SET_MODE:
		if (argument > 07777)
			return RT_ERROR(INVALID_ARGUMENT);
		return ops->set_mode != NULL ? ops->set_mode(file, (uint32_t)argument)
					     : RT_ERROR(NOT_SUPPORTED);
	case TWZ_FD_GET_TERMINAL:
	case TWZ_FD_SET_TERMINAL:
	case TWZ_FD_DROP_INPUT:
		return ops->terminal != NULL ? ops->terminal(file, command, argument)
					     : RT_ERROR(NOT_A_TERMINAL);
	case TWZ_FD_READABLE:
		return ops->readable != NULL ? ops->readable(file) : RT_ERROR(INVALID_ARGUMENT);
	}
	return RT_ERROR(INVALID_ARGUMENT);
}

twz_result twz_rt_fd_command(int fd, uint32_t command, uint64_t argument)
{
	if (command == TWZ_FD_GET_CLOEXEC || command == TWZ_FD_SET_CLOEXEC)
		return cloexec(fd, command == TWZ_FD_SET_CLOEXEC, argument != 0);
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = file_command(file, command, argument);
	rt_file_put(file);
	return result;
}

twz_result twz_rt_fd_stat(int fd, struct twz_rt_stat *out)
{
	if (out == NULL || !rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	*out = (struct twz_rt_stat){.kind = file->ops->kind, .mode = 0666, .links = 1};
	twz_result result = file->ops->stat != NULL ? file->ops->stat(file, out) : 0;
	rt_file_put(file);
	return result;
}

twz_result twz_rt_fd_object(int fd, struct twz_id *id)
{
	if (id == NULL || !rt_user_pointer(id, sizeof(*id)))
		return RT_ERROR(BAD_ADDRESS);
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = RT_ERROR(NOT_SUPPORTED);
	if (file->ops->object != NULL)
		result = file->ops->object(file, id);
	rt_file_put(file);
	return result;
}

twz_result twz_rt_fd_enumerate(int fd, struct twz_rt_dirent *entries, size_t count)
{
	if (count > SIZE_MAX / sizeof(*entries) || entries == NULL ||
	    !rt_user_pointer(entries, count * sizeof(*entries)))
		return RT_ERROR(BAD_ADDRESS);
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = RT_ERROR(NOT_A_DIRECTORY);
	if (file->ops->enumerate != NULL) {
		rt_lock(&file->lock);
		result = file->ops->enumerate(file, &file->position, entries, count);
		rt_unlock(&file->lock);
	}
	rt_file_put(file);
	return result;
}
