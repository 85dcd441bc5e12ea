/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the store: "write" makes them in one boot, "read" finds them in the next. shapes: static
 */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

static void make(void)
{
	int fd;

	CHECK(mkdir("/store/dir", 0755) == 0);
	fd = open("/store/dir/file", O_CREAT | O_EXCL | O_RDWR, 0640);
	CHECK(fd >= 0 && write(fd, "persistent bytes", 16) == 16);
	CHECK(fsync(fd) == 0 && close(fd) == 0);
	CHECK(symlink("dir/file", "/store/link") == 0);
	fd = open("/store/gone", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0 && close(fd) == 0 && unlink("/store/gone") == 0);
	/* within a directory, to another one, and back */
	CHECK(rename("/store/dir/file", "/store/dir/renamed") == 0);
	CHECK(rename("/store/dir/renamed", "/store/moved") == 0);
	CHECK(rename("/store/moved", "/store/dir/file") == 0);
	/* what is in memory alone does not move into the store by its name */
	fd = open("/tmp/volatile", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(rename("/tmp/volatile", "/store/volatile") == -1 && errno == EXDEV);
}

static void find(void)
{
	char text[32] = "";
	struct stat stat_;
	int fd = open("/store/link", O_RDONLY);

	CHECK(fd >= 0 && read(fd, text, sizeof(text)) == 16 && !strcmp(text, "persistent bytes"));
	CHECK(fstat(fd, &stat_) == 0 && (stat_.st_mode & 07777) == 0640 && stat_.st_nlink == 1);
	CHECK(close(fd) == 0);
	CHECK(stat("/store/gone", &stat_) == -1 && errno == ENOENT);
	CHECK(stat("/store/moved", &stat_) == -1 && errno == ENOENT);
	CHECK(stat("/tmp/volatile", &stat_) == -1 && errno == ENOENT);
	CHECK(rmdir("/store/dir") == -1 && errno == ENOTEMPTY);
	CHECK(unlink("/store/dir/file") == 0 && rmdir("/store/dir") == 0);
	CHECK(unlink("/store/link") == 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "write"))
		make();
	else
		find();
	return check_result("rt_store");
}
