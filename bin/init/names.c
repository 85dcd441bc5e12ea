/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name tree as the image has it: what a program has changed in the image's directories goes
 * when their pages are dropped, for the image has the first ones still.
 */
#include <twizzler/object.h>
#include "init.h"

struct directory {
	struct directory *next;
	struct twz_id id;
	uint64_t modify_time; /* as the image has it */
	int fd;
};

static struct directory *directories;

/* Makes a directory what it was. */
static void forget_changes(struct twz_id id)
{
	twz_sys_object_discard(id.hi, id.lo, TWZ_BASE_OFFSET, TWZ_SLOT_SIZE - TWZ_BASE_OFFSET);
}

static void remember(int at, const char *name, uint64_t device);

/* Remembers the directories in one; those of other file systems are not the image's. */
static void remember_below(int fd, uint64_t device)
{
	struct twz_rt_dirent entries[4];
	twz_result count;

	while ((count = twz_rt_fd_enumerate(fd, entries, 4)) > 0)
		for (twz_result i = 0; i < count; i++)
			if (entries[i].kind == TWZ_FILE_DIRECTORY &&
			    !text_equal(entries[i].name, ".") && !text_equal(entries[i].name, ".."))
				remember(fd, entries[i].name, device);
}

/* Makes a directory what it was, and those below it. device 0: that of this one. */
static void remember(int at, const char *name, uint64_t device)
{
	struct directory *directory;
	struct twz_rt_stat stat;
	twz_result fd = twz_rt_fd_open(at, name, text_length(name),
				       TWZ_OPEN_READ | TWZ_OPEN_DIRECTORY | TWZ_OPEN_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (twz_rt_fd_stat((int)fd, &stat) < 0 || (device != 0 && stat.device != device) ||
	    twz_id_is_none(stat.object) ||
	    (directory = twz_rt_malloc(sizeof(*directory), 8, 0)) == NULL) {
		twz_rt_fd_close((int)fd);
		return;
	}
	forget_changes(stat.object);
	twz_rt_fd_stat((int)fd, &stat);
	*directory = (struct directory){directories, stat.object, stat.modify_time, (int)fd};
	directories = directory;
	remember_below((int)fd, stat.device);
}

void names_restore(void)
{
	if (directories == NULL) {
		/* After the first program: a boot for one program need not know. */
		remember(TWZ_RT_AT_CWD, "/", 0);
		return;
	}
	for (struct directory *directory = directories; directory != NULL;
	     directory = directory->next) {
		struct twz_rt_stat stat;

		if (twz_rt_fd_stat(directory->fd, &stat) < 0 ||
		    stat.modify_time != directory->modify_time)
			forget_changes(directory->id);
	}
}
