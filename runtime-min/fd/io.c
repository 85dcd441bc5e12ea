/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading, writing and seeking, for every kind of file. */
#include "fd/position.h"

#define MAX_POSITION ((uint64_t)INT64_MAX)

static twz_result transfer(struct rt_file *file, const struct twz_rt_iovec *iov, size_t count,
			   uint64_t offset, bool write)
{
	twz_result total = 0;
	for (size_t i = 0; i < count; i++) {
		if (iov[i].length == 0)
			continue;
		twz_result part;
		if (write)
			part = file->ops->write(file, iov[i].base, iov[i].length, offset);
		else
			part = file->ops->read(file, iov[i].base, iov[i].length, offset);
		if (part < 0)
			return total != 0 ? total : part;
		total += part;
		if (offset != RT_APPEND)
			offset += (uint64_t)part;
		if ((uint64_t)part < iov[i].length)
			break;
		/* A second read of a stream could sleep although there are bytes to return. */
		if (!write && !file->ops->seekable)
			break;
	}
	return total;
}

static twz_result file_transfer(struct rt_file *file, const struct twz_rt_iovec *iov, size_t count,
				uint64_t offset, bool write)
{
	uint32_t flags = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
	bool append = write && (flags & TWZ_OPEN_APPEND);
	if (!(flags & (write ? TWZ_OPEN_WRITE : TWZ_OPEN_READ)) || (flags & TWZ_OPEN_PATH))
		return RT_ERROR(BAD_HANDLE);
	if (file->ops->kind == TWZ_FILE_DIRECTORY)
		return RT_ERROR(IS_A_DIRECTORY);
	if ((write && file->ops->write == NULL) || (!write && file->ops->read == NULL))
		return RT_ERROR(BAD_HANDLE);
	if (!file->ops->seekable) {
		if (offset != TWZ_IO_AT_POSITION)
			return RT_ERROR(NOT_SEEKABLE);
		return transfer(file, iov, count, 0, write);
	}
	if (offset != TWZ_IO_AT_POSITION) {
		if (offset > MAX_POSITION)
			return RT_ERROR(INVALID_ARGUMENT);
		return transfer(file, iov, count, append ? RT_APPEND : offset, write);
	}
	uint64_t *position;
	twz_result result = rt_position_lock(file, &position);
	if (result < 0)
		return result;
	result = transfer(file, iov, count, append ? RT_APPEND : *position, write);
	if (result > 0 && append) {
		struct twz_rt_stat stat = {0};
		if (file->ops->stat(file, &stat) >= 0)
			*position = stat.size;
	} else if (result > 0) {
		*position += (uint64_t)result;
	}
	rt_position_unlock(file);
	return result;
}

static twz_result vector(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset,
			 bool write)
{
	size_t total = 0;
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	twz_result result = 0;
	for (size_t i = 0; i < count; i++) {
		if (iov[i].length > (size_t)INT64_MAX - total)
			result = RT_ERROR(INVALID_ARGUMENT);
		else if (iov[i].length != 0 && !rt_user_pointer(iov[i].base, iov[i].length))
			result = RT_ERROR(BAD_ADDRESS);
		if (result < 0)
			break;
		total += iov[i].length;
	}
	if (result >= 0)
		result = file_transfer(file, iov, count, offset, write);
	rt_file_put(file);
	return result;
}

twz_result twz_rt_fd_read(int fd, void *buffer, size_t length, uint64_t offset)
{
	struct twz_rt_iovec iov = {buffer, length};
	return vector(fd, &iov, 1, offset, false);
}

twz_result twz_rt_fd_write(int fd, const void *buffer, size_t length, uint64_t offset)
{
	struct twz_rt_iovec iov = {(void *)buffer, length};
	return vector(fd, &iov, 1, offset, true);
}

static bool good_vector(const struct twz_rt_iovec *iov, size_t count)
{
	return count <= SIZE_MAX / sizeof(*iov) && rt_user_pointer(iov, count * sizeof(*iov)) &&
	       (count == 0 || rt_readable(iov, count * sizeof(*iov)) >= 0);
}

twz_result twz_rt_fd_readv(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset)
{
	return good_vector(iov, count) ? vector(fd, iov, count, offset, false)
				       : RT_ERROR(BAD_ADDRESS);
}

twz_result twz_rt_fd_writev(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset)
{
	return good_vector(iov, count) ? vector(fd, iov, count, offset, true)
				       : RT_ERROR(BAD_ADDRESS);
}

static twz_result seek(struct rt_file *file, uint64_t *position, int64_t offset, uint32_t whence)
{
	uint64_t base = 0;
	if (!file->ops->seekable && file->ops->enumerate == NULL)
		return RT_ERROR(NOT_SEEKABLE);
	if (whence == TWZ_SEEK_CURRENT) {
		base = *position;
	} else if (whence == TWZ_SEEK_END) {
		struct twz_rt_stat stat = {0};
		twz_result result = file->ops->stat != NULL ? file->ops->stat(file, &stat) : 0;
		if (result < 0)
			return result;
		base = stat.size;
	} else if (whence != TWZ_SEEK_SET) {
		return RT_ERROR(INVALID_ARGUMENT);
	}
	if (base > MAX_POSITION || (offset < 0 && (uint64_t) - (offset + 1) >= base) ||
	    (offset > 0 && (uint64_t)offset > MAX_POSITION - base))
		return RT_ERROR(INVALID_ARGUMENT);
	*position = base + (uint64_t)offset;
	return (twz_result)*position;
}

twz_result twz_rt_fd_seek(int fd, int64_t offset, uint32_t whence)
{
	struct rt_file *file = rt_fd_file(fd);
	if (file == NULL)
		return RT_ERROR(BAD_HANDLE);
	uint64_t *position;
	twz_result result = rt_position_lock(file, &position);
	if (result >= 0) {
		result = seek(file, position, offset, whence);
		rt_position_unlock(file);
	}
	rt_file_put(file);
	return result;
}
