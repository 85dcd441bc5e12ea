/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI, transfer: read, write, seek, poll. */
#ifndef TWIZZLER_RT_IO_H
#define TWIZZLER_RT_IO_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

struct twz_rt_iovec {
	void *base;
	size_t length;
};

#define TWZ_IO_AT_POSITION (~0ull) /* use and advance the descriptor's position */

/*
 * Reads at `offset` or at the position; returns bytes, 0 at the end. BAD_HANDLE (not open for it),
 * IS_A_DIRECTORY, NOT_SEEKABLE (an offset, on a stream), WOULD_BLOCK, INTERRUPTED, BAD_ADDRESS;
 * what was transferred before an error is returned in place of it.
 */
twz_result twz_rt_fd_read(int fd, void *buffer, size_t length, uint64_t offset);
/*
 * Writes; with APPEND at the end, whatever the offset or position. Beyond the end what lies between
 * becomes zero. Errors as above; NO_SPACE (the store or, for files in memory, the memory is full),
 * TOO_LARGE (an object's file ends at 1 GiB less its meta page), END_OF_STREAM (nobody reads).
 */
twz_result twz_rt_fd_write(int fd, const void *buffer, size_t length, uint64_t offset);
/* The same with several buffers, as one transfer. */
twz_result twz_rt_fd_readv(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset);
twz_result twz_rt_fd_writev(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset);

enum twz_rt_whence { TWZ_SEEK_SET = 0, TWZ_SEEK_CURRENT = 1, TWZ_SEEK_END = 2 };
/* Moves the position and returns the new one. INVALID_ARGUMENT (before 0, beyond 2^63),
 * NOT_SEEKABLE.
 */
twz_result twz_rt_fd_seek(int fd, int64_t offset, uint32_t whence);

struct twz_rt_poll {
	int32_t fd;
	uint32_t wanted; /* TWZ_POLL_* */
	uint32_t ready;
};
#define TWZ_POLL_READ	0x1u
#define TWZ_POLL_WRITE	0x2u
#define TWZ_POLL_HANGUP 0x4u
#define TWZ_POLL_ERROR	0x8u
/*
 * Waits until one is ready or the monotonic deadline; returns how many are, 0 at the deadline. A
 * negative descriptor is passed over, one that is not open has ready = ERROR; files are always
 * ready. INTERRUPTED.
 */
twz_result twz_rt_fd_poll(struct twz_rt_poll *polls, size_t count, uint64_t deadline);

#ifdef __cplusplus
}
#endif
#endif
