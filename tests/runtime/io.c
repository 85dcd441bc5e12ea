/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/io.h: transfer, seeking, waiting. */
#include "contract.h"

CONTRACT(twz_rt_fd_read)
{
	char text[16] = "";
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "0123456789", 10);
		GIVES(twz_rt_fd_read(fd, text, 4, NOW), 4);
		GIVES(twz_rt_fd_read(fd, text + 4, 12, NOW), 6);
		CHECK(!memcmp(text, "0123456789", 10));
		GIVES(twz_rt_fd_read(fd, text, 4, NOW), 0);
		/* at an offset the position stays */
		GIVES(twz_rt_fd_read(fd, text, 3, 5), 3);
		CHECK(!memcmp(text, "567", 3));
		GIVES(twz_rt_fd_seek(fd, 0, TWZ_SEEK_CURRENT), 10);
		GIVES(twz_rt_fd_read(fd, text, 3, 10), 0);
		GIVES(twz_rt_fd_read(fd, text, 3, 1ull << 40), 0);
		GIVES(twz_rt_fd_read(fd, text, 0, 0), 0);
		GIVES(twz_rt_fd_read(fd, NULL, 0, 0), 0);
		FAILS(twz_rt_fd_read(fd, text, 3, 1ull << 63), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_read(fd, NULL, 3, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_read(fd, KERNEL_HALF, 3, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_read(fd, text, ~0ul, 0), INVALID_ARGUMENT);
		GIVES(twz_rt_fd_close(fd), 0);
		FAILS(twz_rt_fd_read(fd, text, 1, NOW), BAD_HANDLE);
		remove_file("file");
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_READ, 0));
		FAILS(twz_rt_fd_read(fd, text, 1, NOW), IS_A_DIRECTORY);
		GIVES(twz_rt_fd_close(fd), 0);
	}
	/* the image's files */
	int fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("/bin/init"), TWZ_OPEN_READ, 0));
	GIVES(twz_rt_fd_read(fd, text, 4, NOW), 4);
	CHECK(!memcmp(text, "\177ELF", 4));
	GIVES(twz_rt_fd_close(fd), 0);
	fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("/dev/zero"), TWZ_OPEN_READ, 0));
	GIVES(twz_rt_fd_read(fd, text, 16, NOW), 16);
	CHECK(text[0] == 0 && text[15] == 0);
	GIVES(twz_rt_fd_close(fd), 0);
}

CONTRACT(twz_rt_fd_write)
{
	char text[16] = "";
	struct twz_rt_stat stat;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "", 0);
		GIVES(twz_rt_fd_write(fd, "abc", 3, NOW), 3);
		GIVES(twz_rt_fd_write(fd, "def", 3, NOW), 3);
		GIVES(twz_rt_fd_write(fd, "X", 1, 1), 1);
		GIVES(twz_rt_fd_seek(fd, 0, TWZ_SEEK_CURRENT), 6);
		/* beyond the end: what lies between is zero */
		GIVES(twz_rt_fd_write(fd, "Z", 1, 10000), 1);
		GIVES(twz_rt_fd_read(fd, text, 8, 0), 8);
		CHECK(!memcmp(text, "aXcdef\0\0", 8));
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.size == 10001);
		GIVES(twz_rt_fd_write(fd, NULL, 0, NOW), 0);
		FAILS(twz_rt_fd_write(fd, "x", 1, 1ull << 63), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_write(fd, NULL, 1, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_write(fd, KERNEL_HALF, 1, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_write(fd, text, ~0ul, 0), INVALID_ARGUMENT);
		if (place_has_objects())
			FAILS(twz_rt_fd_write(fd, "x", 1, TWZ_SLOT_SIZE), TOO_LARGE);
		GIVES(twz_rt_fd_close(fd), 0);
		/* at the end, whatever the position or offset */
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"),
					      TWZ_OPEN_WRITE | TWZ_OPEN_APPEND | TWZ_OPEN_TRUNCATE,
					      0));
		GIVES(twz_rt_fd_write(fd, "one", 3, NOW), 3);
		GIVES(twz_rt_fd_seek(fd, 0, TWZ_SEEK_SET), 0);
		GIVES(twz_rt_fd_write(fd, "two", 3, NOW), 3);
		GIVES(twz_rt_fd_seek(fd, 0, TWZ_SEEK_CURRENT), 6);
		GIVES(twz_rt_fd_write(fd, "three", 5, 0), 5);
		GIVES(twz_rt_fd_close(fd), 0);
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ, 0));
		GIVES(twz_rt_fd_read(fd, text, 16, 0), 11);
		CHECK(!memcmp(text, "onetwothree", 11));
		FAILS(twz_rt_fd_write(fd, "x", 1, NOW), BAD_HANDLE);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
	int fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("/dev/null"), TWZ_OPEN_WRITE, 0));
	GIVES(twz_rt_fd_write(fd, "x", 1, NOW), 1);
	GIVES(twz_rt_fd_close(fd), 0);
	FAILS(twz_rt_fd_write(999, "x", 1, NOW), BAD_HANDLE);
}

CONTRACT(twz_rt_fd_readv)
{
	char a[4] = "", b[4] = "";
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		const struct twz_rt_iovec parts[] = {{a, 3}, {NULL, 0}, {b, 4}};
		int fd = new_file("file", "01234", 5);
		GIVES(twz_rt_fd_readv(fd, parts, 3, 0), 5);
		CHECK(!memcmp(a, "012", 3) && !memcmp(b, "34", 2));
		GIVES(twz_rt_fd_readv(fd, parts, 1, NOW), 3);
		GIVES(twz_rt_fd_seek(fd, 0, TWZ_SEEK_CURRENT), 3);
		GIVES(twz_rt_fd_readv(fd, NULL, 0, NOW), 0);
		const struct twz_rt_iovec bad[] = {{a, 3}, {NULL, 4}}, much[] = {{a, 1}, {b, ~0ul}};
		FAILS(twz_rt_fd_readv(fd, bad, 2, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_readv(fd, much, 2, 0), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_readv(fd, NULL, 1, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_readv(fd, KERNEL_HALF, 1, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_readv(fd, parts, ~0ul, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_readv(fd, parts, 1, 1ull << 63), INVALID_ARGUMENT);
		GIVES(twz_rt_fd_close(fd), 0);
		FAILS(twz_rt_fd_readv(fd, parts, 1, 0), BAD_HANDLE);
		remove_file("file");
	}
}

CONTRACT(twz_rt_fd_writev)
{
	char text[8] = "";
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		const struct twz_rt_iovec parts[] = {
			{(void *)"abc", 3}, {NULL, 0}, {(void *)"de", 2}};
		int fd = new_file("file", "", 0);
		GIVES(twz_rt_fd_writev(fd, parts, 3, NOW), 5);
		GIVES(twz_rt_fd_writev(fd, parts, 1, 4), 3);
		GIVES(twz_rt_fd_read(fd, text, 8, 0), 7);
		CHECK(!memcmp(text, "abcdabc", 7));
		GIVES(twz_rt_fd_writev(fd, NULL, 0, NOW), 0);
		const struct twz_rt_iovec bad[] = {{text, 3}, {NULL, 4}},
					  much[] = {{text, 1}, {text, ~0ul}};
		FAILS(twz_rt_fd_writev(fd, bad, 2, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_writev(fd, much, 2, 0), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_writev(fd, NULL, 1, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_writev(fd, KERNEL_HALF, 1, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_writev(fd, parts, ~0ul, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_writev(fd, parts, 1, 1ull << 63), INVALID_ARGUMENT);
		GIVES(twz_rt_fd_close(fd), 0);
		FAILS(twz_rt_fd_writev(fd, parts, 1, 0), BAD_HANDLE);
		remove_file("file");
	}
}

CONTRACT(twz_rt_fd_seek)
{
	int ends[2];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "0123456789", 10);
		GIVES(twz_rt_fd_seek(fd, 4, TWZ_SEEK_SET), 4);
		GIVES(twz_rt_fd_seek(fd, 3, TWZ_SEEK_CURRENT), 7);
		GIVES(twz_rt_fd_seek(fd, -7, TWZ_SEEK_CURRENT), 0);
		GIVES(twz_rt_fd_seek(fd, -2, TWZ_SEEK_END), 8);
		GIVES(twz_rt_fd_seek(fd, 1000, TWZ_SEEK_END), 1010);
		FAILS(twz_rt_fd_seek(fd, -1, TWZ_SEEK_SET), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_seek(fd, -11, TWZ_SEEK_END), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_seek(fd, INT64_MIN, TWZ_SEEK_CURRENT), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_seek(fd, INT64_MAX, TWZ_SEEK_CURRENT), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_seek(fd, 0, 3), INVALID_ARGUMENT);
		GIVES(twz_rt_fd_seek(fd, 0, TWZ_SEEK_CURRENT), 1010); /* errors do not move it */
		GIVES(twz_rt_fd_seek(fd, INT64_MAX, TWZ_SEEK_SET), INT64_MAX);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	FAILS(twz_rt_fd_seek(ends[0], 0, TWZ_SEEK_CURRENT), NOT_SEEKABLE);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	FAILS(twz_rt_fd_seek(999, 0, TWZ_SEEK_SET), BAD_HANDLE);
	FAILS(twz_rt_fd_seek(-1, 0, TWZ_SEEK_SET), BAD_HANDLE);
}

static void write_later(void *argument)
{
	nap(20 * MS);
	GIVES(twz_rt_fd_write(*(int *)argument, "x", 1, NOW), 1);
}

static void close_later(void *argument)
{
	nap(20 * MS);
	GIVES(twz_rt_fd_close(*(int *)argument), 0);
}

CONTRACT(twz_rt_fd_poll)
{
	int ends[2];
	char byte;
	struct thread thread;
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	struct twz_rt_poll polls[3] = {
		{.fd = ends[0], .wanted = TWZ_POLL_READ},
		{.fd = ends[1], .wanted = TWZ_POLL_WRITE},
		{.fd = -1, .wanted = TWZ_POLL_READ, .ready = 7},
	};
	GIVES(twz_rt_fd_poll(polls, 3, 0), 1);
	CHECK(polls[0].ready == 0 && polls[1].ready == TWZ_POLL_WRITE && polls[2].ready == 0);
	uint64_t until = after(20 * MS);
	GIVES(twz_rt_fd_poll(polls, 1, until), 0);
	CHECK(now() >= until);
	GIVES(twz_rt_fd_write(ends[1], "x", 1, NOW), 1);
	GIVES(twz_rt_fd_poll(polls, 1, TWZ_FOREVER), 1);
	CHECK(polls[0].ready == TWZ_POLL_READ);
	GIVES(twz_rt_fd_read(ends[0], &byte, 1, NOW), 1);
	/* woken by another thread's write and close */
	CHECK(thread_start(&thread, write_later, &ends[1]));
	GIVES(twz_rt_fd_poll(polls, 1, after(30000 * MS)), 1);
	CHECK(polls[0].ready == TWZ_POLL_READ);
	thread_join(&thread);
	GIVES(twz_rt_fd_read(ends[0], &byte, 1, NOW), 1);
	CHECK(thread_start(&thread, close_later, &ends[1]));
	GIVES(twz_rt_fd_poll(polls, 1, after(30000 * MS)), 1);
	CHECK(polls[0].ready & TWZ_POLL_HANGUP);
	thread_join(&thread);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	/* one that is not open is told by its ready bits; files are always ready */
	polls[0] = (struct twz_rt_poll){.fd = 999, .wanted = TWZ_POLL_READ};
	int fd = new_file("file", "", 0);
	polls[1] = (struct twz_rt_poll){.fd = fd, .wanted = TWZ_POLL_READ | TWZ_POLL_WRITE};
	GIVES(twz_rt_fd_poll(polls, 2, TWZ_FOREVER), 2);
	CHECK(polls[0].ready == TWZ_POLL_ERROR);
	CHECK(polls[1].ready == (TWZ_POLL_READ | TWZ_POLL_WRITE));
	GIVES(twz_rt_fd_close(fd), 0);
	remove_file("file");
	/* nothing to wait for: a sleep */
	until = after(10 * MS);
	GIVES(twz_rt_fd_poll(NULL, 0, until), 0);
	CHECK(now() >= until);
	FAILS(twz_rt_fd_poll(NULL, 1, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_poll(KERNEL_HALF, 1, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_poll(polls, ~0ul, 0), BAD_ADDRESS);
}
