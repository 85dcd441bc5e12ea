/* SPDX-License-Identifier: BSD-2-Clause */
/* Files by name: stat, access, rename, links, directories, the current directory, modes and times.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kstat.h"
#include "twix.h"

long twix_path(const char *path, size_t *length)
{
	if (!path)
		return -EFAULT;
	*length = strnlen(path, PATH_MAX);
	return *length == 0 ? -ENOENT : *length == PATH_MAX ? -ENAMETOOLONG : 0;
}

/* ---- stat ---- */

static mode_t type_of(uint32_t kind)
{
	switch (kind) {
	case TWZ_FILE_DIRECTORY:
		return S_IFDIR;
	case TWZ_FILE_SYMLINK:
		return S_IFLNK;
	case TWZ_FILE_STREAM:
		return S_IFIFO;
	case TWZ_FILE_TERMINAL:
	case TWZ_FILE_DEVICE:
		return S_IFCHR;
	default:
		return S_IFREG;
	}
}

static long fill_stat(twz_result result, const struct twz_rt_stat *from, struct kstat *to)
{
	if (result < 0)
		return twix_result(result);
	if (!to)
		return -EFAULT;
	*to = (struct kstat){
		.st_dev = from->device,
		.st_ino = from->inode,
		.st_nlink = from->links,
		.st_mode = type_of(from->kind) | (from->mode & 07777),
		.st_size = (off_t)from->size,
		.st_blksize = 4096,
		.st_blocks = (blkcnt_t)from->blocks,
		.st_atime_sec = (long)(from->access_time / 1000000000),
		.st_atime_nsec = (long)(from->access_time % 1000000000),
		.st_mtime_sec = (long)(from->modify_time / 1000000000),
		.st_mtime_nsec = (long)(from->modify_time % 1000000000),
		.st_ctime_sec = (long)(from->change_time / 1000000000),
		.st_ctime_nsec = (long)(from->change_time % 1000000000),
	};
	return 0;
}

/* stat by path, or of `at` itself where the path is empty and AT_EMPTY_PATH allows it. */
static long stat_at(int at, const char *path, int flags, struct twz_rt_stat *out)
{
	size_t length = 0;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (!((flags & AT_EMPTY_PATH) && path && !*path)) {
		long error = twix_path(path, &length);
		if (error)
			return error;
	}
	return twix_result(twz_rt_path_stat(
		at, path, length, flags & AT_SYMLINK_NOFOLLOW ? TWZ_STAT_NOFOLLOW : 0, out));
}

long twix_fstat(int fd, struct kstat *out)
{
	struct twz_rt_stat stat;
	return fill_stat(twz_rt_fd_stat(fd, &stat), &stat, out);
}

long twix_newfstatat(int at, const char *path, struct kstat *out, int flags)
{
	struct twz_rt_stat stat;
	long error = stat_at(at, path, flags, &stat);
	return error ? error : fill_stat(0, &stat, out);
}

long twix_stat(const char *path, struct kstat *out)
{
	return twix_newfstatat(AT_FDCWD, path, out, 0);
}

long twix_lstat(const char *path, struct kstat *out)
{
	return twix_newfstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

/* There is one user: a permission is there when anybody has it. */
long twix_faccessat2(int at, const char *path, int mode, int flags)
{
	struct twz_rt_stat stat;

	if ((mode & ~(R_OK | W_OK | X_OK)) ||
	    (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	long error = stat_at(at, path, flags & ~AT_EACCESS, &stat);
	if (error)
		return error;
	if (((mode & R_OK) && !(stat.mode & 0444)) || ((mode & W_OK) && !(stat.mode & 0222)) ||
	    ((mode & X_OK) && !(stat.mode & 0111)))
		return -EACCES;
	return 0;
}

long twix_faccessat(int at, const char *path, int mode)
{
	return twix_faccessat2(at, path, mode, 0);
}

long twix_access(const char *path, int mode)
{
	return twix_faccessat2(AT_FDCWD, path, mode, 0);
}

/* ---- names ---- */

long twix_unlinkat(int at, const char *path, int flags)
{
	size_t length;
	long error = twix_path(path, &length);

	if (error)
		return error;
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return twix_result(twz_rt_path_remove(at, path, length,
					      flags & AT_REMOVEDIR ? TWZ_REMOVE_DIRECTORY : 0));
}

long twix_unlink(const char *path)
{
	return twix_unlinkat(AT_FDCWD, path, 0);
}

long twix_rmdir(const char *path)
{
	return twix_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

long twix_mkdirat(int at, const char *path, mode_t mode)
{
	size_t length;
	long error = twix_path(path, &length);

	return error ? error
		     : twix_result(twz_rt_path_mkdir(at, path, length,
						     mode & 07777 & ~twix_creation_mask()));
}

long twix_mkdir(const char *path, mode_t mode)
{
	return twix_mkdirat(AT_FDCWD, path, mode);
}

long twix_renameat2(int at, const char *path, int to_at, const char *to, unsigned flags)
{
	size_t length, to_length;
	long error = twix_path(path, &length);

	if (!error)
		error = twix_path(to, &to_length);
	if (error)
		return error;
	if (flags)
		return -EINVAL;
	return twix_result(twz_rt_path_rename(at, path, length, to_at, to, to_length));
}

long twix_renameat(int at, const char *path, int to_at, const char *to)
{
	return twix_renameat2(at, path, to_at, to, 0);
}

long twix_rename(const char *path, const char *to)
{
	return twix_renameat2(AT_FDCWD, path, AT_FDCWD, to, 0);
}

long twix_linkat(int at, const char *path, int to_at, const char *to, int flags)
{
	size_t length, to_length;
	long error = twix_path(path, &length);

	if (!error)
		error = twix_path(to, &to_length);
	if (error)
		return error;
	if (flags)
		return -EINVAL;
	return twix_result(twz_rt_path_link(at, path, length, to_at, to, to_length));
}

long twix_link(const char *path, const char *to)
{
	return twix_linkat(AT_FDCWD, path, AT_FDCWD, to, 0);
}

long twix_symlinkat(const char *target, int at, const char *path)
{
	size_t length, target_length;
	long error = twix_path(target, &target_length);

	if (!error)
		error = twix_path(path, &length);
	return error ? error
		     : twix_result(twz_rt_path_symlink(target, target_length, at, path, length));
}

long twix_symlink(const char *target, const char *path)
{
	return twix_symlinkat(target, AT_FDCWD, path);
}

long twix_readlinkat(int at, const char *path, char *buffer, size_t capacity)
{
	size_t length;
	long error = twix_path(path, &length);

	if (error)
		return error;
	if (capacity == 0 || capacity > INT_MAX)
		return -EINVAL;
	if (!buffer)
		return -EFAULT;
	twz_result result = twz_rt_path_readlink(at, path, length, buffer, capacity);
	return result > (twz_result)capacity ? (long)capacity : twix_result(result);
}

long twix_readlink(const char *path, char *buffer, size_t capacity)
{
	return twix_readlinkat(AT_FDCWD, path, buffer, capacity);
}

/* ---- the current directory ---- */

long twix_getcwd(char *buffer, size_t capacity)
{
	if (!buffer)
		return -EFAULT;
	twz_result length = twz_rt_cwd_get(buffer, capacity);
	if (length < 0)
		return twix_result(length);
	if ((size_t)length >= capacity)
		return -ERANGE;
	buffer[length] = 0;
	return (long)length + 1;
}

long twix_chdir(const char *path)
{
	size_t length;
	long error = twix_path(path, &length);

	return error ? error : twix_result(twz_rt_cwd_set(AT_FDCWD, path, length));
}

long twix_fchdir(int fd)
{
	return twix_result(fd < 0 ? -TWZ_ERR_BAD_HANDLE : twz_rt_cwd_set(fd, "", 0));
}

/* ---- directories ---- */

static unsigned char dirent_type(uint32_t kind)
{
	return (unsigned char)(type_of(kind) >> 12);
}

/* Fills whole entries; what does not surely fit stays for the next call. */
long twix_getdents64(int fd, void *buffer, size_t capacity)
{
	enum { ENTRIES = 8 };
	struct twz_rt_dirent entries[ENTRIES];
	size_t count = capacity / sizeof(struct dirent), filled = 0;

	if (!buffer)
		return -EFAULT;
	if (count == 0)
		return -EINVAL;
	twz_result got = twz_rt_fd_enumerate(fd, entries, count < ENTRIES ? count : ENTRIES);
	for (twz_result i = 0; i < got; i++) {
		struct dirent *entry = (void *)((char *)buffer + filled);
		size_t length = strnlen(entries[i].name, sizeof entry->d_name - 1);
		size_t size = (offsetof(struct dirent, d_name) + length + 1 + 7) & ~(size_t)7;

		entry->d_ino = entries[i].inode;
		entry->d_off = (off_t)entries[i].next;
		entry->d_reclen = (unsigned short)size;
		entry->d_type = dirent_type(entries[i].kind);
		memcpy(entry->d_name, entries[i].name, length);
		entry->d_name[length] = 0;
		filled += size;
	}
	return got < 0 ? twix_result(got) : (long)filled;
}

/* ---- modes, owners, times ---- */

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
	return change_owner(stat_at(at, path, flags, &stat), user, group);
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
