/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc: what programs look for of themselves there. /proc/self/exe is a link to the program. */
#include "files/path.h"
#include "start.h"

enum { SELF_DIRECTORY = RT_PROC_FS_ROOT + 1, SELF_EXE };

static bool is(const char *name, size_t length, const char *wanted)
{
	return length == rt_string_length(wanted) && memcmp(name, wanted, length) == 0;
}

static twz_result proc_step(struct rt_place *place, const char *name, size_t length)
{
	if (place->device == RT_PROC_FS_ROOT && is(name, length, "self")) {
		place->device = SELF_DIRECTORY;
	} else if (place->device == SELF_DIRECTORY && is(name, length, "exe") &&
		   rt_start.path[0] == '/') {
		place->device = SELF_EXE;
		place->kind = TWZ_FILE_SYMLINK;
	} else {
		return RT_ERROR(NOT_FOUND);
	}
	return 0;
}

static twz_result proc_read_link(struct rt_place *place, char *buffer, size_t capacity)
{
	size_t length = rt_string_length(rt_start.path);
	if (place->device != SELF_EXE)
		return RT_ERROR(INVALID_ARGUMENT);
	memcpy(buffer, rt_start.path, length < capacity ? length : capacity);
	return (twz_result)length;
}

static void fill(uint32_t number, struct twz_rt_stat *out)
{
	out->device = 7;
	out->inode = number;
	out->mode = number == SELF_EXE ? 0777 : 0555;
	out->size = number == SELF_EXE ? rt_string_length(rt_start.path) : 0;
}

static twz_result proc_stat(struct rt_place *place, struct twz_rt_stat *out)
{
	fill(place->device, out);
	return 0;
}

struct proc_directory {
	struct rt_file file;
	uint32_t number;
};

static twz_result directory_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	fill(((struct proc_directory *)file)->number, out);
	return 0;
}

static twz_result directory_enumerate(struct rt_file *file, uint64_t *position,
				      struct twz_rt_dirent *out, size_t count)
{
	bool root = ((struct proc_directory *)file)->number == RT_PROC_FS_ROOT;
	if (*position != 0 || count == 0 || (!root && rt_start.path[0] != '/'))
		return 0;
	*out = (struct twz_rt_dirent){
		.inode = root ? SELF_DIRECTORY : SELF_EXE,
		.next = 1,
		.kind = root ? TWZ_FILE_DIRECTORY : TWZ_FILE_SYMLINK,
		.length = root ? 4 : 3,
	};
	memcpy(out->name, root ? "self" : "exe", out->length);
	*position = 1;
	return 1;
}

static const struct rt_file_ops directory_ops = {
	.kind = TWZ_FILE_DIRECTORY,
	.stat = directory_stat,
	.enumerate = directory_enumerate,
	.size = sizeof(struct proc_directory),
};

static twz_result proc_open(struct rt_place *place, uint32_t flags, struct rt_file **out)
{
	*out = rt_file_new(&directory_ops, flags);
	if (*out == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	((struct proc_directory *)*out)->number = place->device;
	return 0;
}

const struct rt_fs rt_proc_fs = {
	.step = proc_step,
	.read_link = proc_read_link,
	.stat = proc_stat,
	.open = proc_open,
};
