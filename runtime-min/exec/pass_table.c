/* SPDX-License-Identifier: BSD-2-Clause */
/* The spawn block: what a new program's descriptors and current directory are. */
#include "exec/exec.h"
#include "files/path.h"
#include "fd/position.h"

/* What fd_pass_table keeps alive until fd_pass_done. */
struct passing {
	struct passing *next;
	struct rt_fd_table table;
	char *cwd; /* of cwd_length + 1 bytes; "" is the root */
	size_t cwd_length;
	struct twz_rt_spawn_block *block;
};

static struct passing *all;

static void free_passing(struct passing *passing)
{
	rt_table_free(&passing->table);
	if (passing->cwd != NULL)
		twz_rt_free(passing->cwd, passing->cwd_length + 1, 1);
	twz_rt_free(passing, sizeof(*passing), 8);
}

/* A path as the new program would see it, absolute: from its own current directory. */
static char *absolute(const struct passing *passing, const char *path, size_t *length)
{
	size_t own = rt_string_length(path);
	size_t prefix = path[0] == '/' ? 0 : passing->cwd_length + 1;
	char *whole = twz_rt_malloc(prefix + own + 1, 1, 0);
	if (whole == NULL)
		return NULL;
	if (prefix != 0) {
		memcpy(whole, passing->cwd, passing->cwd_length);
		whole[passing->cwd_length] = '/';
	}
	memcpy(whole + prefix, path, own);
	whole[prefix + own] = 0;
	*length = prefix + own;
	return whole;
}

static twz_result set(struct passing *passing, int fd, struct rt_file *file)
{
	struct rt_file *old;
	if (fd < 0) {
		rt_file_put(file);
		return RT_ERROR(BAD_HANDLE);
	}
	twz_result result = rt_table_set(&passing->table, fd, file, false, &old);
	rt_file_put(result < 0 ? file : old);
	return result;
}

static twz_result change_directory(struct passing *passing, const char *path, size_t length)
{
	struct rt_walk walk;
	twz_result result = rt_walk(&walk, TWZ_RT_AT_CWD, path, length, RT_WALK_FOLLOW);
	if (result < 0)
		return result;
	char *cwd = twz_rt_malloc(walk.length + 1, 1, 0);
	if (walk.place.kind != TWZ_FILE_DIRECTORY)
		result = RT_ERROR(NOT_A_DIRECTORY);
	else if (cwd == NULL)
		result = RT_ERROR(OUT_OF_MEMORY);
	if (result >= 0) {
		memcpy(cwd, walk.path, walk.length + 1);
		twz_rt_free(passing->cwd, passing->cwd_length + 1, 1);
		passing->cwd = cwd;
		passing->cwd_length = walk.length;
	} else if (cwd != NULL) {
		twz_rt_free(cwd, walk.length + 1, 1);
	}
	rt_walk_end(&walk);
	return result;
}

static twz_result act(struct passing *passing, const struct twz_rt_spawn_action *action)
{
	struct rt_fd_table *table = &passing->table;
	struct rt_file *file = NULL;
	twz_result result = RT_ERROR(INVALID_ARGUMENT);
	size_t length;
	bool has_from = action->from >= 0 && (size_t)action->from < table->count &&
			table->entries[action->from].file != NULL;
	switch (action->kind) {
	case TWZ_SPAWN_FCHDIR:
		if (!has_from)
			return RT_ERROR(BAD_HANDLE);
		file = table->entries[action->from].file;
		if (file->ops->kind != TWZ_FILE_DIRECTORY || file->path == NULL)
			return RT_ERROR(NOT_A_DIRECTORY);
		return file->path_length != 0
			       ? change_directory(passing, file->path, file->path_length)
			       : change_directory(passing, "/", 1);
	case TWZ_SPAWN_DUP:
		if (!has_from)
			return RT_ERROR(BAD_HANDLE);
		file = table->entries[action->from].file;
		rt_file_get(file);
		return set(passing, action->to, file);
	case TWZ_SPAWN_CLOSE:
		/* As with POSIX, closing what is not open is no error here. */
		return action->to >= 0 && (size_t)action->to < table->count
			       ? set(passing, action->to, NULL)
			       : 0;
	case TWZ_SPAWN_OPEN:
	case TWZ_SPAWN_CHDIR:
		if (!rt_user_pointer(action->path, 1) || action->path == NULL)
			return RT_ERROR(BAD_ADDRESS);
		char *path = absolute(passing, action->path, &length);
		if (path == NULL)
			return RT_ERROR(OUT_OF_MEMORY);
		if (action->kind == TWZ_SPAWN_CHDIR)
			result = change_directory(passing, path, length);
		else
			result = rt_path_open(TWZ_RT_AT_CWD, path, length, action->flags,
					      action->mode, &file);
		if (result >= 0 && file != NULL)
			result = set(passing, action->to, file);
		twz_rt_free(path, length + 1, 1);
		return result;
	}
	return result;
}

/* The root's path is kept as ""; on the outside it is "/". */
static size_t text_length(const char *path, size_t length)
{
	return path == NULL ? 0 : length != 0 ? length : 1;
}

static uint32_t put_text(struct twz_rt_spawn_block *block, uint32_t *at, const char *path,
			 size_t length)
{
	uint32_t start = *at;
	char *text = (char *)block + start;
	if (length == 0)
		text[0] = '/';
	memcpy(text, path, length);
	*at += (uint32_t)text_length(path, length) + 1;
	return start;
}

static twz_result write_block(struct passing *passing)
{
	size_t size = sizeof(*passing->block) + text_length(passing->cwd, passing->cwd_length) + 1;
	uint32_t count = 0;
	for (size_t fd = 0; fd < passing->table.count; fd++) {
		struct rt_file *file = passing->table.entries[fd].file;
		if (file == NULL || passing->table.entries[fd].cloexec || file->ops->pass == NULL)
			continue;
		count++;
		size += sizeof(passing->block->fds[0]) + sizeof(struct twz_id) +
			text_length(file->path, file->path_length) + 1;
	}
	if (size > INT32_MAX)
		return RT_ERROR(TOO_MANY);
	struct twz_rt_spawn_block *block = twz_rt_malloc(size, 8, TWZ_MALLOC_ZERO);
	if (block == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	block->abi = (struct twz_abi_version){TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	block->size = (uint32_t)size;
	block->fd_count = count;
	uint32_t at = (uint32_t)(sizeof(*block) + count * sizeof(block->fds[0]));
	struct twz_id *positions = (struct twz_id *)((char *)block + at);
	block->positions = at;
	at += (uint32_t)(count * sizeof(*positions));
	block->cwd = put_text(block, &at, passing->cwd, passing->cwd_length);
	count = 0;
	for (size_t fd = 0; fd < passing->table.count; fd++) {
		struct rt_file *file = passing->table.entries[fd].file;
		const char *path;
		size_t length;
		if (file == NULL || passing->table.entries[fd].cloexec || file->ops->pass == NULL)
			continue;
		struct twz_rt_passed_fd *passed = &block->fds[count];
		twz_result result = rt_file_pass(file, (int)fd, passed, &path, &length);
		if (result < 0) {
			twz_rt_free(block, size, 8);
			return result;
		}
		positions[count++] = rt_position_id(file);
		if (path != NULL)
			passed->path = put_text(block, &at, path, length);
	}
	passing->block = block;
	return 0;
}

twz_result fd_pass_table(const struct twz_rt_spawn_action *actions, size_t action_count,
			 struct twz_rt_spawn_block **block, size_t *size)
{
	struct passing *passing = twz_rt_malloc(sizeof(*passing), 8, TWZ_MALLOC_ZERO);
	if (passing == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	passing->cwd = rt_cwd(&passing->cwd_length);
	rt_lock(&rt_fd_lock);
	twz_result result = rt_table_copy(&rt_fds, &passing->table);
	rt_unlock(&rt_fd_lock);
	if (passing->cwd == NULL)
		result = RT_ERROR(OUT_OF_MEMORY);
	for (size_t i = 0; i < action_count && result >= 0; i++)
		result = act(passing, &actions[i]);
	if (result >= 0)
		result = write_block(passing);
	if (result < 0) {
		free_passing(passing);
		return result;
	}
	*block = passing->block;
	*size = passing->block->size;
	rt_lock(&rt_locks[RT_LOCK_PASSING]);
	passing->next = all;
	all = passing;
	rt_unlock(&rt_locks[RT_LOCK_PASSING]);
	return 0;
}

void fd_pass_share(const struct twz_rt_spawn_block *block, struct twz_id child)
{
	struct passing *passing;
	rt_lock(&rt_locks[RT_LOCK_PASSING]);
	for (passing = all; passing != NULL && passing->block != block; passing = passing->next)
		continue;
	rt_unlock(&rt_locks[RT_LOCK_PASSING]);
	for (size_t fd = 0; passing != NULL && fd < passing->table.count; fd++) {
		const struct rt_fd *entry = &passing->table.entries[fd];
		if (entry->file == NULL || entry->cloexec)
			continue;
		if (entry->file->ops->share != NULL)
			entry->file->ops->share(entry->file, child);
		rt_position_share(entry->file, child);
	}
}

void fd_pass_done(struct twz_rt_spawn_block *block, int started)
{
	(void)started;
	rt_lock(&rt_locks[RT_LOCK_PASSING]);
	struct passing **link = &all;
	while (*link != NULL && (*link)->block != block)
		link = &(*link)->next;
	struct passing *passing = *link;
	if (passing != NULL)
		*link = passing->next;
	rt_unlock(&rt_locks[RT_LOCK_PASSING]);
	if (passing != NULL)
		free_passing(passing);
}
