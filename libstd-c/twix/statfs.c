/* SPDX-License-Identifier: BSD-2-Clause */
/* How large a file system is and what of it is free. */

#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include "twix.h"

#define TMPFS_MAGIC 0x01021994 /* its name on Linux, for programs that ask */
#define NAME_LENGTH 255

/* What is in memory may fill it. Nobody says how large the store or a directory of the host is. */
static long fill(const struct twz_rt_stat *file, struct statfs *out)
{
	struct twz_rt_info info;
	twz_result result;

	if (file->device != TWZ_DEVICE_MEMORY)
		return -ENOSYS;
	result = twz_rt_info(&info);
	if (result < 0)
		return twix_result(result);
	if (!out)
		return -EFAULT;
	*out = (struct statfs){
		.f_type = TMPFS_MAGIC,
		.f_bsize = info.page_size,
		.f_frsize = info.page_size,
		.f_blocks = info.pages_total,
		.f_bfree = info.pages_free,
		.f_bavail = info.pages_free,
		.f_fsid = {.__val = {(int)file->device}},
		.f_namelen = NAME_LENGTH,
	};
	return 0;
}

long twix_statfs(const char *path, struct statfs *out)
{
	struct twz_rt_stat file;
	long error = twix_stat_at(AT_FDCWD, path, 0, &file);

	return error ? error : fill(&file, out);
}

long twix_fstatfs(int fd, struct statfs *out)
{
	struct twz_rt_stat file;
	twz_result result = twz_rt_fd_stat(fd, &file);

	return result < 0 ? twix_result(result) : fill(&file, out);
}
