/* SPDX-License-Identifier: BSD-2-Clause */
/* POSIX files and directories by name and descriptor, time, memory, information. shapes: dynamic
 * static */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static void test_descriptors(void)
{
	char text[32] = "";
	struct stat stat;
	int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0640), other;

	CHECK(fd >= 0);
	CHECK(open("file", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
	CHECK(write(fd, "0123456789", 10) == 10 && lseek(fd, 2, SEEK_SET) == 2);
	CHECK(read(fd, text, 3) == 3 && !memcmp(text, "234", 3));
	CHECK(pread(fd, text, 4, 6) == 4 && !memcmp(text, "6789", 4) &&
	      lseek(fd, 0, SEEK_CUR) == 5);
	CHECK(pwrite(fd, "AB", 2, 0) == 2 && pread(fd, text, 3, 0) == 3 && !memcmp(text, "AB2", 3));
	CHECK(lseek(fd, 0, SEEK_END) == 10 && read(fd, text, 1) == 0);
	CHECK(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
	CHECK(ftruncate(fd, 4) == 0 && fstat(fd, &stat) == 0 && stat.st_size == 4 &&
	      S_ISREG(stat.st_mode));

	struct iovec parts[2] = {{text, 1}, {text + 4, 3}};
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, parts, 2) == 4 && text[0] == 'A' &&
	      text[4] == 'B');

	other = dup(fd);
	CHECK(other > fd && lseek(other, 1, SEEK_SET) == 1 && lseek(fd, 0, SEEK_CUR) == 1);
	CHECK(dup2(fd, 20) == 20 && fcntl(20, F_GETFD) == 0 && close(20) == 0);
	CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 30) == 30 && fcntl(30, F_GETFD) == FD_CLOEXEC &&
	      close(30) == 0);
	CHECK(close(other) == 0 && close(other) == -1 && errno == EBADF);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);

	fd = open("file", O_WRONLY | O_APPEND);
	CHECK(fd >= 0 && write(fd, "end", 3) == 3 && lseek(fd, 0, SEEK_CUR) == 7);
	CHECK(read(fd, text, 1) == -1 && errno == EBADF);
	close(fd);
	CHECK(access("file", F_OK) == 0 && access("file", R_OK | W_OK) == 0 &&
	      access("file", X_OK) == -1);
}

static int count_entries(const char *path, const char *wanted)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	CHECK(directory);
	while (directory && (entry = readdir(directory)) != NULL)
		if (!strncmp(entry->d_name, wanted, strlen(wanted)))
			count++;
	if (directory)
		closedir(directory);
	return count;
}

static void test_names(void)
{
	char cwd[4096], inside[4096], name[64];
	struct stat stat_;

	CHECK(mkdir("folder", 0755) == 0 && stat("folder", &stat_) == 0 && S_ISDIR(stat_.st_mode));
	CHECK(mkdir("folder", 0755) == -1 && errno == EEXIST);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "folder/entry-%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	CHECK(count_entries("folder", "entry-") == 50 && count_entries("folder", "") >= 50);
	CHECK(rmdir("folder") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	CHECK(getcwd(cwd, sizeof cwd) == cwd && cwd[0] == '/');
	CHECK(getcwd(inside, 1) == NULL && errno == ERANGE);
	CHECK(chdir("folder") == 0 && getcwd(inside, sizeof inside) &&
	      !strncmp(inside, cwd, strlen(cwd)));
	CHECK(!strcmp(inside + strlen(inside) - 7, "/folder") && access("entry-3", F_OK) == 0);
	CHECK(chdir("..") == 0);
	CHECK(rename("folder/entry-0", "moved") == 0 && access("folder/entry-0", F_OK) == -1 &&
	      errno == ENOENT);
	CHECK(unlink("moved") == 0 && unlink("moved") == -1 && errno == ENOENT);
	CHECK(chdir("moved") == -1 && errno == ENOENT && chdir("file") == -1 && errno == ENOTDIR);
	CHECK(open("file/x", O_RDONLY) == -1 && errno == ENOTDIR && open("", O_RDONLY) == -1 &&
	      errno == ENOENT);
	CHECK(open("folder", O_WRONLY) == -1 && errno == EISDIR);
	for (int i = 1; i < 50; i++) {
		snprintf(name, sizeof name, "folder/entry-%d", i);
		CHECK(unlink(name) == 0);
	}
	CHECK(rmdir("folder") == 0 && unlink("file") == 0);
}

static void test_pipe(void)
{
	int fds[2];
	char text[8];

	CHECK(pipe(fds) == 0);
	struct pollfd polled = {fds[0], POLLIN, 0};
	CHECK(poll(&polled, 1, 10) == 0);
	CHECK(write(fds[1], "pipe", 4) == 4 && poll(&polled, 1, -1) == 1 &&
	      polled.revents == POLLIN);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	CHECK(select(fds[0] + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(fds[0], &set));
	CHECK(read(fds[0], text, sizeof text) == 4 && !memcmp(text, "pipe", 4));
	CHECK(lseek(fds[0], 0, SEEK_CUR) == -1 && errno == ESPIPE);
	close(fds[1]);
	CHECK(read(fds[0], text, sizeof text) == 0);
	close(fds[0]);
	polled.fd = fds[0];
	CHECK(poll(&polled, 1, 1000) == 1 && polled.revents == POLLNVAL);
}

static double seconds(clockid_t clock)
{
	struct timespec time = {0, 0};
	CHECK(clock_gettime(clock, &time) == 0 && time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void test_time(void)
{
	struct timespec moment = {0, 30000000};
	double before = seconds(CLOCK_MONOTONIC), after;
	struct timeval now;
	struct tm parts;
	time_t time_ = time(NULL);

	CHECK(nanosleep(&moment, NULL) == 0);
	after = seconds(CLOCK_MONOTONIC);
	CHECK(after - before >= 0.03 && after - before < 10);
	CHECK(gettimeofday(&now, NULL) == 0 && now.tv_sec >= time_ && now.tv_sec < time_ + 100);
	CHECK(gmtime_r(&time_, &parts) && timegm(&parts) == time_);
	CHECK(time_ > 1600000000);
	moment.tv_nsec = 1000000000;
	CHECK(nanosleep(&moment, NULL) == -1 && errno == EINVAL);
	CHECK(clock_gettime(99, &moment) == -1 && errno == EINVAL);
}

static void test_memory(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page == 4096 && memory != MAP_FAILED);
	CHECK(memory[0] == 0 && memory[8 * page - 1] == 0);
	memset(memory, 7, 8 * page);
	CHECK(mprotect(memory, page, PROT_READ) == 0 && memory[5] == 7);
	CHECK(munmap(memory + 4 * page, 4 * page) == 0 && memory[4 * page - 1] == 7);
	char *moved = mremap(memory + page, 3 * page, 64 * page, MREMAP_MAYMOVE);
	CHECK(moved != MAP_FAILED && moved[0] == 7 && moved[3 * page - 1] == 7 &&
	      moved[3 * page] == 0);
	CHECK(madvise(moved, page, MADV_DONTNEED) == 0 && moved[0] == 0 && moved[page] == 7);
	CHECK(munmap(moved, 64 * page) == 0);
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == EINVAL);
	CHECK(mmap(NULL, page, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);

	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
	CHECK(write(fd, "mapped file", 11) == 11);
	char *file = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(file != MAP_FAILED && !memcmp(file, "mapped file", 12));
	if (file != MAP_FAILED) {
		char first;
		file[0] = 'X';
		CHECK(pread(fd, &first, 1, 0) == 1 && first == 'm');
		munmap(file, page);
	}
	close(fd);
	unlink("mapped");
}

static void test_information(void)
{
	struct utsname name;
	char one[16] = "", two[16] = "";

	CHECK(uname(&name) == 0 && !strcmp(name.sysname, "Twizzler") &&
	      !strcmp(name.machine, "x86_64"));
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PHYS_PAGES) > 0);
	CHECK(getpid() > 0 && getuid() == 0);
	CHECK(getrandom(one, 16, 0) == 16 && getentropy(two, 16) == 0 && memcmp(one, two, 16));
	CHECK(syscall(9999) == -1 && errno == ENOSYS);
	CHECK(isatty(99) == 0 && errno == EBADF);
}

static void test_copies(void)
{
	char text[32] = "";
	struct stat stat;
	struct termios termios;
	int from = open("from", O_RDWR | O_CREAT, 0600), to = open("to", O_RDWR | O_CREAT, 0600);
	off_t at = 2, there = 1;

	CHECK(from >= 0 && to >= 0 && write(from, "0123456789", 10) == 10);
	CHECK(sendfile(to, from, &at, 3) == 3 && at == 5 && lseek(from, 0, SEEK_CUR) == 10);
	CHECK(sendfile(to, from, NULL, 3) == 0);
	CHECK(lseek(from, 7, SEEK_SET) == 7 && sendfile(to, from, NULL, 100) == 3);
	CHECK(pread(to, text, 32, 0) == 6 && !memcmp(text, "234789", 6));
	at = 0;
	CHECK(copy_file_range(from, &at, to, &there, 2, 0) == 2 && at == 2 && there == 3);
	CHECK(pread(to, text, 32, 0) == 6 && !memcmp(text, "201789", 6));
	CHECK(copy_file_range(from, &at, to, &there, 2, 1) == -1 && errno == EINVAL);
	CHECK(posix_fallocate(to, 4, 6) == 0 && fstat(to, &stat) == 0 && stat.st_size == 10);
	CHECK(posix_fallocate(to, 0, 2) == 0 && fstat(to, &stat) == 0 && stat.st_size == 10);
	CHECK(posix_fallocate(to, 0, 0) == EINVAL && posix_fallocate(-1, 0, 1) == EBADF);
	CHECK(tcgetattr(to, &termios) == -1 && errno == ENOTTY);
	CHECK(close(from) == 0 && close(to) == 0 && unlink("from") == 0 && unlink("to") == 0);
}

/* /proc/self/exe leads to this program; nothing can be made or removed there. */
static void test_proc(void)
{
	char path[256] = "", magic[4] = "";
	struct stat link, file;
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	CHECK(length > 0 && path[0] == '/' && strstr(path, "posix") != NULL);
	CHECK(lstat("/proc/self/exe", &link) == 0 && S_ISLNK(link.st_mode));
	int fd = open("/proc/self/exe", O_RDONLY);
	CHECK(fd >= 0 && read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0);
	CHECK(fstat(fd, &link) == 0 && stat(path, &file) == 0 && link.st_ino == file.st_ino);
	close(fd);
	if (access("/proc/self/maps", F_OK) == 0)
		return; /* the rest is not so on Linux, where this runs too */
	CHECK(lstat("/proc/self/exe", &link) == 0 && link.st_size == length);
	CHECK(readlink("/proc/self", path, sizeof(path)) == -1 && errno == EINVAL);
	CHECK(open("/proc/self/nothing", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("/proc/new", O_WRONLY | O_CREAT, 0600) == -1 && errno == EROFS);
	CHECK(unlink("/proc/self/exe") == -1 && errno == EROFS);
	DIR *directory = opendir("/proc/self");
	struct dirent *entry = directory != NULL ? readdir(directory) : NULL;
	CHECK(entry != NULL && strcmp(entry->d_name, "exe") == 0 && readdir(directory) == NULL);
	if (directory != NULL)
		closedir(directory);
}

/* statx says what stat says, of a name, a link itself, a descriptor. */
static void test_statx(void)
{
	const int sync[] = {AT_STATX_SYNC_AS_STAT, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC};
	const struct timespec times[2] = {{1234567, 89}, {7654321, 98}};
	int fd = open("extended", O_RDWR | O_CREAT | O_TRUNC, 0640);
	struct statx all;
	struct stat stat_;

	CHECK(fd >= 0 && write(fd, "twelve bytes", 12) == 12 && futimens(fd, times) == 0);
	CHECK(link("extended", "second") == 0 && symlink("extended", "pointer") == 0);
	CHECK(stat("extended", &stat_) == 0);
	for (unsigned i = 0; i < sizeof(sync) / sizeof(sync[0]); i++) {
		memset(&all, 0xff, sizeof(all));
		CHECK(statx(AT_FDCWD, "pointer", sync[i], STATX_BASIC_STATS, &all) == 0);
		CHECK((all.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
		CHECK(all.stx_size == 12 && all.stx_nlink == 2 && all.stx_ino == stat_.st_ino);
		CHECK(all.stx_mode == (S_IFREG | 0640) && all.stx_mode == stat_.st_mode);
		CHECK(all.stx_mtime.tv_sec == 7654321 && all.stx_mtime.tv_nsec == 98);
		CHECK(all.stx_atime.tv_sec == stat_.st_atim.tv_sec &&
		      all.stx_atime.tv_nsec == (uint32_t)stat_.st_atim.tv_nsec);
		CHECK(all.stx_ctime.tv_sec == stat_.st_ctim.tv_sec);
		CHECK(all.stx_blksize == (uint32_t)stat_.st_blksize &&
		      all.stx_blocks == (uint64_t)stat_.st_blocks);
		CHECK(all.stx_dev_major == major(stat_.st_dev) &&
		      all.stx_dev_minor == minor(stat_.st_dev) && all.stx_attributes == 0);
	}
	CHECK(statx(AT_FDCWD, "pointer", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &all) == 0 &&
	      S_ISLNK(all.stx_mode) && all.stx_size == 8);
	CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &all) == 0 && all.stx_size == 12);
	CHECK(statx(AT_FDCWD, ".", 0, STATX_TYPE, &all) == 0 && S_ISDIR(all.stx_mode));
	CHECK(statx(fd, "", 0, STATX_SIZE, &all) == -1 && errno == ENOENT);
	CHECK(statx(AT_FDCWD, "no such", 0, STATX_SIZE, &all) == -1 && errno == ENOENT);
	CHECK(statx(999, "", AT_EMPTY_PATH, STATX_SIZE, &all) == -1 && errno == EBADF);
	CHECK(statx(fd, "", AT_EMPTY_PATH, 0x80000000u, &all) == -1 && errno == EINVAL);
	CHECK(statx(fd, "", AT_EMPTY_PATH | 0x40000000, 0, &all) == -1 && errno == EINVAL);
	CHECK(close(fd) == 0 && unlink("extended") == 0 && unlink("second") == 0 &&
	      unlink("pointer") == 0);
}

int main(void)
{
	char place[] = "posix-XXXXXX";

	CHECK(mkdtemp(place) && chdir(place) == 0);
	test_proc();
	test_statx();
	test_descriptors();
	test_names();
	test_copies();
	test_pipe();
	test_time();
	test_memory();
	test_information();
	CHECK(chdir("..") == 0 && rmdir(place) == 0);
	return check_result("posix");
}
