/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole stretches of files: sendfile, copy_file_range, fallocate, sync. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include "twix.h"

#define PIECE 16384 /* bytes on the stack */

/* Copies until `length` or the end of the input; offsets NULL: the descriptors' positions. */
static long copy(int from, off_t *from_offset, int to, off_t *to_offset, size_t length)
{
	char buffer[PIECE];
	size_t done = 0;

	while (done < length) {
		size_t part = length - done < sizeof buffer ? length - done : sizeof buffer;
		twz_result got = twz_rt_fd_read(from, buffer, part,
						from_offset ? (uint64_t)*from_offset + done
							    : TWZ_IO_AT_POSITION);
		if (got <= 0)
			return done ? (long)done : twix_result(got);
		twz_result put = twz_rt_fd_write(to, buffer, (size_t)got,
						 to_offset ? (uint64_t)*to_offset + done
							   : TWZ_IO_AT_POSITION);
		/* What was read and not written is read again. */
		if (put < got && !from_offset)
			twz_rt_fd_seek(from, (put < 0 ? 0 : put) - got, TWZ_SEEK_CURRENT);
		if (put <= 0)
			return done ? (long)done : twix_result(put);
		done += (size_t)put;
		if (put < got || (size_t)got < part)
			break;
	}
	return (long)done;
}

static long copy_and_move(int from, off_t *from_offset, int to, off_t *to_offset, size_t length)
{
	if ((from_offset && *from_offset < 0) || (to_offset && *to_offset < 0))
		return -EINVAL;
	long result = copy(from, from_offset, to, to_offset, length < INT_MAX ? length : INT_MAX);
	if (result > 0 && from_offset)
		*from_offset += result;
	if (result > 0 && to_offset)
		*to_offset += result;
	return result;
}

long twix_sendfile(int to, int from, off_t *offset, size_t length)
{
	struct twz_rt_stat stat;
	long error = twix_result(twz_rt_fd_stat(from, &stat));

	if (error < 0)
		return error;
	return stat.kind != TWZ_FILE_REGULAR ? -EINVAL : copy_and_move(from, offset, to, 0, length);
}

long twix_copy_file_range(int from, off_t *from_offset, int to, off_t *to_offset, size_t length,
			  unsigned flags)
{
	struct twz_rt_stat one, other;
	long error = flags ? -EINVAL : twix_result(twz_rt_fd_stat(from, &one));

	if (error >= 0)
		error = twix_result(twz_rt_fd_stat(to, &other));
	if (error < 0)
		return error;
	if (one.kind != TWZ_FILE_REGULAR || other.kind != TWZ_FILE_REGULAR)
		return -EINVAL;
	return copy_and_move(from, from_offset, to, to_offset, length);
}

/* Room is taken when it is written; what is told here is the size. */
long twix_fallocate(int fd, int mode, off_t offset, off_t length)
{
	struct twz_rt_stat stat;
	off_t end;

	if (offset < 0 || length <= 0)
		return -EINVAL;
	if (__builtin_add_overflow(offset, length, &end))
		return -EFBIG;
	twz_result flags = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);
	if (flags < 0 || !(flags & TWZ_OPEN_WRITE))
		return -EBADF;
	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	long error = twix_result(twz_rt_fd_stat(fd, &stat));
	if (error < 0)
		return error;
	if (stat.kind != TWZ_FILE_REGULAR)
		return stat.kind == TWZ_FILE_STREAM ? -ESPIPE : -ENODEV;
	if ((mode & FALLOC_FL_KEEP_SIZE) || stat.size >= (uint64_t)end)
		return 0;
	return twix_result(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, (uint64_t)end));
}
