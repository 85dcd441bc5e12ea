/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors: open, close, dup, pipe, fcntl, ioctl. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <termios.h>
#include "mqueue.h"
#include "terminal.h"
#include "twix.h"

long twix_open_flags(int flags)
{
	uint32_t result = 0;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		return -EOPNOTSUPP;
	if (flags & O_PATH)
		result |= TWZ_OPEN_PATH;
	else if ((flags & 3) == O_RDONLY)
		result |= TWZ_OPEN_READ;
	else if ((flags & 3) == O_WRONLY)
		result |= TWZ_OPEN_WRITE;
	else if ((flags & 3) == O_RDWR)
		result |= TWZ_OPEN_READ | TWZ_OPEN_WRITE;
	else
		return -EINVAL;
	if (flags & O_CREAT)
		result |= TWZ_OPEN_CREATE;
	if (flags & O_EXCL)
		result |= TWZ_OPEN_EXCLUSIVE;
	if (flags & O_TRUNC)
		result |= TWZ_OPEN_TRUNCATE;
	if (flags & O_APPEND)
		result |= TWZ_OPEN_APPEND;
	if (flags & O_DIRECTORY)
		result |= TWZ_OPEN_DIRECTORY;
	if (flags & O_NOFOLLOW)
		result |= TWZ_OPEN_NOFOLLOW;
	if (flags & O_NONBLOCK)
		result |= TWZ_OPEN_NONBLOCK;
	if (flags & O_CLOEXEC)
		result |= TWZ_OPEN_CLOEXEC;
	return (long)result;
}

/* O_* of TWZ_OPEN_*, as F_GETFL reports them: access mode and status, not what open did once. */
static int flags_of(uint32_t open)
{
	int result = O_RDONLY;

	if (open & TWZ_OPEN_PATH)
		result = O_PATH;
	else if ((open & TWZ_OPEN_READ) && (open & TWZ_OPEN_WRITE))
		result = O_RDWR;
	else if (open & TWZ_OPEN_WRITE)
		result = O_WRONLY;
	if (open & TWZ_OPEN_APPEND)
		result |= O_APPEND;
	if (open & TWZ_OPEN_NONBLOCK)
		result |= O_NONBLOCK;
	return result | O_LARGEFILE;
}

long twix_openat(int at, const char *path, int flags, mode_t mode)
{
	size_t length;
	long error = twix_path(path, &length), wanted = twix_open_flags(flags);

	if (error)
		return error;
	if (wanted < 0)
		return wanted;
	return twix_result(twz_rt_fd_open(at, path, length, (uint32_t)wanted,
					  mode & 07777 & ~twix_creation_mask()));
}

long twix_open(const char *path, int flags, mode_t mode)
{
	return twix_openat(AT_FDCWD, path, flags, mode);
}

long twix_close(int fd)
{
	twix_mq_closing(fd);
	twix_record_close(fd);
	return twix_result(twz_rt_fd_close(fd));
}

long twix_dup(int fd)
{
	return twix_result(twz_rt_fd_dup(fd, 0, 0));
}

long twix_dup2(int fd, int to)
{
	if (fd == to) {
		twz_result result = twz_rt_fd_command(fd, TWZ_FD_GET_CLOEXEC, 0);
		return result < 0 ? twix_result(result) : to;
	}
	return twix_dup3(fd, to, 0);
}

long twix_dup3(int fd, int to, int flags)
{
	if (fd == to || (flags & ~O_CLOEXEC))
		return -EINVAL;
	if (to < 0)
		return -EBADF;
	twix_record_close(to);
	twz_result result = twz_rt_fd_dup_to(fd, to, flags & O_CLOEXEC ? TWZ_OPEN_CLOEXEC : 0);
	return result < 0 ? twix_result(result) : to;
}

long twix_pipe2(int fds[2], int flags)
{
	uint32_t wanted = 0;

	if (!fds)
		return -EFAULT;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (flags & O_CLOEXEC)
		wanted |= TWZ_OPEN_CLOEXEC;
	if (flags & O_NONBLOCK)
		wanted |= TWZ_OPEN_NONBLOCK;
	return twix_result(twz_rt_fd_pipe(fds, wanted));
}

long twix_pipe(int fds[2])
{
	return twix_pipe2(fds, 0);
}

long twix_fcntl(int fd, int command, long argument)
{
	twz_result result;

	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (argument < 0 || argument > INT_MAX)
			return -EINVAL;
		return twix_result(twz_rt_fd_dup(
			fd, (int)argument, command == F_DUPFD_CLOEXEC ? TWZ_OPEN_CLOEXEC : 0));
	case F_GETFD:
		result = twz_rt_fd_command(fd, TWZ_FD_GET_CLOEXEC, 0);
		return result < 0 ? twix_result(result) : result ? FD_CLOEXEC : 0;
	case F_SETFD:
		return twix_result(
			twz_rt_fd_command(fd, TWZ_FD_SET_CLOEXEC, !!(argument & FD_CLOEXEC)));
	case F_GETFL:
		result = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);
		return result < 0 ? twix_result(result) : flags_of((uint32_t)result);
	case F_SETFL:
		return twix_result(
			twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS,
					  (argument & O_APPEND ? TWZ_OPEN_APPEND : 0) |
						  (argument & O_NONBLOCK ? TWZ_OPEN_NONBLOCK : 0)));
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return twix_record_lock(fd, command, (struct flock *)argument);
	default:
		return -EINVAL;
	}
}

static long set_nonblocking(int fd, const int *on)
{
	if (!on)
		return -EFAULT;
	twz_result flags = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);
	if (flags < 0)
		return twix_result(flags);
	flags &= TWZ_OPEN_APPEND;
	if (*on)
		flags |= TWZ_OPEN_NONBLOCK;
	return twix_result(twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS, (uint64_t)flags));
}

long twix_ioctl(int fd, unsigned request, void *argument)
{
	twz_result result;

	switch (request) {
	case FIOCLEX:
	case FIONCLEX:
		return twix_result(twz_rt_fd_command(fd, TWZ_FD_SET_CLOEXEC, request == FIOCLEX));
	case FIONBIO:
		return set_nonblocking(fd, argument);
	case FIONREAD:
		if (!argument)
			return -EFAULT;
		result = twz_rt_fd_command(fd, TWZ_FD_READABLE, 0);
		if (result < 0)
			return twix_result(result);
		*(int *)argument = result > INT_MAX ? INT_MAX : (int)result;
		return 0;
	case TCGETS:
		return twix_get_terminal(fd, argument);
	case TCSETS:
	case TCSETSW: /* what was written is out */
	case TCSETSF:
		return twix_set_terminal(fd, argument, request == TCSETSF);
	case TCFLSH:
		return twix_flush_terminal(fd, (long)argument);
	case TIOCGWINSZ:
		/* A serial line does not tell its size: a terminal, of unknown rows and columns. */
		if (!argument)
			return -EFAULT;
		result = twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0);
		if (result < 0)
			return twix_result(result);
		memset(argument, 0, sizeof(struct winsize));
		return 0;
	default:
		result = twz_rt_fd_command(fd, TWZ_FD_GET_CLOEXEC, 0);
		return result < 0 ? twix_result(result) : -ENOTTY;
	}
}
