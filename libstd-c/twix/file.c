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

long twix_stat_at(int at, const char *path, int flags, struct twz_rt_stat *out)
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
	long error = twix_stat_at(at, path, flags, &stat);
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
	long error = twix_stat_at(at, path, flags & ~AT_EACCESS, &stat);
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

/* The lengths of two paths; no flag is known. 0 or -errno. */
static long two_paths(const char *path, size_t *length, const char *to, size_t *to_length,
		      unsigned flags)
{
	long error = twix_path(path, length);

	if (!error)
		error = twix_path(to, to_length);
	return !error && flags ? -EINVAL : error;
}

long twix_renameat2(int at, const char *path, int to_at, const char *to, unsigned flags)
{
	size_t length, to_length;
	long error = two_paths(path, &length, to, &to_length, flags);

	if (error)
		return error;
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
	long error = two_paths(path, &length, to, &to_length, (unsigned)flags);

	if (error)
		return error;
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
