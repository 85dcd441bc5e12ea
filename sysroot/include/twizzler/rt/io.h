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

/* Reads at `offset` or at the position; returns bytes, 0 at the end. */
twz_result twz_rt_fd_read(int fd, void *buffer, size_t length, uint64_t offset);
twz_result twz_rt_fd_write(int fd, const void *buffer, size_t length, uint64_t offset);
twz_result twz_rt_fd_readv(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset);
twz_result twz_rt_fd_writev(int fd, const struct twz_rt_iovec *iov, size_t count, uint64_t offset);

enum twz_rt_whence { TWZ_SEEK_SET = 0, TWZ_SEEK_CURRENT = 1, TWZ_SEEK_END = 2 };
/* Returns the new position. */
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
/* Waits until one is ready or the monotonic deadline; returns how many are. */
twz_result twz_rt_fd_poll(struct twz_rt_poll *polls, size_t count, uint64_t deadline);

#ifdef __cplusplus
}
#endif
#endif
