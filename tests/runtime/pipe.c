/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes in use: full and empty ones, much data in order. */
#include "contract.h"

static void write_much(void *argument)
{
	static char block[1000];
	int fd = *(int *)argument;
	for (int i = 0; i < 1000; i++) {
		memset(block, i, sizeof(block));
		CHECK(twz_rt_fd_write(fd, block, sizeof(block), NOW) == sizeof(block));
	}
	CHECK(twz_rt_fd_close(fd) == 0);
}

SCENARIO(pipes)
{
	static char block[65536];
	int ends[2];
	struct thread thread;
	CHECK(twz_rt_fd_pipe(ends, 0) == 0);
	CHECK(twz_rt_fd_write(ends[0], "x", 1, NOW) == -TWZ_ERR_BAD_HANDLE);
	CHECK(twz_rt_fd_read(ends[1], block, 1, NOW) == -TWZ_ERR_BAD_HANDLE);
	CHECK(twz_rt_fd_read(ends[0], block, 1, 0) == -TWZ_ERR_NOT_SEEKABLE);
	CHECK(twz_rt_fd_seek(ends[0], 0, TWZ_SEEK_SET) == -TWZ_ERR_NOT_SEEKABLE);
	CHECK(twz_rt_fd_write(ends[1], "hello", 5, NOW) == 5);
	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_READABLE, 0) == 5);
	CHECK(twz_rt_fd_read(ends[0], block, 3, NOW) == 3 &&
	      twz_rt_fd_read(ends[0], block, 9, NOW) == 2);

	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_SET_FLAGS, TWZ_OPEN_NONBLOCK) == 0);
	CHECK(twz_rt_fd_read(ends[0], block, 1, NOW) == -TWZ_ERR_WOULD_BLOCK);
	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_SET_FLAGS, 0) == 0);
	CHECK(twz_rt_fd_command(ends[1], TWZ_FD_SET_FLAGS, TWZ_OPEN_NONBLOCK) == 0);
	CHECK(twz_rt_fd_write(ends[1], block, 65536, NOW) == 65536);
	CHECK(twz_rt_fd_write(ends[1], block, 1, NOW) == -TWZ_ERR_WOULD_BLOCK);
	CHECK(twz_rt_fd_read(ends[0], block, 4000, NOW) == 4000);
	CHECK(twz_rt_fd_write(ends[1], block, 4096, NOW) ==
	      -TWZ_ERR_WOULD_BLOCK); /* whole or not at all */
	CHECK(twz_rt_fd_write(ends[1], block, 5000, NOW) == 4000);
	CHECK(twz_rt_fd_command(ends[1], TWZ_FD_SET_FLAGS, 0) == 0);
	CHECK(twz_rt_fd_read(ends[0], block, 65536, NOW) == 65536);

	/* A million bytes through, in order. */
	CHECK(thread_start(&thread, write_much, &ends[1]));
	size_t total = 0, wrong = 0;
	twz_result got;
	while ((got = twz_rt_fd_read(ends[0], block, sizeof(block), NOW)) > 0) {
		for (twz_result i = 0; i < got; i++)
			wrong += block[i] != (char)((total + (size_t)i) / 1000);
		total += (size_t)got;
	}
	CHECK(got == 0 && total == 1000000 && wrong == 0);
	thread_join(&thread);
	CHECK(twz_rt_fd_close(ends[0]) == 0);

	CHECK(twz_rt_fd_pipe(ends, TWZ_OPEN_CLOEXEC) == 0);
	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_GET_CLOEXEC, 0) == 1);
	CHECK(twz_rt_fd_close(ends[0]) == 0);
	CHECK(twz_rt_fd_write(ends[1], "x", 1, NOW) == -TWZ_ERR_END_OF_STREAM);
	CHECK(twz_rt_fd_close(ends[1]) == 0);
	CHECK(twz_rt_fd_pipe(NULL, 0) == -TWZ_ERR_BAD_ADDRESS);
}
