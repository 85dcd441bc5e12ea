/* SPDX-License-Identifier: BSD-2-Clause */
/* read and write in all their forms, lseek, and what is asked of an open descriptor. */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>
#include "twix.h"

TWZ_STATIC_ASSERT(sizeof(struct iovec) == sizeof(struct twz_rt_iovec) &&
			  offsetof(struct iovec, iov_len) == offsetof(struct twz_rt_iovec, length),
		  "the two vectors are one");

/* A write to a stream that nobody reads raises SIGPIPE first, as POSIX has it. */
static long written(twz_result result)
{
	if (result == -TWZ_ERR_END_OF_STREAM)
		twix_raise(SIGPIPE);
	return twix_result(result);
}

long twix_read(int fd, void *buffer, size_t length)
{
	return twix_result(twz_rt_fd_read(fd, buffer, length, TWZ_IO_AT_POSITION));
}

long twix_write(int fd, const void *buffer, size_t length)
{
	return written(twz_rt_fd_write(fd, buffer, length, TWZ_IO_AT_POSITION));
}

long twix_pread64(int fd, void *buffer, size_t length, off_t offset)
{
	return offset < 0 ? -EINVAL
			  : twix_result(twz_rt_fd_read(fd, buffer, length, (uint64_t)offset));
}

long twix_pwrite64(int fd, const void *buffer, size_t length, off_t offset)
{
	return offset < 0 ? -EINVAL
			  : written(twz_rt_fd_write(fd, buffer, length, (uint64_t)offset));
}

static int bad_vector(const struct iovec *iov, int count)
{
	return count < 0 || count > IOV_MAX || (!iov && count);
}

long twix_readv(int fd, const struct iovec *iov, int count)
{
	if (bad_vector(iov, count))
		return -EINVAL;
	return twix_result(twz_rt_fd_readv(fd, (const struct twz_rt_iovec *)iov, (size_t)count,
					   TWZ_IO_AT_POSITION));
}

long twix_writev(int fd, const struct iovec *iov, int count)
{
	if (bad_vector(iov, count))
		return -EINVAL;
	return written(twz_rt_fd_writev(fd, (const struct twz_rt_iovec *)iov, (size_t)count,
					TWZ_IO_AT_POSITION));
}

long twix_preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	if (bad_vector(iov, count) || offset < 0)
		return -EINVAL;
	return twix_result(twz_rt_fd_readv(fd, (const struct twz_rt_iovec *)iov, (size_t)count,
					   (uint64_t)offset));
}

long twix_pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	if (bad_vector(iov, count) || offset < 0)
		return -EINVAL;
	return written(twz_rt_fd_writev(fd, (const struct twz_rt_iovec *)iov, (size_t)count,
					(uint64_t)offset));
}

long twix_lseek(int fd, off_t offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	return twix_result(twz_rt_fd_seek(fd, offset, (uint32_t)whence));
}

long twix_ftruncate(int fd, off_t length)
{
	if (length < 0)
		return -EINVAL;
	return twix_result(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, (uint64_t)length));
}

long twix_fsync(int fd)
{
	return twix_result(twz_rt_fd_command(fd, TWZ_FD_SYNC, 0));
}

long twix_fdatasync(int fd)
{
	return twix_fsync(fd);
}

/* Advice about access changes nothing here; the descriptor has to exist all the same. */
long twix_fadvise64(int fd, off_t offset, off_t length, int advice)
{
	(void)offset;
	(void)advice;
	if (length < 0)
		return -EINVAL;
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_GET_CLOEXEC, 0);
	return result < 0 ? twix_result(result) : 0;
}
