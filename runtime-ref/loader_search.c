/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the file of a library: LD_LIBRARY_PATH, the requester's RUNPATH, /lib, /usr/lib. */
#include "loader.h"

#include "../runtime-min/start.h"

static const char system_directories[] = "/lib:/usr/lib";

/* A path that is put together. */
struct builder {
	char *text;
	size_t length, size;
	int failed;
};

static void put(struct builder *path, const char *text, size_t length)
{
	if (path->failed)
		return;
	if (path->length + length + 1 > path->size) {
		size_t size = (path->length + length + 1) * 2;
		char *larger = twz_rt_realloc(path->text, path->size, 1, size, 0);
		if (larger == NULL) {
			path->failed = 1;
			return;
		}
		path->text = larger;
		path->size = size;
	}
	memcpy(path->text + path->length, text, length);
	path->length += length;
	path->text[path->length] = '\0';
}

/* The caller's current directory, growing the path until it fits. */
static void put_current_directory(struct builder *path)
{
	for (size_t capacity = 256;; capacity *= 2) {
		char *buffer = twz_rt_malloc(capacity, 1, 0);
		twz_result length = -1;
		if (buffer != NULL)
			length = twz_rt_cwd_get(buffer, capacity);
		if (length < 0)
			path->failed = 1;
		else if ((size_t)length <= capacity)
			put(path, buffer, (size_t)length);
		if (buffer != NULL)
			twz_rt_free(buffer, capacity, 1);
		if (length < 0 || (size_t)length <= capacity)
			return;
	}
}

/* Length of the directory part, without the last slash. */
static size_t directory_length(const char *path)
{
	size_t length = rt_string_length(path);
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 1 ? length - 1 : length;
}

/* "$ORIGIN" or "${ORIGIN}" at `text`: how many bytes, else 0. */
static size_t origin_at(const char *text, size_t length)
{
	static const char plain[] = "$ORIGIN", braced[] = "${ORIGIN}";
	if (length >= sizeof(braced) - 1 && memcmp(text, braced, sizeof(braced) - 1) == 0)
		return sizeof(braced) - 1;
	if (length >= sizeof(plain) - 1 && memcmp(text, plain, sizeof(plain) - 1) == 0)
		return sizeof(plain) - 1;
	return 0;
}

/* One directory of a search list, $ORIGIN replaced, made absolute, and the name behind it. */
static void build_candidate(struct builder *path, const char *directory, size_t length,
			    const struct library *requester, const char *name)
{
	path->length = 0;
	int absolute = length > 0 && (directory[0] == '/' || origin_at(directory, length) != 0);
	if (!absolute) {
		put_current_directory(path);
		put(path, "/", 1);
	}
	for (size_t i = 0; i < length;) {
		size_t origin = origin_at(directory + i, length - i);
		if (origin == 0) {
			put(path, directory + i, 1);
			i++;
			continue;
		}
		put(path, requester->path, directory_length(requester->path));
		i += origin;
	}
	put(path, "/", 1);
	put(path, name, rt_string_length(name));
}

static twz_result try_open(const struct builder *path)
{
	if (path->failed)
		return RT_ERROR(OUT_OF_MEMORY);
	return twz_rt_fd_open(TWZ_RT_AT_CWD, path->text, path->length,
			      TWZ_OPEN_READ | TWZ_OPEN_CLOEXEC, 0);
}

/* Goes through a colon-separated list. NOT_FOUND when no directory has it. */
static twz_result try_list(struct builder *path, const char *list, const struct library *requester,
			   const char *name)
{
	while (list != NULL && *list != '\0') {
		size_t length = 0;
		while (list[length] != '\0' && list[length] != ':')
			length++;
		build_candidate(path, list, length, requester, name);
		twz_result fd = try_open(path);
		if (fd >= 0 || (fd != RT_ERROR(NOT_FOUND) && fd != RT_ERROR(NOT_A_DIRECTORY)))
			return fd;
		list += length + (list[length] == ':');
	}
	return RT_ERROR(NOT_FOUND);
}

static const char *environment(const char *name)
{
	size_t length = rt_string_length(name);
	for (char **entry = rt_start.envp; *entry != NULL; entry++) {
		if (memcmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return *entry + length + 1;
	}
	return NULL;
}

static int has_slash(const char *name)
{
	while (*name != '\0' && *name != '/')
		name++;
	return *name == '/';
}

int library_find(const char *name, const struct library *requester, char **path, size_t *path_size)
{
	struct builder builder = {0};
	twz_result fd;
	if (has_slash(name)) {
		size_t directory = directory_length(name);
		size_t skip = directory > 1 || name[0] != '/' ? directory + 1 : directory;
		build_candidate(&builder, name, directory, requester, name + skip);
		fd = try_open(&builder);
	} else {
		fd = try_list(&builder, environment("LD_LIBRARY_PATH"), requester, name);
		if (fd == RT_ERROR(NOT_FOUND))
			fd = try_list(&builder, requester->runpath, requester, name);
		if (fd == RT_ERROR(NOT_FOUND))
			fd = try_list(&builder, system_directories, requester, name);
	}
	if (fd >= 0) {
		*path = builder.text;
		*path_size = builder.size;
		return (int)fd;
	}
	if (builder.text != NULL)
		twz_rt_free(builder.text, builder.size, 1);
	if (has_slash(name) || fd != RT_ERROR(NOT_FOUND))
		loader_fail(name, twz_error_text(fd), ", needed by ", requester->path, NULL);
	else
		loader_fail(name,
			    "not found in LD_LIBRARY_PATH, RUNPATH, /lib or /usr/lib, needed by ",
			    requester->path, NULL);
	return -1;
}
