/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors, names and ranges: the Runtime ABI over Linux. */

#include "linux.h"

enum { PATH = 4096 };

/* Paths come with a length and need not be NUL-ended: `name` is a copy that is. */
#define WITH_NAME(name, path, length)          \
	char name[PATH];                       \
	if ((length) >= PATH)                  \
		return -TWZ_ERR_NAME_TOO_LONG; \
	memcpy(name, path, length);            \
	name[length] = 0

static const struct {
	uint32_t twizzler;
	int linux;
} open_bits[] = {
	{TWZ_OPEN_CREATE, 0100},      {TWZ_OPEN_EXCLUSIVE, 0200},   {TWZ_OPEN_TRUNCATE, 01000},
	{TWZ_OPEN_APPEND, 02000},     {TWZ_OPEN_NONBLOCK, 04000},   {TWZ_OPEN_DIRECTORY, 0200000},
	{TWZ_OPEN_NOFOLLOW, 0400000}, {TWZ_OPEN_CLOEXEC, 02000000}, {TWZ_OPEN_PATH, 010000000},
};

static int linux_flags(uint32_t flags)
{
	int result = flags & TWZ_OPEN_WRITE ? (flags & TWZ_OPEN_READ ? 2 : 1) : 0;

	for (size_t i = 0; i < sizeof open_bits / sizeof *open_bits; i++)
		if (flags & open_bits[i].twizzler)
			result |= open_bits[i].linux;
	return result;
}

twz_result twz_rt_fd_open(int at, const char *path, size_t length, uint32_t flags, uint32_t mode)
{
	WITH_NAME(name, path, length);
	return linux_result(CALL(openat, at, name, linux_flags(flags), mode));
}

twz_result twz_rt_fd_close(int fd)
{
	return linux_result(CALL(close, fd));
}

twz_result twz_rt_fd_dup(int fd, int minimum, uint32_t flags)
{
	return linux_result(CALL(fcntl, fd, flags & TWZ_OPEN_CLOEXEC ? 1030 : 0, minimum));
}

twz_result twz_rt_fd_dup_to(int fd, int to, uint32_t flags)
{
	return linux_result(CALL(dup3, fd, to, linux_flags(flags)));
}

twz_result twz_rt_fd_pipe(int fds[2], uint32_t flags)
{
	return linux_result(CALL(pipe2, fds, linux_flags(flags)));
}

struct linux_stat {
	uint64_t device, inode, links;
	uint32_t mode, user, group, pad;
	uint64_t rdev, size, block, blocks;
	struct linux_timespec access, modify, change;
	uint64_t reserved[3];
};

static uint64_t time_of(struct linux_timespec time)
{
	return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

static uint32_t kind_of(uint32_t type)
{
	switch (type) {
	case 4:
		return TWZ_FILE_DIRECTORY;
	case 10:
		return TWZ_FILE_SYMLINK;
	case 2:
		return TWZ_FILE_DEVICE;
	case 1:
	case 12:
		return TWZ_FILE_STREAM;
	default:
		return TWZ_FILE_REGULAR;
	}
}

static twz_result fill(long result, const struct linux_stat *from, struct twz_rt_stat *to)
{
	if (result >= 0)
		*to = (struct twz_rt_stat){
			.device = from->device,
			.inode = from->inode,
			.kind = kind_of(from->mode >> 12),
			.mode = from->mode & 07777,
			.links = from->links,
			.size = from->size,
			.blocks = from->blocks,
			.access_time = time_of(from->access),
			.modify_time = time_of(from->modify),
			.change_time = time_of(from->change),
		};
	return linux_result(result);
}

twz_result twz_rt_fd_stat(int fd, struct twz_rt_stat *out)
{
	struct linux_stat stat;
	return fill(CALL(fstat, fd, &stat), &stat, out);
}

twz_result twz_rt_path_stat(int at, const char *path, size_t length, uint32_t flags,
			    struct twz_rt_stat *out)
{
	struct linux_stat stat;
	WITH_NAME(name, path, length);
	return fill(CALL(newfstatat, at, name, &stat,
			 (flags & TWZ_STAT_NOFOLLOW ? 0x100 : 0) | (length ? 0 : 0x1000)),
		    &stat, out);
}

static twz_result opened_flags(int fd)
{
	static const uint32_t access[] = {TWZ_OPEN_READ, TWZ_OPEN_WRITE,
					  TWZ_OPEN_READ | TWZ_OPEN_WRITE, 0};
	long flags = CALL(fcntl, fd, 3, 0);

	if (flags < 0)
		return linux_result(flags);
	uint32_t result = access[flags & 3];
	for (size_t i = 0; i < sizeof open_bits / sizeof *open_bits; i++)
		if (flags & open_bits[i].linux)
			result |= open_bits[i].twizzler;
	return result;
}

twz_result twz_rt_fd_command(int fd, uint32_t command, uint64_t argument)
{
	char size[8];
	int ready;
	long result;

	switch (command) {
	case TWZ_FD_GET_FLAGS:
		return opened_flags(fd);
	case TWZ_FD_SET_FLAGS:
		return linux_result(CALL(fcntl, fd, 4, linux_flags((uint32_t)argument)));
	case TWZ_FD_GET_CLOEXEC:
		return linux_result(CALL(fcntl, fd, 1, 0));
	case TWZ_FD_SET_CLOEXEC:
		return linux_result(CALL(fcntl, fd, 2, argument));
	case TWZ_FD_TRUNCATE:
		return linux_result(CALL(ftruncate, fd, argument));
	case TWZ_FD_SYNC:
		return linux_result(CALL(fsync, fd));
	case TWZ_FD_IS_TERMINAL:
		result = CALL(ioctl, fd, 0x5413, size);
		return result < 0 ? linux_result(result) : 1;
	case TWZ_FD_SET_MODE:
		return linux_result(CALL(fchmod, fd, argument));
	case TWZ_FD_READABLE:
		result = CALL(ioctl, fd, 0x541b, &ready);
		return result < 0 ? linux_result(result) : ready;
	default:
		return -TWZ_ERR_NOT_SUPPORTED;
	}
}

twz_result twz_rt_path_set_times(int at, const char *path, size_t length, uint32_t flags,
				 uint64_t access, uint64_t modify)
{
	struct linux_timespec times[2] = {linux_time(access), linux_time(modify)};
	WITH_NAME(name, path, length);

	if (access == TWZ_TIME_OMIT)
		times[0].nanoseconds = 0x3ffffffe;
	if (modify == TWZ_TIME_OMIT)
		times[1].nanoseconds = 0x3ffffffe;
	return linux_result(CALL(utimensat, at, length ? name : 0, times,
				 flags & TWZ_STAT_NOFOLLOW ? 0x100 : 0));
}

twz_result twz_rt_fd_enumerate(int fd, struct twz_rt_dirent *entries, size_t count)
{
	struct {
		uint64_t inode, next;
		unsigned short size;
		unsigned char type;
		char name[256 + 5];
	} entry;

	/* One at a time: the buffer has room for no second one of the longest names. */
	(void)count;
	long result = CALL(getdents64, fd, &entry, 24 + 256);
	if (result <= 0)
		return linux_result(result);
	CALL(lseek, fd, entry.next, 0);
	entries->inode = entry.inode;
	entries->next = entry.next;
	entries->kind = kind_of(entry.type);
	entries->length = (uint32_t)strlen(entry.name);
	memcpy(entries->name, entry.name, entries->length + 1);
	return 1;
}

twz_result twz_rt_path_remove(int at, const char *path, size_t length, uint32_t flags)
{
	WITH_NAME(name, path, length);
	return linux_result(CALL(unlinkat, at, name, flags & TWZ_REMOVE_DIRECTORY ? 0x200 : 0));
}

twz_result twz_rt_path_mkdir(int at, const char *path, size_t length, uint32_t mode)
{
	WITH_NAME(name, path, length);
	return linux_result(CALL(mkdirat, at, name, mode));
}

twz_result twz_rt_path_rename(int at, const char *path, size_t length, int to_at, const char *to,
			      size_t to_length)
{
	WITH_NAME(name, path, length);
	WITH_NAME(to_name, to, to_length);
	return linux_result(CALL(renameat, at, name, to_at, to_name));
}

twz_result twz_rt_path_link(int at, const char *path, size_t length, int to_at, const char *to,
			    size_t to_length)
{
	WITH_NAME(name, path, length);
	WITH_NAME(to_name, to, to_length);
	return linux_result(CALL(linkat, at, name, to_at, to_name, 0));
}

twz_result twz_rt_path_symlink(const char *target, size_t target_length, int at, const char *path,
			       size_t length)
{
	WITH_NAME(name, path, length);
	WITH_NAME(target_name, target, target_length);
	return linux_result(CALL(symlinkat, target_name, at, name));
}

twz_result twz_rt_path_readlink(int at, const char *path, size_t length, char *buffer,
				size_t capacity)
{
	WITH_NAME(name, path, length);
	return linux_result(CALL(readlinkat, at, name, buffer, capacity));
}

twz_result twz_rt_cwd_set(int at, const char *path, size_t length)
{
	WITH_NAME(name, path, length);
	return linux_result(length ? CALL(chdir, name) : CALL(fchdir, at));
}

twz_result twz_rt_cwd_get(char *buffer, size_t capacity)
{
	char name[PATH];
	long length = CALL(getcwd, name, PATH);

	if (length < 0)
		return linux_result(length);
	length--;
	memcpy(buffer, name, (size_t)length < capacity ? (size_t)length : capacity);
	return length;
}

/* ---- transfer ---- */

twz_result twz_rt_fd_read(int fd, void *buffer, size_t length, uint64_t offset)
{
	return linux_result(offset == TWZ_IO_AT_POSITION
				    ? CALL(read, fd, buffer, length)
				    : CALL(pread64, fd, buffer, length, offset));
}

twz_result twz_rt_fd_write(int fd, const void *buffer, size_t length, uint64_t offset)
{
	return linux_result(offset == TWZ_IO_AT_POSITION
				    ? CALL(write, fd, buffer, length)
				    : CALL(pwrite64, fd, buffer, length, offset));
}

twz_result twz_rt_fd_readv(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset)
{
	return linux_result(offset == TWZ_IO_AT_POSITION ? CALL(readv, fd, iov, count)
							 : CALL(preadv, fd, iov, count, offset, 0));
}

twz_result twz_rt_fd_writev(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset)
{
	return linux_result(offset == TWZ_IO_AT_POSITION
				    ? CALL(writev, fd, iov, count)
				    : CALL(pwritev, fd, iov, count, offset, 0));
}

twz_result twz_rt_fd_seek(int fd, int64_t offset, uint32_t whence)
{
	return linux_result(CALL(lseek, fd, offset, whence));
}

twz_result twz_rt_fd_poll(struct twz_rt_poll *polls, size_t count, uint64_t deadline)
{
	struct {
		int fd;
		short events, ready;
	} fds[1024];
	uint64_t now = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
	struct linux_timespec span = linux_time(deadline > now ? deadline - now : 0);

	if (count > 1024)
		return -TWZ_ERR_TOO_MANY;
	for (size_t i = 0; i < count; i++) {
		fds[i].fd = polls[i].fd;
		fds[i].events = (short)((polls[i].wanted & TWZ_POLL_READ ? 1 : 0) |
					(polls[i].wanted & TWZ_POLL_WRITE ? 4 : 0));
	}
	long result = CALL(ppoll, fds, count, deadline == TWZ_FOREVER ? 0 : &span, 0, 8);
	for (size_t i = 0; i < count && result >= 0; i++)
		polls[i].ready = (fds[i].ready & 1 ? TWZ_POLL_READ : 0) |
				 (fds[i].ready & 4 ? TWZ_POLL_WRITE : 0) |
				 (fds[i].ready & 16 ? TWZ_POLL_HANGUP : 0) |
				 (fds[i].ready & 8 ? TWZ_POLL_ERROR : 0);
	return result == 0 ? -TWZ_ERR_TIMED_OUT : linux_result(result);
}

/* ---- ranges ---- */

static int protection(uint32_t rights)
{
	return (rights & TWZ_RIGHT_READ ? 1 : 0) | (rights & TWZ_RIGHT_WRITE ? 2 : 0) |
	       (rights & TWZ_RIGHT_EXEC ? 4 : 0);
}

twz_result twz_rt_range_map(void *hint, size_t length, uint32_t rights, uint32_t flags, int fd,
			    uint64_t offset, void **out)
{
	long result = CALL(mmap, hint, length, protection(rights),
			   (flags & TWZ_RANGE_SHARED ? 1 : 2) | (fd < 0 ? 0x20 : 0) |
				   (flags & TWZ_RANGE_FIXED ? 0x10 : 0) |
				   (flags & TWZ_RANGE_FIXED_NEW ? 0x100000 : 0),
			   fd, offset);

	if (result < 0 && result > -4096)
		return linux_result(result);
	*out = (void *)result;
	return 0;
}

twz_result twz_rt_range_unmap(void *address, size_t length)
{
	return linux_result(CALL(munmap, address, length));
}

twz_result twz_rt_range_protect(void *address, size_t length, uint32_t rights)
{
	return linux_result(CALL(mprotect, address, length, protection(rights)));
}

twz_result twz_rt_range_remap(void *address, size_t old_length, size_t new_length, uint32_t flags,
			      void **out)
{
	long result =
		CALL(mremap, address, old_length, new_length, flags & TWZ_REMAP_MAY_MOVE ? 1 : 0);

	if (result < 0 && result > -4096)
		return linux_result(result);
	*out = (void *)result;
	return 0;
}

twz_result twz_rt_range_discard(void *address, size_t length)
{
	return linux_result(CALL(madvise, address, length, 4));
}

twz_result twz_rt_range_sync(void *address, size_t length)
{
	return linux_result(CALL(msync, address, length, 4));
}

void *twz_rt_malloc(size_t size, size_t align, uint32_t flags)
{
	void *memory = 0;

	(void)flags;
	return align <= 4096 && !twz_rt_range_map(0, size, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, 0, -1,
						  0, &memory)
		       ? memory
		       : 0;
}

void twz_rt_free(void *pointer, size_t size, size_t align)
{
	(void)align;
	twz_rt_range_unmap(pointer, size);
}

void *twz_rt_realloc(void *pointer, size_t old_size, size_t align, size_t new_size, uint32_t flags)
{
	char *grown = twz_rt_malloc(new_size, align, flags);

	if (!grown)
		return 0;
	for (size_t i = 0; i < old_size && i < new_size; i++)
		grown[i] = ((char *)pointer)[i];
	if (pointer)
		twz_rt_free(pointer, old_size, align);
	return grown;
}
