/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev: null, zero, random, urandom, console, tty, and every stream of the kernel by its name; and
 * the root of a system without a name tree.
 */
#include "files/path.h"

enum { STREAM_CONSOLE = 100 };

static const struct entry {
	const char *name;
	uint32_t number; /* of rt_device_open, or STREAM_CONSOLE */
	uint32_t kind;
} entries[] = {
	{"null", 0, TWZ_FILE_DEVICE},
	{"zero", 1, TWZ_FILE_DEVICE},
	{"random", 2, TWZ_FILE_DEVICE},
	{"urandom", 2, TWZ_FILE_DEVICE},
	{"console", STREAM_CONSOLE, TWZ_FILE_TERMINAL},
	{"tty", STREAM_CONSOLE, TWZ_FILE_TERMINAL},
	/* Listed only: what stands there is mounted (mount.c). */
	{"shm", 0, TWZ_FILE_DIRECTORY},
	{"mqueue", 0, TWZ_FILE_DIRECTORY},
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

#define INODE_BASE  16u
#define STREAM_BASE 0x10000u /* place->device of a stream: this and its number */

static twz_result device_step(struct rt_place *place, const char *name, size_t length)
{
	if (place->device == RT_DEVICE_FS_ROOT)
		return RT_ERROR(NOT_FOUND);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		if (entries[i].kind != TWZ_FILE_DIRECTORY &&
		    length == rt_string_length(entries[i].name) &&
		    memcmp(name, entries[i].name, length) == 0) {
			place->device = INODE_BASE + i;
			place->kind = entries[i].kind;
			place->read_only = false;
			return 0;
		}
	}
	twz_result stream = twz_sys_stream_find(name, length);
	if (stream < 0 || stream > INT32_MAX - (twz_result)STREAM_BASE)
		return RT_ERROR(NOT_FOUND);
	place->device = STREAM_BASE + (uint32_t)stream;
	place->kind = TWZ_FILE_STREAM;
	place->read_only = false;
	return 0;
}

static twz_result no_link(struct rt_place *place, char *buffer, size_t capacity)
{
	(void)place;
	(void)buffer;
	(void)capacity;
	return RT_ERROR(INVALID_ARGUMENT);
}

static twz_result device_stat(struct rt_place *place, struct twz_rt_stat *out)
{
	out->device = 1;
	out->inode = place->device;
	out->mode = place->kind == TWZ_FILE_DIRECTORY ? 0555 : 0666;
	return 0;
}

struct directory_file {
	struct rt_file file;
	uint32_t number;
};

static twz_result directory_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	out->device = 1;
	out->inode = ((struct directory_file *)file)->number;
	out->mode = 0555;
	return 0;
}

static twz_result directory_enumerate(struct rt_file *file, uint64_t *position,
				      struct twz_rt_dirent *out, size_t count)
{
	size_t made = 0;
	bool root = ((struct directory_file *)file)->number == RT_DEVICE_FS_ROOT;
	while (made < count) {
		uint64_t at = *position;
		const char *name = root		  ? rt_mount_name(at)
				   : at < ENTRIES ? entries[at].name
						  : NULL;
		if (name == NULL)
			break;
		struct twz_rt_dirent *entry = &out[made++];
		*entry = (struct twz_rt_dirent){
			.inode = INODE_BASE + at,
			.next = at + 1,
			.kind = root ? (uint32_t)TWZ_FILE_DIRECTORY : entries[at].kind,
			.length = (uint32_t)rt_string_length(name),
		};
		memcpy(entry->name, name, entry->length);
		*position = at + 1;
	}
	return (twz_result)made;
}

static const struct rt_file_ops directory_ops = {
	.kind = TWZ_FILE_DIRECTORY,
	.stat = directory_stat,
	.enumerate = directory_enumerate,
	.size = sizeof(struct directory_file),
};

static twz_result device_open(struct rt_place *place, uint32_t flags, struct rt_file **out)
{
	if (place->kind == TWZ_FILE_DIRECTORY) {
		*out = rt_file_new(&directory_ops, flags);
		if (*out == NULL)
			return RT_ERROR(OUT_OF_MEMORY);
		((struct directory_file *)*out)->number = place->device;
		return 0;
	}
	if (place->device >= STREAM_BASE)
		return rt_stream_open(place->device - STREAM_BASE, flags, out);
	const struct entry *entry = &entries[place->device - INODE_BASE];
	if (entry->number != STREAM_CONSOLE)
		return rt_device_open(entry->number, flags, out);
	twz_result stream = twz_sys_stream_find("console", 7);
	return stream < 0 ? stream : rt_stream_open((uint32_t)stream, flags, out);
}

const struct rt_fs rt_device_fs = {
	.step = device_step,
	.read_link = no_link,
	.stat = device_stat,
	.open = device_open,
};
