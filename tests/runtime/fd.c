/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/fd.h: descriptors. */
#include "contract.h"

CONTRACT(twz_rt_fd_open)
{
	char text[8] = "";
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		FAILS(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ, 0), NOT_FOUND);
		int fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"), NEW, 0640));
		int other = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"), NEW, 0600));
		CHECK(other == fd + 1); /* the lowest free one */
		GIVES(twz_rt_fd_close(fd), 0);
		GIVES(twz_rt_fd_open(HERE, PATH("./file"), TWZ_OPEN_READ, 0), fd);
		GIVES(twz_rt_fd_write(other, "text", 4, 0), 4);
		GIVES(twz_rt_fd_read(fd, text, 8, 0), 4);
		FAILS(twz_rt_fd_write(fd, "x", 1, 0), BAD_HANDLE);
		GIVES(twz_rt_fd_close(fd), 0);
		/* mode is of the creation */
		struct twz_rt_stat stat;
		GIVES(twz_rt_fd_stat(other, &stat), 0);
		CHECK(stat.mode == 0640);
		GIVES(twz_rt_fd_close(other), 0);

		FAILS(twz_rt_fd_open(HERE, PATH("file"), NEW | TWZ_OPEN_EXCLUSIVE, 0600), EXISTS);
		fd = (int)GOOD(
			twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_WRITE | TWZ_OPEN_TRUNCATE, 0));
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.size == 0);
		FAILS(twz_rt_fd_read(fd, text, 1, 0), BAD_HANDLE);
		GIVES(twz_rt_fd_close(fd), 0);
		FAILS(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ | TWZ_OPEN_TRUNCATE, 0),
		      INVALID_ARGUMENT);
		FAILS(twz_rt_fd_open(HERE, PATH("file/x"), NEW, 0600), NOT_A_DIRECTORY);
		FAILS(twz_rt_fd_open(HERE, PATH("file/"), TWZ_OPEN_READ, 0), NOT_A_DIRECTORY);
		FAILS(twz_rt_fd_open(HERE, PATH("none/x"), NEW, 0600), NOT_FOUND);
		FAILS(twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_WRITE, 0), IS_A_DIRECTORY);
		FAILS(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ | TWZ_OPEN_DIRECTORY, 0),
		      NOT_A_DIRECTORY);
		/* relative to an open directory */
		int directory = (int)GOOD(
			twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_READ | TWZ_OPEN_DIRECTORY, 0));
		enter_tmp();
		fd = (int)GOOD(twz_rt_fd_open(directory, PATH("file"), TWZ_OPEN_READ, 0));
		FAILS(twz_rt_fd_open(fd, PATH("x"), TWZ_OPEN_READ, 0), NOT_A_DIRECTORY);
		GIVES(twz_rt_fd_close(fd), 0);
		GIVES(twz_rt_cwd_set(directory, NULL, 0), 0);
		GIVES(twz_rt_fd_close(directory), 0);
		/* links */
		GIVES(twz_rt_path_symlink(PATH("file"), HERE, PATH("link")), 0);
		GIVES(twz_rt_path_symlink(PATH("circle"), HERE, PATH("circle")), 0);
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("link"), TWZ_OPEN_READ, 0));
		GIVES(twz_rt_fd_close(fd), 0);
		FAILS(twz_rt_fd_open(HERE, PATH("link"), TWZ_OPEN_READ | TWZ_OPEN_NOFOLLOW, 0),
		      LOOP);
		FAILS(twz_rt_fd_open(HERE, PATH("circle"), TWZ_OPEN_READ, 0), LOOP);
		remove_file("link");
		remove_file("circle");
		remove_file("file");
	}
	char long_name[300], *long_path = twz_rt_malloc(70000, 1, 0);
	memset(long_name, 'n', sizeof(long_name));
	memset(long_path, '/', 70000);
	FAILS(twz_rt_fd_open(HERE, long_name, 256, TWZ_OPEN_READ, 0), NAME_TOO_LONG);
	FAILS(twz_rt_fd_open(HERE, long_name, 256, NEW, 0600), NAME_TOO_LONG);
	FAILS(twz_rt_fd_open(HERE, long_name, 255, TWZ_OPEN_READ, 0), NOT_FOUND);
	FAILS(twz_rt_fd_open(HERE, long_path, 70000, TWZ_OPEN_READ, 0), NAME_TOO_LONG);
	twz_rt_free(long_path, 70000, 1);
	FAILS(twz_rt_fd_open(HERE, "", 0, TWZ_OPEN_READ, 0), NOT_FOUND);
	FAILS(twz_rt_fd_open(HERE, NULL, 0, TWZ_OPEN_READ, 0), NOT_FOUND);
	FAILS(twz_rt_fd_open(HERE, NULL, 4, TWZ_OPEN_READ, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_open(HERE, KERNEL_HALF, 4, TWZ_OPEN_READ, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_open(HERE, PATH("a\0b"), TWZ_OPEN_READ, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_open(HERE, PATH("x"), 0x80000000u, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_open(HERE, PATH("x"), NEW, 010000), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_open(999, PATH("x"), TWZ_OPEN_READ, 0), BAD_HANDLE);
	FAILS(twz_rt_fd_open(0, PATH("x"), TWZ_OPEN_READ, 0), NOT_A_DIRECTORY);
	/* The image's own files stay as they are. */
	FAILS(twz_rt_fd_open(HERE, PATH("/bin/init"), TWZ_OPEN_WRITE, 0), READ_ONLY);
	FAILS(twz_rt_fd_open(HERE, PATH("/dev/none"), TWZ_OPEN_READ, 0), NOT_FOUND);
	FAILS(twz_rt_fd_open(HERE, PATH("/dev/none"), NEW, 0600), READ_ONLY);
}

CONTRACT(twz_rt_fd_close)
{
	int fd = new_file("file", "x", 1);
	int copy = (int)GOOD(twz_rt_fd_dup(fd, 0, 0));
	char byte;
	GIVES(twz_rt_fd_close(fd), 0);
	GIVES(twz_rt_fd_read(copy, &byte, 1, 0), 1); /* the file stays open */
	FAILS(twz_rt_fd_close(fd), BAD_HANDLE);
	GIVES(twz_rt_fd_close(copy), 0);
	remove_file("file");
	FAILS(twz_rt_fd_close(-1), BAD_HANDLE);
	FAILS(twz_rt_fd_close(0x7fffffff), BAD_HANDLE);
}

CONTRACT(twz_rt_fd_dup)
{
	char text[4] = "";
	int fd = new_file("file", "abcdef", 6);
	int copy = (int)GOOD(twz_rt_fd_dup(fd, 100, TWZ_OPEN_CLOEXEC));
	CHECK(copy == 100);
	GIVES(twz_rt_fd_command(copy, TWZ_FD_GET_CLOEXEC, 0), 1);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_GET_CLOEXEC, 0), 0);
	GIVES(twz_rt_fd_dup(fd, 100, 0), 101);
	/* one position for all */
	GIVES(twz_rt_fd_read(fd, text, 2, NOW), 2);
	GIVES(twz_rt_fd_read(copy, text, 2, NOW), 2);
	CHECK(!memcmp(text, "cd", 2));
	GIVES(twz_rt_fd_close(101), 0);
	GIVES(twz_rt_fd_close(copy), 0);
	FAILS(twz_rt_fd_dup(fd, -1, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_dup(fd, 0, TWZ_OPEN_APPEND), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_dup(999, 0, 0), BAD_HANDLE);
	FAILS(twz_rt_fd_dup(-1, 0, 0), BAD_HANDLE);
	FAILS(twz_rt_fd_dup(fd, 0x7fffffff, 0), TOO_MANY);
	GIVES(twz_rt_fd_close(fd), 0);
	remove_file("file");
}

CONTRACT(twz_rt_fd_dup_to)
{
	int fd = new_file("file", "abcdef", 6), other = new_file("other", "x", 1);
	char byte = 0;
	GIVES(twz_rt_fd_dup_to(fd, other, 0), other);
	GIVES(twz_rt_fd_read(other, &byte, 1, 0), 1);
	CHECK(byte == 'a');
	GIVES(twz_rt_fd_dup_to(fd, 5000, TWZ_OPEN_CLOEXEC), 5000);
	GIVES(twz_rt_fd_command(5000, TWZ_FD_GET_CLOEXEC, 0), 1);
	GIVES(twz_rt_fd_close(5000), 0);
	GIVES(twz_rt_fd_dup_to(fd, fd, 0), fd);
	GIVES(twz_rt_fd_read(fd, &byte, 1, 0), 1);
	FAILS(twz_rt_fd_dup_to(999, 10, 0), BAD_HANDLE);
	FAILS(twz_rt_fd_dup_to(fd, -1, 0), BAD_HANDLE);
	FAILS(twz_rt_fd_dup_to(fd, 10, TWZ_OPEN_NONBLOCK), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_dup_to(fd, 0x7fffffff, 0), TOO_MANY);
	GIVES(twz_rt_fd_close(fd), 0);
	GIVES(twz_rt_fd_close(other), 0);
	remove_file("file");
	remove_file("other");
}

CONTRACT(twz_rt_fd_pipe)
{
	int ends[2] = {-1, -1};
	char text[8] = "";
	GIVES(twz_rt_fd_pipe(ends, TWZ_OPEN_CLOEXEC), 0);
	CHECK(ends[0] >= 0 && ends[1] >= 0 && ends[0] != ends[1]);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_GET_CLOEXEC, 0), 1);
	GIVES(twz_rt_fd_command(ends[1], TWZ_FD_GET_CLOEXEC, 0), 1);
	GIVES(twz_rt_fd_write(ends[1], "hello", 5, NOW), 5);
	GIVES(twz_rt_fd_read(ends[0], text, 3, NOW), 3);
	GIVES(twz_rt_fd_read(ends[0], text, 8, NOW), 2);
	CHECK(!memcmp(text, "lo", 2));
	FAILS(twz_rt_fd_write(ends[0], "x", 1, NOW), BAD_HANDLE);
	FAILS(twz_rt_fd_read(ends[1], text, 1, NOW), BAD_HANDLE);
	FAILS(twz_rt_fd_seek(ends[0], 0, TWZ_SEEK_SET), NOT_SEEKABLE);
	FAILS(twz_rt_fd_read(ends[0], text, 1, 0), NOT_SEEKABLE);
	/* the end of input, and of readers */
	GIVES(twz_rt_fd_write(ends[1], "x", 1, NOW), 1);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	GIVES(twz_rt_fd_read(ends[0], text, 8, NOW), 1);
	GIVES(twz_rt_fd_read(ends[0], text, 8, NOW), 0);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	GIVES(twz_rt_fd_pipe(ends, TWZ_OPEN_NONBLOCK), 0);
	FAILS(twz_rt_fd_read(ends[0], text, 1, NOW), WOULD_BLOCK);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	FAILS(twz_rt_fd_write(ends[1], "x", 1, NOW), END_OF_STREAM);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	FAILS(twz_rt_fd_pipe(NULL, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_pipe(KERNEL_HALF, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_pipe(ends, TWZ_OPEN_WRITE), INVALID_ARGUMENT);
}

CONTRACT(twz_rt_fd_stat)
{
	struct twz_rt_stat stat, other;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		uint64_t before = twz_rt_clock(TWZ_CLOCK_REALTIME);
		int fd = new_file("file", "abc", 3), second = new_file("other", "", 0);
		memset(&stat, 0xff, sizeof(stat));
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.kind == TWZ_FILE_REGULAR && stat.size == 3 && stat.mode == 0600);
		CHECK(stat.links == 1 && stat.blocks >= 1);
		CHECK(twz_id_is_none(stat.object) != place_has_objects());
		/* the host's clock may differ from the guest's by a little */
		CHECK(stat.modify_time + 10000 * MS > before);
		CHECK(stat.modify_time < before + 60000 * MS);
		GIVES(twz_rt_fd_stat(second, &other), 0);
		CHECK(other.device == stat.device && other.inode != stat.inode && other.size == 0);
		GIVES(twz_rt_fd_close(fd), 0);
		GIVES(twz_rt_fd_close(second), 0);
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_READ, 0));
		GIVES(twz_rt_fd_stat(fd, &other), 0);
		CHECK(other.kind == TWZ_FILE_DIRECTORY && other.device == stat.device);
		CHECK(other.mode == 0755);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
		remove_file("other");
	}
	int ends[2], null = (int)GOOD(twz_rt_fd_open(HERE, PATH("/dev/null"), TWZ_OPEN_READ, 0));
	GIVES(twz_rt_fd_stat(null, &stat), 0);
	CHECK(stat.kind == TWZ_FILE_DEVICE);
	FAILS(twz_rt_fd_stat(null, NULL), BAD_ADDRESS);
	FAILS(twz_rt_fd_stat(null, KERNEL_HALF), BAD_ADDRESS);
	GIVES(twz_rt_fd_close(null), 0);
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	GIVES(twz_rt_fd_stat(ends[0], &stat), 0);
	CHECK(stat.kind == TWZ_FILE_STREAM);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	FAILS(twz_rt_fd_stat(999, &stat), BAD_HANDLE);
	FAILS(twz_rt_fd_stat(-1, &stat), BAD_HANDLE);
}

/* A terminal's mode is what was set last; what is none has none. */
static void terminal(void)
{
	const uint32_t all = TWZ_TERMINAL_CANONICAL | TWZ_TERMINAL_ECHO | TWZ_TERMINAL_SIGNALS |
			     TWZ_TERMINAL_CR_TO_NL;
	struct twz_rt_terminal usual = {0}, mode = {.flags = TWZ_TERMINAL_ECHO, .tenths = 3}, got;
	int fd = (int)GOOD(twz_rt_fd_open(TWZ_RT_AT_CWD, PATH("/dev/console"), TWZ_OPEN_READ, 0));
	int null = (int)GOOD(twz_rt_fd_open(TWZ_RT_AT_CWD, PATH("/dev/null"), TWZ_OPEN_READ, 0));
	GIVES(twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0), 1);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_GET_TERMINAL, (uint64_t)&usual), 0);
	CHECK(usual.flags == all && usual.minimum == 1 && usual.interrupt == 3 && usual.end == 4);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_TERMINAL, (uint64_t)&mode), 0);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_GET_TERMINAL, (uint64_t)&got), 0);
	CHECK(!memcmp(&got, &mode, sizeof(got)));
	mode.flags = all + 1;
	FAILS(twz_rt_fd_command(fd, TWZ_FD_SET_TERMINAL, (uint64_t)&mode), INVALID_ARGUMENT);
	mode = (struct twz_rt_terminal){.reserved = 1};
	FAILS(twz_rt_fd_command(fd, TWZ_FD_SET_TERMINAL, (uint64_t)&mode), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_command(fd, TWZ_FD_SET_TERMINAL, 0), BAD_ADDRESS);
	FAILS(twz_rt_fd_command(fd, TWZ_FD_GET_TERMINAL, (uint64_t)KERNEL_HALF), BAD_ADDRESS);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_GET_TERMINAL, (uint64_t)&got), 0);
	CHECK(got.flags == TWZ_TERMINAL_ECHO && got.tenths == 3);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_DROP_INPUT, 0), 0);
	GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_TERMINAL, (uint64_t)&usual), 0);
	for (uint32_t command = TWZ_FD_GET_TERMINAL; command <= TWZ_FD_DROP_INPUT; command++)
		FAILS(twz_rt_fd_command(null, command, (uint64_t)&got), NOT_A_TERMINAL);
	GIVES(twz_rt_fd_close(fd), 0);
	GIVES(twz_rt_fd_close(null), 0);
}

CONTRACT(twz_rt_fd_command)
{
	struct twz_rt_stat stat;
	char text[8] = "";
	int ends[2];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "abcdef", 6);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0), TWZ_OPEN_READ | TWZ_OPEN_WRITE);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS, TWZ_OPEN_APPEND), 0);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0),
		      TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_APPEND);
		GIVES(twz_rt_fd_write(fd, "g", 1, NOW), 1);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS, 0), 0);
		GIVES(twz_rt_fd_read(fd, text, 8, 0), 7);
		FAILS(twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS, TWZ_OPEN_READ), INVALID_ARGUMENT);
		/* what is cut off is zero when the file grows again */
		GIVES(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 2), 0);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 5), 0);
		GIVES(twz_rt_fd_read(fd, text, 8, 0), 5);
		CHECK(!memcmp(text, "ab\0\0\0", 5));
		CHECK(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, ~0ull) < 0);
		CHECK(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 1ull << 63) < 0);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_SYNC, 0), 0);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_MODE, 0711), 0);
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.mode == 0711 && stat.size == 5);
		FAILS(twz_rt_fd_command(fd, TWZ_FD_SET_MODE, 010000), INVALID_ARGUMENT);
		FAILS(twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0), NOT_A_TERMINAL);
		FAILS(twz_rt_fd_command(fd, 99, 0), INVALID_ARGUMENT);
		GIVES(twz_rt_fd_close(fd), 0);
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ, 0));
		FAILS(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 0), INVALID_ARGUMENT);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_READABLE, 0), 0);
	GIVES(twz_rt_fd_write(ends[1], "abc", 3, NOW), 3);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_READABLE, 0), 3);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_SET_CLOEXEC, 1), 0);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_GET_CLOEXEC, 0), 1);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_SET_CLOEXEC, 0), 0);
	GIVES(twz_rt_fd_command(ends[0], TWZ_FD_GET_CLOEXEC, 0), 0);
	FAILS(twz_rt_fd_command(ends[0], TWZ_FD_TRUNCATE, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_fd_command(ends[0], TWZ_FD_SYNC, 0), INVALID_ARGUMENT);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	terminal();
	for (uint32_t command = 0; command <= TWZ_FD_DROP_INPUT; command++)
		FAILS(twz_rt_fd_command(999, command, 0), BAD_HANDLE);
}

CONTRACT(twz_rt_fd_enumerate)
{
	struct twz_rt_dirent entries[3];
	struct twz_rt_stat stat;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int directory = (int)GOOD(twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_READ, 0));
		GIVES(twz_rt_fd_enumerate(directory, entries, 3), 0); /* no "." nor ".." */
		for (int i = 0; i < 5; i++) {
			char name[2] = {(char)('a' + i), 0};
			GIVES(twz_rt_fd_close(new_file(name, "", 0)), 0);
		}
		GIVES(twz_rt_path_mkdir(HERE, PATH("f"), 0700), 0);
		unsigned seen = 0;
		twz_result got;
		GIVES(twz_rt_fd_seek(directory, 0, TWZ_SEEK_SET), 0);
		while ((got = twz_rt_fd_enumerate(directory, entries, 2)) > 0) {
			for (twz_result i = 0; i < got; i++) {
				char *name = entries[i].name;
				CHECK(entries[i].length == 1 && name[0] >= 'a' && name[0] <= 'f');
				CHECK(!(seen & 1u << (name[0] - 'a')) && name[1] == 0);
				seen |= 1u << (name[0] - 'a');
				CHECK(entries[i].kind ==
				      (name[0] == 'f' ? TWZ_FILE_DIRECTORY : TWZ_FILE_REGULAR));
				GIVES(twz_rt_path_stat(HERE, name, 1, 0, &stat), 0);
				CHECK(stat.inode == entries[i].inode);
			}
		}
		GIVES(got, 0);
		CHECK(seen == 63);
		/* `next` leads to the entry behind */
		GIVES(twz_rt_fd_seek(directory, 0, TWZ_SEEK_SET), 0);
		GIVES(twz_rt_fd_enumerate(directory, entries, 2), 2);
		GOOD(twz_rt_fd_seek(directory, (int64_t)entries[0].next, TWZ_SEEK_SET));
		GIVES(twz_rt_fd_enumerate(directory, entries + 2, 1), 1);
		CHECK(!strcmp(entries[1].name, entries[2].name));
		GIVES(twz_rt_fd_enumerate(directory, entries, 0), 0);
		FAILS(twz_rt_fd_enumerate(directory, NULL, 1), BAD_ADDRESS);
		FAILS(twz_rt_fd_enumerate(directory, KERNEL_HALF, 1), BAD_ADDRESS);
		FAILS(twz_rt_fd_enumerate(directory, entries, ~0ul), BAD_ADDRESS);
		GIVES(twz_rt_fd_close(directory), 0);
		for (int i = 0; i < 5; i++) {
			char name[2] = {(char)('a' + i), 0};
			remove_file(name);
		}
		GIVES(twz_rt_path_remove(HERE, PATH("f"), TWZ_REMOVE_DIRECTORY), 0);
	}
	int fd = new_file("file", "", 0);
	FAILS(twz_rt_fd_enumerate(fd, entries, 1), NOT_A_DIRECTORY);
	GIVES(twz_rt_fd_close(fd), 0);
	remove_file("file");
	FAILS(twz_rt_fd_enumerate(999, entries, 1), BAD_HANDLE);
}
