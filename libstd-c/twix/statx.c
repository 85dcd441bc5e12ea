/* SPDX-License-Identifier: BSD-2-Clause */
/* statx, of what stat knows. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "kstat.h"
#include "twix.h"

static struct statx_timestamp time_of(long seconds, long nanoseconds)
{
	return (struct statx_timestamp){.tv_sec = seconds, .tv_nsec = (uint32_t)nanoseconds};
}

long twix_statx(int at, const char *path, int flags, unsigned mask, struct statx *out)
{
	struct kstat stat;

	if (mask & 0x80000000u)
		return -EINVAL;
	if (!out)
		return -EFAULT;
	/* AT_STATX_*_SYNC: what is told is always true now */
	long error = twix_newfstatat(at, path, &stat, flags & ~AT_STATX_SYNC_TYPE);
	if (error)
		return error;
	*out = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (uint32_t)stat.st_blksize,
		.stx_nlink = (uint32_t)stat.st_nlink,
		.stx_mode = (uint16_t)stat.st_mode,
		.stx_ino = stat.st_ino,
		.stx_size = (uint64_t)stat.st_size,
		.stx_blocks = (uint64_t)stat.st_blocks,
		.stx_atime = time_of(stat.st_atime_sec, stat.st_atime_nsec),
		.stx_mtime = time_of(stat.st_mtime_sec, stat.st_mtime_nsec),
		.stx_ctime = time_of(stat.st_ctime_sec, stat.st_ctime_nsec),
		.stx_dev_major = major(stat.st_dev),
		.stx_dev_minor = minor(stat.st_dev),
	};
	return 0;
}
