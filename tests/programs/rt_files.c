/* SPDX-License-Identifier: BSD-2-Clause */
/* The Runtime ABI's descriptors, names, pipes and poll, called directly. shapes: static dynamic */

#include <pthread.h>
#include <twizzler/rt.h>
#include "check.h"

#define ERR(name)  (-TWZ_ERR_##name)
#define PATH(text) (text), sizeof(text) - 1
#define HERE	   TWZ_RT_AT_CWD
#define NEW	   (TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE)
#define NOW	   TWZ_IO_AT_POSITION

/* Of object files as of the host's: `base` is a directory of either. */
static void test_tree(const char *base)
{
	struct twz_rt_stat stat;
	char text[64];
	CHECK(twz_rt_cwd_set(HERE, base, strlen(base)) == 0);
	CHECK(twz_rt_path_mkdir(HERE, PATH("tree"), 0755) == 0);
	CHECK(twz_rt_path_mkdir(HERE, PATH("tree"), 0755) == ERR(EXISTS));
	CHECK(twz_rt_path_mkdir(HERE, PATH("none/tree"), 0755) == ERR(NOT_FOUND));
	CHECK(twz_rt_path_mkdir(HERE, PATH("tree/sub/"), 0700) == 0);
	CHECK(twz_rt_cwd_set(HERE, PATH("tree/sub/..")) == 0);
	CHECK(twz_rt_cwd_get(text, sizeof(text)) == (twz_result)(strlen(base) + 5));
	CHECK(!memcmp(text, base, strlen(base)) && !memcmp(text + strlen(base), "/tree", 5));

	int fd = (int)twz_rt_fd_open(HERE, PATH("file"), NEW | TWZ_OPEN_EXCLUSIVE, 0640);
	CHECK(fd >= 0);
	CHECK(twz_rt_fd_open(HERE, PATH("file"), NEW | TWZ_OPEN_EXCLUSIVE, 0640) == ERR(EXISTS));
	CHECK(twz_rt_fd_open(HERE, PATH("file/x"), NEW, 0640) == ERR(NOT_A_DIRECTORY));
	CHECK(twz_rt_fd_open(HERE, PATH("sub"), TWZ_OPEN_WRITE, 0) == ERR(IS_A_DIRECTORY));
	CHECK(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ | TWZ_OPEN_DIRECTORY, 0) ==
	      ERR(NOT_A_DIRECTORY));
	CHECK(twz_rt_fd_write(fd, "0123456789", 10, NOW) == 10);
	CHECK(twz_rt_fd_write(fd, "far", 3, 10000) == 3);
	CHECK(twz_rt_fd_read(fd, text, 4, 9) == 4 && text[0] == '9' && text[1] == 0);
	CHECK(twz_rt_fd_stat(fd, &stat) == 0 && stat.size == 10003 && stat.mode == 0640 &&
	      stat.kind == TWZ_FILE_REGULAR && stat.links == 1);
	CHECK(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 5) == 0);
	CHECK(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 10001) == 0);
	CHECK(twz_rt_fd_read(fd, text, 2, 4) == 2 && text[0] == '4' && text[1] == 0);
	CHECK(twz_rt_fd_read(fd, text, 2, 10000) == 1 && text[0] == 0);
	CHECK(twz_rt_fd_command(fd, TWZ_FD_SET_MODE, 0600) == 0 && twz_rt_fd_stat(fd, &stat) == 0 &&
	      stat.mode == 0600);
	CHECK(twz_rt_fd_command(fd, TWZ_FD_SYNC, 0) == 0);
	CHECK(twz_rt_path_set_times(fd, NULL, 0, 0, 1000000000ul, 5000000000ul) == 0 &&
	      twz_rt_fd_stat(fd, &stat) == 0 && stat.modify_time == 5000000000ul);
	CHECK(twz_rt_fd_close(fd) == 0);
	fd = (int)twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_WRITE | TWZ_OPEN_APPEND, 0);
	CHECK(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 3) == 0);
	CHECK(twz_rt_fd_write(fd, "END", 3, NOW) == 3 && twz_rt_fd_stat(fd, &stat) == 0 &&
	      stat.size == 6);
	CHECK(twz_rt_fd_read(fd, text, 1, 0) == ERR(BAD_HANDLE));
	CHECK(twz_rt_fd_close(fd) == 0);

	/* links */
	CHECK(twz_rt_path_symlink(PATH("../file"), HERE, PATH("sub/link")) == 0);
	CHECK(twz_rt_path_symlink(PATH("x"), HERE, PATH("sub/link")) == ERR(EXISTS));
	CHECK(twz_rt_path_readlink(HERE, PATH("sub/link"), text, 3) == 7 &&
	      !memcmp(text, "../", 3));
	CHECK(twz_rt_path_readlink(HERE, PATH("file"), text, 3) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_path_stat(HERE, PATH("sub/link"), 0, &stat) == 0 && stat.size == 6);
	CHECK(twz_rt_path_stat(HERE, PATH("sub/link"), TWZ_STAT_NOFOLLOW, &stat) == 0 &&
	      stat.kind == TWZ_FILE_SYMLINK);
	CHECK(twz_rt_fd_open(HERE, PATH("sub/link"), TWZ_OPEN_READ | TWZ_OPEN_NOFOLLOW, 0) ==
	      ERR(LOOP));
	CHECK(twz_rt_path_link(HERE, PATH("file"), HERE, PATH("sub/second")) == 0);
	CHECK(twz_rt_path_stat(HERE, PATH("file"), 0, &stat) == 0 && stat.links == 2);
	CHECK(twz_rt_path_link(HERE, PATH("sub"), HERE, PATH("third")) < 0);
	CHECK(twz_rt_path_remove(HERE, PATH("file"), 0) == 0);
	CHECK(twz_rt_path_stat(HERE, PATH("sub/link"), 0, &stat) == ERR(NOT_FOUND));
	CHECK(twz_rt_path_stat(HERE, PATH("sub/second"), 0, &stat) == 0 && stat.links == 1);

	/* rename */
	CHECK(twz_rt_path_rename(HERE, PATH("sub/second"), HERE, PATH("sub/one")) == 0);
	CHECK(twz_rt_path_rename(HERE, PATH("sub/one"), HERE, PATH("two")) == 0);
	CHECK(twz_rt_path_rename(HERE, PATH("sub"), HERE, PATH("sub/inside")) ==
	      ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_path_rename(HERE, PATH("none"), HERE, PATH("x")) == ERR(NOT_FOUND));
	fd = (int)twz_rt_fd_open(HERE, PATH("three"), NEW, 0600);
	CHECK(twz_rt_fd_write(fd, "three", 5, NOW) == 5);
	CHECK(twz_rt_path_rename(HERE, PATH("two"), HERE, PATH("three")) == 0);
	CHECK(twz_rt_fd_read(fd, text, 5, 0) == 5 && !memcmp(text, "three", 5)); /* still open */
	CHECK(twz_rt_fd_close(fd) == 0);
	CHECK(twz_rt_path_stat(HERE, PATH("three"), 0, &stat) == 0 && stat.size == 6);
	CHECK(twz_rt_path_rename(HERE, PATH("three"), HERE, PATH("sub")) < 0);
	CHECK(twz_rt_path_mkdir(HERE, PATH("full"), 0755) == 0);
	CHECK(twz_rt_path_rename(HERE, PATH("sub/link"), HERE, PATH("full/link")) == 0);
	CHECK(twz_rt_path_rename(HERE, PATH("sub"), HERE, PATH("full")) == ERR(NOT_EMPTY));
	CHECK(twz_rt_path_rename(HERE, PATH("full"), HERE, PATH("sub")) == 0);
	CHECK(twz_rt_path_stat(HERE, PATH("sub/link"), TWZ_STAT_NOFOLLOW, &stat) == 0);

	/* removing */
	CHECK(twz_rt_path_remove(HERE, PATH("sub"), 0) == ERR(IS_A_DIRECTORY) ||
	      twz_rt_path_stat(HERE, PATH("sub"), 0, &stat) == 0);
	CHECK(twz_rt_path_remove(HERE, PATH("sub"), TWZ_REMOVE_DIRECTORY) == ERR(NOT_EMPTY));
	CHECK(twz_rt_path_remove(HERE, PATH("three"), TWZ_REMOVE_DIRECTORY) ==
	      ERR(NOT_A_DIRECTORY));
	CHECK(twz_rt_path_remove(HERE, PATH("sub/link"), 0) == 0);
	CHECK(twz_rt_path_remove(HERE, PATH("sub"), TWZ_REMOVE_DIRECTORY) == 0);
	CHECK(twz_rt_path_remove(HERE, PATH("three"), 0) == 0);
	CHECK(twz_rt_path_remove(HERE, PATH("three"), 0) == ERR(NOT_FOUND));
	CHECK(twz_rt_cwd_set(HERE, PATH("..")) == 0);
	CHECK(twz_rt_path_remove(HERE, PATH("tree"), TWZ_REMOVE_DIRECTORY) == 0);
}

/* Many names, each listed exactly once, also when the list is read in small parts. */
static void test_list(const char *base)
{
	enum { COUNT = 200 };
	static unsigned char seen[COUNT];
	struct twz_rt_dirent part[7];
	char name[16];
	twz_result got;
	memset(seen, 0, sizeof(seen));
	CHECK(twz_rt_cwd_set(HERE, base, strlen(base)) == 0);
	CHECK(twz_rt_path_mkdir(HERE, PATH("many"), 0755) == 0);
	int directory =
		(int)twz_rt_fd_open(HERE, PATH("many"), TWZ_OPEN_READ | TWZ_OPEN_DIRECTORY, 0);
	CHECK(directory >= 0);
	for (int i = 0; i < COUNT; i++) {
		int length = snprintf(name, sizeof(name), "name-%d", i);
		int fd = (int)twz_rt_fd_open(directory, name, (size_t)length, NEW, 0600);
		CHECK(fd >= 0 && twz_rt_fd_close(fd) == 0);
	}
	while ((got = twz_rt_fd_enumerate(directory, part, 7)) > 0) {
		for (twz_result i = 0; i < got; i++) {
			int number = -1;
			CHECK(part[i].length == strlen(part[i].name));
			CHECK(sscanf(part[i].name, "name-%d", &number) == 1 && number >= 0 &&
			      number < COUNT && !seen[number]++);
			CHECK(part[i].kind == TWZ_FILE_REGULAR);
		}
	}
	CHECK(got == 0 && memchr(seen, 0, COUNT) == NULL);
	CHECK(twz_rt_fd_seek(directory, 0, TWZ_SEEK_SET) == 0);
	CHECK(twz_rt_fd_enumerate(directory, part, 1) == 1);
	CHECK(twz_rt_fd_seek(directory, (int64_t)part[0].next, TWZ_SEEK_SET) >= 0);
	CHECK(twz_rt_fd_enumerate(directory, part + 1, 1) == 1 &&
	      strcmp(part[0].name, part[1].name));
	for (int i = 0; i < COUNT; i++) {
		int length = snprintf(name, sizeof(name), "name-%d", i);
		CHECK(twz_rt_path_remove(directory, name, (size_t)length, 0) == 0);
	}
	CHECK(twz_rt_fd_close(directory) == 0);
	CHECK(twz_rt_path_remove(HERE, PATH("many"), TWZ_REMOVE_DIRECTORY) == 0);
}

static void test_table(void)
{
	int fd = (int)twz_rt_fd_open(HERE, PATH("/dev/null"), TWZ_OPEN_READ | TWZ_OPEN_WRITE, 0);
	CHECK(fd == 3);
	CHECK(twz_rt_fd_dup(fd, 0, 0) == 4);
	CHECK(twz_rt_fd_dup(fd, 1000, TWZ_OPEN_CLOEXEC) == 1000);
	CHECK(twz_rt_fd_command(1000, TWZ_FD_GET_CLOEXEC, 0) == 1);
	CHECK(twz_rt_fd_command(1000, TWZ_FD_SET_CLOEXEC, 0) == 0 &&
	      twz_rt_fd_command(1000, TWZ_FD_GET_CLOEXEC, 0) == 0);
	CHECK(twz_rt_fd_dup_to(fd, 5000, 0) == 5000 && twz_rt_fd_close(5000) == 0);
	CHECK(twz_rt_fd_dup_to(fd, fd, 0) == fd);
	CHECK(twz_rt_fd_close(4) == 0 && twz_rt_fd_close(4) == ERR(BAD_HANDLE));
	CHECK(twz_rt_fd_close(-1) == ERR(BAD_HANDLE) &&
	      twz_rt_fd_close(1 << 30) == ERR(BAD_HANDLE));
	CHECK(twz_rt_fd_dup(fd, -1, 0) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_fd_dup(99, 0, 0) == ERR(BAD_HANDLE));
	CHECK(twz_rt_fd_dup_to(fd, 0x7fffffff, 0) == ERR(TOO_MANY));
	CHECK(twz_rt_fd_read(fd, NULL, 5, NOW) == ERR(BAD_ADDRESS));
	CHECK(twz_rt_fd_read(fd, (void *)(1ul << 63), 5, NOW) == ERR(BAD_ADDRESS));
	CHECK(twz_rt_fd_command(fd, 99, 0) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0) == ERR(NOT_A_TERMINAL));
	CHECK(twz_rt_fd_open(HERE, PATH("/dev/null"), 0x80000000u, 0) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_fd_close(1000) == 0 && twz_rt_fd_close(fd) == 0);

	char bytes[64] = "x";
	fd = (int)twz_rt_fd_open(HERE, PATH("/dev/zero"), TWZ_OPEN_READ, 0);
	CHECK(twz_rt_fd_read(fd, bytes, 64, NOW) == 64 && bytes[0] == 0 && bytes[63] == 0);
	CHECK(twz_rt_fd_close(fd) == 0);
	fd = (int)twz_rt_fd_open(HERE, PATH("/dev/random"), TWZ_OPEN_READ, 0);
	CHECK(twz_rt_fd_read(fd, bytes, 32, NOW) == 32 &&
	      twz_rt_fd_read(fd, bytes + 32, 32, NOW) == 32);
	CHECK(memcmp(bytes, bytes + 32, 32) != 0);
	CHECK(twz_rt_fd_close(fd) == 0);
	CHECK(twz_rt_fd_open(HERE, PATH("/dev/none"), TWZ_OPEN_READ, 0) == ERR(NOT_FOUND));
	/* The image's own files stay as they are. */
	CHECK(twz_rt_fd_open(HERE, PATH("/bin/init"), TWZ_OPEN_WRITE, 0) == ERR(READ_ONLY));
	fd = (int)twz_rt_fd_open(HERE, PATH("/bin/init"), TWZ_OPEN_READ, 0);
	CHECK(fd >= 0 && twz_rt_fd_read(fd, bytes, 4, NOW) == 4 && !memcmp(bytes, "\177ELF", 4));
	CHECK(twz_rt_fd_close(fd) == 0);
	/* Across file systems nothing is moved. */
	fd = (int)twz_rt_fd_open(HERE, PATH("/tmp/moving"), NEW, 0600);
	CHECK(twz_rt_fd_close(fd) == 0);
	CHECK(twz_rt_path_rename(HERE, PATH("/tmp/moving"), HERE, PATH("/host/moving")) ==
	      ERR(CROSS_DEVICE));
	CHECK(twz_rt_path_remove(HERE, PATH("/tmp/moving"), 0) == 0);
}

static void *write_much(void *argument)
{
	static char block[1000];
	int fd = *(int *)argument;
	for (int i = 0; i < 1000; i++) {
		memset(block, i, sizeof(block));
		CHECK(twz_rt_fd_write(fd, block, sizeof(block), NOW) == sizeof(block));
	}
	CHECK(twz_rt_fd_close(fd) == 0);
	return NULL;
}

static void *close_later(void *argument)
{
	twz_rt_sleep_until(twz_rt_clock(TWZ_CLOCK_MONOTONIC) + 20000000ul);
	CHECK(twz_rt_fd_close(*(int *)argument) == 0);
	return NULL;
}

static void test_pipe(void)
{
	static char block[65536];
	int ends[2];
	pthread_t thread;
	CHECK(twz_rt_fd_pipe(ends, 0) == 0);
	CHECK(twz_rt_fd_write(ends[0], "x", 1, NOW) == ERR(BAD_HANDLE));
	CHECK(twz_rt_fd_read(ends[1], block, 1, NOW) == ERR(BAD_HANDLE));
	CHECK(twz_rt_fd_read(ends[0], block, 1, 0) == ERR(NOT_SEEKABLE));
	CHECK(twz_rt_fd_seek(ends[0], 0, TWZ_SEEK_SET) == ERR(NOT_SEEKABLE));
	CHECK(twz_rt_fd_write(ends[1], "hello", 5, NOW) == 5);
	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_READABLE, 0) == 5);
	CHECK(twz_rt_fd_read(ends[0], block, 3, NOW) == 3 &&
	      twz_rt_fd_read(ends[0], block, 9, NOW) == 2);

	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_SET_FLAGS, TWZ_OPEN_NONBLOCK) == 0);
	CHECK(twz_rt_fd_read(ends[0], block, 1, NOW) == ERR(WOULD_BLOCK));
	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_SET_FLAGS, 0) == 0);
	CHECK(twz_rt_fd_command(ends[1], TWZ_FD_SET_FLAGS, TWZ_OPEN_NONBLOCK) == 0);
	CHECK(twz_rt_fd_write(ends[1], block, 65536, NOW) == 65536);
	CHECK(twz_rt_fd_write(ends[1], block, 1, NOW) == ERR(WOULD_BLOCK));
	CHECK(twz_rt_fd_read(ends[0], block, 4000, NOW) == 4000);
	CHECK(twz_rt_fd_write(ends[1], block, 4096, NOW) ==
	      ERR(WOULD_BLOCK)); /* whole or not at all */
	CHECK(twz_rt_fd_write(ends[1], block, 5000, NOW) == 4000);
	CHECK(twz_rt_fd_command(ends[1], TWZ_FD_SET_FLAGS, 0) == 0);
	CHECK(twz_rt_fd_read(ends[0], block, 65536, NOW) == 65536);

	/* A million bytes through, in order. */
	CHECK(pthread_create(&thread, NULL, write_much, &ends[1]) == 0);
	size_t total = 0, wrong = 0;
	twz_result got;
	while ((got = twz_rt_fd_read(ends[0], block, sizeof(block), NOW)) > 0) {
		for (twz_result i = 0; i < got; i++)
			wrong += block[i] != (char)((total + (size_t)i) / 1000);
		total += (size_t)got;
	}
	CHECK(got == 0 && total == 1000000 && wrong == 0);
	pthread_join(thread, NULL);
	CHECK(twz_rt_fd_close(ends[0]) == 0);

	CHECK(twz_rt_fd_pipe(ends, TWZ_OPEN_CLOEXEC) == 0);
	CHECK(twz_rt_fd_command(ends[0], TWZ_FD_GET_CLOEXEC, 0) == 1);
	CHECK(twz_rt_fd_close(ends[0]) == 0);
	CHECK(twz_rt_fd_write(ends[1], "x", 1, NOW) == ERR(END_OF_STREAM));
	CHECK(twz_rt_fd_close(ends[1]) == 0);
	CHECK(twz_rt_fd_pipe(NULL, 0) == ERR(BAD_ADDRESS));
}

static void test_poll(void)
{
	int ends[2];
	pthread_t thread;
	CHECK(twz_rt_fd_pipe(ends, 0) == 0);
	struct twz_rt_poll polls[3] = {
		{.fd = ends[0], .wanted = TWZ_POLL_READ},
		{.fd = -1, .wanted = TWZ_POLL_READ},
		{.fd = 777, .wanted = TWZ_POLL_READ},
	};
	uint64_t start = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
	CHECK(twz_rt_fd_poll(polls, 2, start + 20000000) == 0 && polls[0].ready == 0);
	CHECK(twz_rt_clock(TWZ_CLOCK_MONOTONIC) >= start + 20000000);
	CHECK(twz_rt_fd_poll(polls, 3, 0) == 1 && polls[2].ready == TWZ_POLL_ERROR);
	CHECK(twz_rt_fd_write(ends[1], "x", 1, NOW) == 1);
	CHECK(twz_rt_fd_poll(polls, 1, TWZ_FOREVER) == 1 && polls[0].ready == TWZ_POLL_READ);
	char byte;
	CHECK(twz_rt_fd_read(ends[0], &byte, 1, NOW) == 1);
	/* The other end goes while this one sleeps. */
	CHECK(pthread_create(&thread, NULL, close_later, &ends[1]) == 0);
	CHECK(twz_rt_fd_poll(polls, 1, TWZ_FOREVER) == 1 && (polls[0].ready & TWZ_POLL_HANGUP));
	pthread_join(thread, NULL);
	CHECK(twz_rt_fd_read(ends[0], &byte, 1, NOW) == 0);
	CHECK(twz_rt_fd_close(ends[0]) == 0);
	CHECK(twz_rt_fd_poll((void *)(1ul << 62), 1, 0) == ERR(BAD_ADDRESS));
}

int main(void)
{
	static char start[256];
	twz_result length = twz_rt_cwd_get(start, sizeof(start));
	CHECK(length > 0 && length < (twz_result)sizeof(start));
	start[length] = 0;
	test_table();
	test_tree("/tmp");
	test_tree(start);
	test_list("/tmp");
	test_list(start);
	test_pipe();
	test_poll();
	return check_result("rt_files");
}
