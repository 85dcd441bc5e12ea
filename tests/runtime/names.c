/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/fd.h: names, links, the current directory. */
#include "contract.h"

static char long_name[300];

/* Errors that every call on one path has. at, path, length and the rest. */
#define PATH_ERRORS(call, ...)                                                        \
	do {                                                                          \
		memset(long_name, 'n', sizeof(long_name));                            \
		FAILS(call(HERE, long_name, 256, ##__VA_ARGS__), NAME_TOO_LONG);      \
		FAILS(call(HERE, NULL, 3, ##__VA_ARGS__), BAD_ADDRESS);               \
		FAILS(call(HERE, KERNEL_HALF, 3, ##__VA_ARGS__), BAD_ADDRESS);        \
		FAILS(call(HERE, "a\0b", 3, ##__VA_ARGS__), INVALID_ARGUMENT);        \
		FAILS(call(999, "x", 1, ##__VA_ARGS__), BAD_HANDLE);                  \
		FAILS(call(0, "x", 1, ##__VA_ARGS__), NOT_A_DIRECTORY);               \
		FAILS(call(HERE, "none/x", 6, ##__VA_ARGS__), NOT_FOUND);             \
		FAILS(call(HERE, "/dev/null/x", 11, ##__VA_ARGS__), NOT_A_DIRECTORY); \
	} while (0)

CONTRACT(twz_rt_path_stat)
{
	struct twz_rt_stat stat, other;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "abc", 3);
		GIVES(twz_rt_path_symlink(PATH("file"), HERE, PATH("link")), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("file"), 0, &stat), 0);
		CHECK(stat.size == 3 && stat.kind == TWZ_FILE_REGULAR);
		GIVES(twz_rt_fd_stat(fd, &other), 0);
		CHECK(stat.inode == other.inode && stat.device == other.device);
		GIVES(twz_rt_path_stat(HERE, PATH("link"), 0, &other), 0);
		CHECK(other.inode == stat.inode);
		GIVES(twz_rt_path_stat(HERE, PATH("link"), TWZ_STAT_NOFOLLOW, &other), 0);
		CHECK(other.kind == TWZ_FILE_SYMLINK && other.size == 4 &&
		      other.inode != stat.inode);
		/* an empty path is the descriptor, or the current directory */
		GIVES(twz_rt_path_stat(fd, NULL, 0, 0, &other), 0);
		CHECK(other.inode == stat.inode);
		GIVES(twz_rt_path_stat(HERE, NULL, 0, 0, &other), 0);
		CHECK(other.kind == TWZ_FILE_DIRECTORY);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("link");
		FAILS(twz_rt_path_stat(HERE, PATH("link"), 0, &other), NOT_FOUND);
		FAILS(twz_rt_path_stat(HERE, PATH("file/"), 0, &other), NOT_A_DIRECTORY);
		remove_file("file");
	}
	PATH_ERRORS(twz_rt_path_stat, 0, &stat);
	FAILS(twz_rt_path_stat(999, NULL, 0, 0, &stat), BAD_HANDLE);
	FAILS(twz_rt_path_stat(HERE, PATH("/"), 0x80, &stat), INVALID_ARGUMENT);
	FAILS(twz_rt_path_stat(HERE, PATH("/"), 0, NULL), BAD_ADDRESS);
	FAILS(twz_rt_path_stat(HERE, PATH("/"), 0, KERNEL_HALF), BAD_ADDRESS);
}

CONTRACT(twz_rt_path_set_times)
{
	struct twz_rt_stat stat;
	const uint64_t second = 1000000000ull;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "", 0);
		GIVES(twz_rt_path_set_times(HERE, PATH("file"), 0, 3 * second, 5 * second), 0);
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.modify_time == 5 * second);
		GIVES(twz_rt_path_set_times(fd, NULL, 0, 0, TWZ_TIME_OMIT, 7 * second), 0);
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.modify_time == 7 * second);
		GIVES(twz_rt_path_set_times(HERE, PATH("file"), 0, 3 * second, TWZ_TIME_OMIT), 0);
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.modify_time == 7 * second);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
	PATH_ERRORS(twz_rt_path_set_times, 0, 0, 0);
	FAILS(twz_rt_path_set_times(HERE, PATH("none"), 0, 0, 0), NOT_FOUND);
	FAILS(twz_rt_path_set_times(999, NULL, 0, 0, 0, 0), BAD_HANDLE);
	FAILS(twz_rt_path_set_times(HERE, PATH("/"), 0x80, 0, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_path_set_times(HERE, PATH("/bin/init"), 0, 0, 0), READ_ONLY);
}

CONTRACT(twz_rt_path_remove)
{
	struct twz_rt_stat stat;
	char byte = 0;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "a", 1);
		GIVES(twz_rt_path_remove(HERE, PATH("file"), 0), 0);
		FAILS(twz_rt_path_stat(HERE, PATH("file"), 0, &stat), NOT_FOUND);
		GIVES(twz_rt_fd_read(fd, &byte, 1, 0), 1); /* what is open stays */
		CHECK(byte == 'a');
		GIVES(twz_rt_fd_close(fd), 0);
		FAILS(twz_rt_path_remove(HERE, PATH("file"), 0), NOT_FOUND);
		GIVES(twz_rt_path_mkdir(HERE, PATH("directory"), 0700), 0);
		GIVES(twz_rt_fd_close(new_file("directory/file", "", 0)), 0);
		FAILS(twz_rt_path_remove(HERE, PATH("directory"), 0), IS_A_DIRECTORY);
		FAILS(twz_rt_path_remove(HERE, PATH("directory/"), 0), IS_A_DIRECTORY);
		FAILS(twz_rt_path_remove(HERE, PATH("directory/file/"), 0), NOT_A_DIRECTORY);
		FAILS(twz_rt_path_remove(HERE, PATH("directory/none/"), 0), NOT_FOUND);
		FAILS(twz_rt_path_remove(HERE, PATH("directory"), TWZ_REMOVE_DIRECTORY), NOT_EMPTY);
		FAILS(twz_rt_path_remove(HERE, PATH("directory/file"), TWZ_REMOVE_DIRECTORY),
		      NOT_A_DIRECTORY);
		remove_file("directory/file");
		FAILS(twz_rt_path_remove(HERE, PATH("directory/."), TWZ_REMOVE_DIRECTORY),
		      INVALID_ARGUMENT);
		GIVES(twz_rt_path_remove(HERE, PATH("directory/"), TWZ_REMOVE_DIRECTORY), 0);
		/* a link, not what it leads to */
		GIVES(twz_rt_fd_close(new_file("file", "", 0)), 0);
		GIVES(twz_rt_path_symlink(PATH("file"), HERE, PATH("link")), 0);
		remove_file("link");
		remove_file("file");
	}
	PATH_ERRORS(twz_rt_path_remove, 0);
	FAILS(twz_rt_path_remove(HERE, NULL, 0, 0), NOT_FOUND);
	FAILS(twz_rt_path_remove(HERE, PATH("x"), 0x80), INVALID_ARGUMENT);
	FAILS(twz_rt_path_remove(HERE, PATH("/"), TWZ_REMOVE_DIRECTORY), BUSY);
	FAILS(twz_rt_path_remove(HERE, PATH("/dev"), TWZ_REMOVE_DIRECTORY), BUSY);
	FAILS(twz_rt_path_remove(HERE, PATH("/dev/null"), 0), READ_ONLY);
}

CONTRACT(twz_rt_path_mkdir)
{
	struct twz_rt_stat stat;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		GIVES(twz_rt_path_mkdir(HERE, PATH("one"), 0700), 0);
		GIVES(twz_rt_path_mkdir(HERE, PATH("one/two/"), 0750), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("one/two"), 0, &stat), 0);
		CHECK(stat.kind == TWZ_FILE_DIRECTORY && stat.mode == 0750);
		FAILS(twz_rt_path_mkdir(HERE, PATH("one"), 0700), EXISTS);
		FAILS(twz_rt_path_mkdir(HERE, PATH("."), 0700), EXISTS);
		FAILS(twz_rt_path_mkdir(HERE, PATH("none/x"), 0700), NOT_FOUND);
		GIVES(twz_rt_fd_close(new_file("file", "", 0)), 0);
		FAILS(twz_rt_path_mkdir(HERE, PATH("file"), 0700), EXISTS);
		FAILS(twz_rt_path_mkdir(HERE, PATH("file/x"), 0700), NOT_A_DIRECTORY);
		/* a link that leads nowhere is there all the same */
		GIVES(twz_rt_path_symlink(PATH("nowhere"), HERE, PATH("link")), 0);
		FAILS(twz_rt_path_mkdir(HERE, PATH("link"), 0700), EXISTS);
		remove_file("link");
		remove_file("file");
		GIVES(twz_rt_path_remove(HERE, PATH("one/two"), TWZ_REMOVE_DIRECTORY), 0);
		GIVES(twz_rt_path_remove(HERE, PATH("one"), TWZ_REMOVE_DIRECTORY), 0);
	}
	PATH_ERRORS(twz_rt_path_mkdir, 0700);
	FAILS(twz_rt_path_mkdir(HERE, NULL, 0, 0700), NOT_FOUND);
	FAILS(twz_rt_path_mkdir(HERE, PATH("x"), 010000), INVALID_ARGUMENT);
	FAILS(twz_rt_path_mkdir(HERE, PATH("/dev/x"), 0700), READ_ONLY);
	FAILS(twz_rt_path_mkdir(HERE, PATH("/"), 0700), EXISTS);
}

CONTRACT(twz_rt_path_rename)
{
	struct twz_rt_stat stat, other;
	char text[4] = "";
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("a", "aaa", 3), old = new_file("b", "bb", 2);
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		/* over another file: that one is gone, but where it is open */
		GIVES(twz_rt_path_rename(HERE, PATH("a"), HERE, PATH("b")), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("b"), 0, &other), 0);
		CHECK(other.inode == stat.inode);
		FAILS(twz_rt_path_stat(HERE, PATH("a"), 0, &other), NOT_FOUND);
		GIVES(twz_rt_fd_read(old, text, 4, 0), 2);
		GIVES(twz_rt_fd_read(fd, text, 4, 0), 3);
		GIVES(twz_rt_fd_close(old), 0);
		GIVES(twz_rt_fd_close(fd), 0);
		GIVES(twz_rt_path_rename(HERE, PATH("b"), HERE, PATH("b")), 0);
		/* directories */
		GIVES(twz_rt_path_mkdir(HERE, PATH("one"), 0700), 0);
		GIVES(twz_rt_path_mkdir(HERE, PATH("two"), 0700), 0);
		GIVES(twz_rt_path_rename(HERE, PATH("b"), HERE, PATH("one/b")), 0);
		FAILS(twz_rt_path_rename(HERE, PATH("one"), HERE, PATH("one/in")),
		      INVALID_ARGUMENT);
		FAILS(twz_rt_path_rename(HERE, PATH("two"), HERE, PATH("one")), NOT_EMPTY);
		FAILS(twz_rt_path_rename(HERE, PATH("one"), HERE, PATH("one/b")), INVALID_ARGUMENT);
		FAILS(twz_rt_path_rename(HERE, PATH("one/b"), HERE, PATH("two")), IS_A_DIRECTORY);
		FAILS(twz_rt_path_rename(HERE, PATH("two"), HERE, PATH("one/b")), NOT_A_DIRECTORY);
		GIVES(twz_rt_path_rename(HERE, PATH("one"), HERE, PATH("two")), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("two/b"), 0, &other), 0);
		CHECK(other.inode == stat.inode);
		/* between open directories */
		int directory = (int)GOOD(twz_rt_fd_open(HERE, PATH("two"), TWZ_OPEN_READ, 0));
		GIVES(twz_rt_path_rename(directory, PATH("b"), HERE, PATH("c")), 0);
		GIVES(twz_rt_fd_close(directory), 0);
		FAILS(twz_rt_path_rename(HERE, PATH("none"), HERE, PATH("x")), NOT_FOUND);
		FAILS(twz_rt_path_rename(HERE, PATH("c"), HERE, PATH("none/x")), NOT_FOUND);
		FAILS(twz_rt_path_rename(HERE, PATH("c"), HERE, PATH("/dev/x")), CROSS_DEVICE);
		remove_file("c");
		GIVES(twz_rt_path_remove(HERE, PATH("two"), TWZ_REMOVE_DIRECTORY), 0);
	}
	GIVES(twz_rt_fd_close(new_file("file", "", 0)), 0);
	PATH_ERRORS(twz_rt_path_rename, HERE, PATH("x"));
	FAILS(twz_rt_path_rename(HERE, PATH("file"), HERE, NULL, 3), BAD_ADDRESS);
	FAILS(twz_rt_path_rename(HERE, PATH("file"), 999, PATH("x")), BAD_HANDLE);
	FAILS(twz_rt_path_rename(HERE, PATH("file"), HERE, long_name, 256), NAME_TOO_LONG);
	FAILS(twz_rt_path_rename(HERE, PATH("file"), HERE, PATH("/host/x")), CROSS_DEVICE);
	FAILS(twz_rt_path_rename(HERE, PATH("/"), HERE, PATH("x")), BUSY);
	FAILS(twz_rt_path_rename(HERE, PATH("/dev/null"), HERE, PATH("/dev/x")), READ_ONLY);
	remove_file("file");
}

CONTRACT(twz_rt_path_link)
{
	struct twz_rt_stat stat, other;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("a", "text", 4);
		GIVES(twz_rt_path_link(HERE, PATH("a"), HERE, PATH("b")), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("a"), 0, &stat), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("b"), 0, &other), 0);
		CHECK(stat.inode == other.inode && stat.links == 2 && other.links == 2);
		FAILS(twz_rt_path_link(HERE, PATH("a"), HERE, PATH("b")), EXISTS);
		FAILS(twz_rt_path_link(HERE, PATH("none"), HERE, PATH("c")), NOT_FOUND);
		FAILS(twz_rt_path_link(HERE, PATH("a"), HERE, PATH("none/c")), NOT_FOUND);
		remove_file("a");
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.links == 1);
		GIVES(twz_rt_path_stat(HERE, PATH("b"), 0, &other), 0);
		CHECK(other.size == 4);
		GIVES(twz_rt_fd_close(fd), 0);
		/* no second name for a directory */
		FAILS(twz_rt_path_link(HERE, PATH("."), HERE, PATH("c")), ACCESS_DENIED);
		FAILS(twz_rt_path_link(HERE, PATH("b"), HERE, PATH("/dev/c")), CROSS_DEVICE);
		remove_file("b");
	}
	GIVES(twz_rt_fd_close(new_file("file", "", 0)), 0);
	PATH_ERRORS(twz_rt_path_link, HERE, PATH("x"));
	FAILS(twz_rt_path_link(HERE, PATH("file"), HERE, NULL, 3), BAD_ADDRESS);
	FAILS(twz_rt_path_link(HERE, PATH("file"), 999, PATH("x")), BAD_HANDLE);
	FAILS(twz_rt_path_link(HERE, PATH("file"), HERE, long_name, 256), NAME_TOO_LONG);
	FAILS(twz_rt_path_link(HERE, PATH("file"), HERE, PATH("/host/x")), CROSS_DEVICE);
	remove_file("file");
}

CONTRACT(twz_rt_path_symlink)
{
	struct twz_rt_stat stat;
	char target[4100], back[16] = "";
	memset(target, 't', sizeof(target));
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		GIVES(twz_rt_path_symlink(PATH("no/where"), HERE, PATH("link")), 0);
		GIVES(twz_rt_path_readlink(HERE, PATH("link"), back, sizeof(back)), 8);
		CHECK(!memcmp(back, "no/where", 8));
		GIVES(twz_rt_path_stat(HERE, PATH("link"), TWZ_STAT_NOFOLLOW, &stat), 0);
		CHECK(stat.kind == TWZ_FILE_SYMLINK && stat.size == 8);
		FAILS(twz_rt_path_symlink(PATH("x"), HERE, PATH("link")), EXISTS);
		FAILS(twz_rt_path_symlink(PATH("x"), HERE, PATH("none/x")), NOT_FOUND);
		/* through links in the middle, absolute and relative */
		GIVES(twz_rt_path_mkdir(HERE, PATH("directory"), 0700), 0);
		GIVES(twz_rt_fd_close(new_file("directory/file", "", 0)), 0);
		GIVES(twz_rt_path_symlink(PATH("../directory"), HERE, PATH("directory/again")), 0);
		GIVES(twz_rt_path_stat(HERE, PATH("directory/again/again/file"), 0, &stat), 0);
		remove_file("directory/again");
		remove_file("directory/file");
		GIVES(twz_rt_path_remove(HERE, PATH("directory"), TWZ_REMOVE_DIRECTORY), 0);
		remove_file("link");
	}
	FAILS(twz_rt_path_symlink(target, 4096, HERE, PATH("x")), NAME_TOO_LONG);
	FAILS(twz_rt_path_symlink(target, 0, HERE, PATH("x")), NOT_FOUND);
	FAILS(twz_rt_path_symlink(NULL, 1, HERE, PATH("x")), BAD_ADDRESS);
	FAILS(twz_rt_path_symlink(KERNEL_HALF, 1, HERE, PATH("x")), BAD_ADDRESS);
	FAILS(twz_rt_path_symlink(PATH("a\0b"), HERE, PATH("x")), INVALID_ARGUMENT);
	FAILS(twz_rt_path_symlink(PATH("x"), 999, PATH("x")), BAD_HANDLE);
	FAILS(twz_rt_path_symlink(PATH("x"), HERE, NULL, 1), BAD_ADDRESS);
	FAILS(twz_rt_path_symlink(PATH("x"), HERE, PATH("/dev/x")), READ_ONLY);
	memset(long_name, 'n', sizeof(long_name));
	FAILS(twz_rt_path_symlink(PATH("x"), HERE, long_name, 256), NAME_TOO_LONG);
}

CONTRACT(twz_rt_path_readlink)
{
	char back[16];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		GIVES(twz_rt_path_symlink(PATH("a/target"), HERE, PATH("link")), 0);
		memset(back, '#', sizeof(back));
		GIVES(twz_rt_path_readlink(HERE, PATH("link"), back, 3), 8);
		CHECK(!memcmp(back, "a/t#", 4));
		GIVES(twz_rt_path_readlink(HERE, PATH("link"), back, 16), 8);
		CHECK(!memcmp(back, "a/target#", 9));
		GIVES(twz_rt_path_readlink(HERE, PATH("link"), back, 0), 8);
		GIVES(twz_rt_fd_close(new_file("file", "", 0)), 0);
		FAILS(twz_rt_path_readlink(HERE, PATH("file"), back, 16), INVALID_ARGUMENT);
		FAILS(twz_rt_path_readlink(HERE, PATH("."), back, 16), INVALID_ARGUMENT);
		FAILS(twz_rt_path_readlink(HERE, PATH("none"), back, 16), NOT_FOUND);
		FAILS(twz_rt_path_readlink(HERE, PATH("link"), NULL, 16), BAD_ADDRESS);
		FAILS(twz_rt_path_readlink(HERE, PATH("link"), KERNEL_HALF, 16), BAD_ADDRESS);
		remove_file("file");
		remove_file("link");
	}
	PATH_ERRORS(twz_rt_path_readlink, back, 16);
}

CONTRACT(twz_rt_cwd_set)
{
	char text[64] = "";
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		GIVES(twz_rt_path_mkdir(HERE, PATH("one"), 0700), 0);
		GIVES(twz_rt_path_symlink(PATH("one"), HERE, PATH("link")), 0);
		int directory = (int)GOOD(twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_READ, 0));
		GIVES(twz_rt_cwd_set(HERE, PATH("./link//")), 0);
		twz_result length = GOOD(twz_rt_cwd_get(text, sizeof(text)));
		CHECK(length > 4 && !memcmp(text + length - 4, "/one", 4)); /* no link is left */
		GIVES(twz_rt_cwd_set(HERE, PATH("..")), 0);
		GIVES(twz_rt_cwd_set(HERE, PATH("one")), 0);
		GIVES(twz_rt_cwd_set(directory, NULL, 0), 0);
		GIVES(twz_rt_cwd_set(directory, PATH("one")), 0);
		GIVES(twz_rt_cwd_set(directory, NULL, 0), 0);
		GIVES(twz_rt_fd_close(directory), 0);
		GIVES(twz_rt_fd_close(new_file("file", "", 0)), 0);
		FAILS(twz_rt_cwd_set(HERE, PATH("file")), NOT_A_DIRECTORY);
		FAILS(twz_rt_cwd_set(HERE, PATH("none")), NOT_FOUND);
		remove_file("file");
		remove_file("link");
		GIVES(twz_rt_path_remove(HERE, PATH("one"), TWZ_REMOVE_DIRECTORY), 0);
	}
	GIVES(twz_rt_cwd_set(HERE, PATH("/")), 0);
	GIVES(twz_rt_cwd_set(HERE, PATH("..")), 0); /* above the root is the root */
	GIVES(twz_rt_cwd_get(text, sizeof(text)), 1);
	enter_tmp();
	PATH_ERRORS(twz_rt_cwd_set);
}

CONTRACT(twz_rt_cwd_get)
{
	char text[8];
	enter_tmp();
	memset(text, '#', sizeof(text));
	GIVES(twz_rt_cwd_get(text, sizeof(text)), 4);
	CHECK(!memcmp(text, "/tmp#", 5));
	memset(text, '#', sizeof(text));
	GIVES(twz_rt_cwd_get(text, 2), 4);
	CHECK(!memcmp(text, "/t#", 3));
	GIVES(twz_rt_cwd_get(NULL, 0), 4);
	GIVES(twz_rt_cwd_set(HERE, PATH("/")), 0);
	GIVES(twz_rt_cwd_get(text, 8), 1);
	CHECK(text[0] == '/');
	FAILS(twz_rt_cwd_get(NULL, 8), BAD_ADDRESS);
	FAILS(twz_rt_cwd_get(KERNEL_HALF, 8), BAD_ADDRESS);
}
