/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file has besides its name and bytes: mode, owner, size, times; the creation mask. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "twix.h"

static uint32_t creation_mask = 022;

uint32_t twix_creation_mask(void)
{
	return __atomic_load_n(&creation_mask, __ATOMIC_RELAXED);
}

long twix_umask(mode_t mask)
{
	return (long)__atomic_exchange_n(&creation_mask, mask & 0777, __ATOMIC_RELAXED);
}

long twix_fchmod(int fd, mode_t mode)
{
	return twix_result(twz_rt_fd_command(fd, TWZ_FD_SET_MODE, mode & 07777));
}

/* Runs a command on a file opened for it alone. */
static long path_command(int at, const char *path, uint32_t open, uint32_t command,
			 uint64_t argument)
{
	size_t length;
	long error = twix_path(path, &length);

	if (error)
		return error;
	twz_result fd = twz_rt_fd_open(at, path, length, open | TWZ_OPEN_CLOEXEC, 0);
	if (fd < 0)
		return twix_result(fd);
	twz_result result = twz_rt_fd_command((int)fd, command, argument);
	twz_rt_fd_close((int)fd);
	return twix_result(result);
}

long twix_fchmodat(int at, const char *path, mode_t mode)
{
	return path_command(at, path, TWZ_OPEN_PATH, TWZ_FD_SET_MODE, mode & 07777);
}

long twix_chmod(const char *path, mode_t mode)
{
	return twix_fchmodat(AT_FDCWD, path, mode);
}

long twix_truncate(const char *path, off_t length)
{
	if (length < 0)
		return -EINVAL;
	return path_command(AT_FDCWD, path, TWZ_OPEN_WRITE, TWZ_FD_TRUNCATE, (uint64_t)length);
}

/* There is one user and one group, both 0: giving them a file changes nothing, others do not exist.
 */
static long change_owner(long error, uid_t user, gid_t group)
{
	if (error)
		return error;
	return (user == 0 || user == (uid_t)-1) && (group == 0 || group == (gid_t)-1) ? 0 : -EPERM;
}

long twix_fchownat(int at, const char *path, uid_t user, gid_t group, int flags)
{
	struct twz_rt_stat stat;
	return change_owner(twix_stat_at(at, path, flags, &stat), user, group);
}

long twix_fchown(int fd, uid_t user, gid_t group)
{
	struct twz_rt_stat stat;
	return change_owner(twix_result(twz_rt_fd_stat(fd, &stat)), user, group);
}

long twix_chown(const char *path, uid_t user, gid_t group)
{
	return twix_fchownat(AT_FDCWD, path, user, group, 0);
}

long twix_lchown(const char *path, uid_t user, gid_t group)
{
	return twix_fchownat(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}

/* One of utimensat's two times in nanoseconds, or TWZ_TIME_OMIT; -EINVAL when it is none. */
static long time_to_set(const struct timespec *time, uint64_t *out)
{
	if (!time || time->tv_nsec == UTIME_NOW)
		*out = twz_rt_clock(TWZ_CLOCK_REALTIME);
	else if (time->tv_nsec == UTIME_OMIT)
		*out = TWZ_TIME_OMIT;
	else if (twix_check_time(time))
		return -EINVAL;
	else
		*out = (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
	return 0;
}

long twix_utimensat(int at, const char *path, const struct timespec times[2], int flags)
{
	size_t length = 0;
	uint64_t access, modify;

	if (flags & ~AT_SYMLINK_NOFOLLOW)
		return -EINVAL;
	if (path) {
		long error = twix_path(path, &length);
		if (error)
			return error;
	}
	if (time_to_set(times, &access) || time_to_set(times ? times + 1 : 0, &modify))
		return -EINVAL;
	return twix_result(twz_rt_path_set_times(at, path ? path : "", length,
						 flags ? TWZ_STAT_NOFOLLOW : 0, access, modify));
}
