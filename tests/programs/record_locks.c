/* SPDX-License-Identifier: BSD-2-Clause */
/* fcntl's record locks: between a program and its child, split ranges, what closing gives up, a
 * dead holder. shapes: static dynamic */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NAME "/tmp/record-locks-test"
#define CHECK(what)                                                                      \
	do {                                                                             \
		if (!(what)) {                                                           \
			printf("FAIL line %d: %s (errno %d)\n", __LINE__, #what, errno); \
			fflush(stdout);                                                  \
			_exit(1);                                                        \
		}                                                                        \
	} while (0)

static int lock(int fd, int command, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fd, command, &lock);
}

/* Runs `look` in a child and waits for it. */
static void in_child(void (*look)(int fd), int fd)
{
	int status;
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		look(fd);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void sees_write_lock(int fd)
{
	struct flock seen = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 200};

	CHECK(lock(fd, F_SETLK, F_RDLCK, 15, 1) == -1 && errno == EAGAIN);
	CHECK(fcntl(fd, F_GETLK, &seen) == 0);
	CHECK(seen.l_type == F_WRLCK && seen.l_start == 10 && seen.l_len == 10);
	CHECK(seen.l_pid == getppid());
	CHECK(lock(fd, F_SETLK, F_WRLCK, 30, 5) == 0); /* between the parts */
	CHECK(lock(fd, F_SETLK, F_WRLCK, 45, 1) == -1);
}

static void sees_read_lock(int fd)
{
	CHECK(lock(fd, F_SETLK, F_RDLCK, 0, 0) == 0);
	CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == -1 && errno == EAGAIN);
}

static void sees_none(int fd)
{
	CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
}

/* A child waits for the lock until the parent gives it up. */
static void waits(int fd)
{
	int pipes[2], status;
	char byte;

	CHECK(pipe(pipes) == 0);
	CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(write(pipes[1], "w", 1) == 1);
		CHECK(lock(fd, F_SETLKW, F_WRLCK, 0, 1) == 0);
		CHECK(write(pipes[1], "l", 1) == 1);
		_exit(0); /* holding it */
	}
	CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'w');
	CHECK(lock(fd, F_SETLK, F_UNLCK, 0, 1) == 0);
	CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'l');
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 1) == 0); /* its holder has ended */
}

int main(void)
{
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	int reads = open(FILE_NAME, O_RDONLY);

	CHECK(fd >= 0 && reads >= 0);
	CHECK(lock(reads, F_SETLK, F_WRLCK, 0, 1) == -1 && errno == EBADF);
	CHECK(lock(fd, F_SETLK, 7, 0, 1) == -1 && errno == EINVAL);
	CHECK(lock(fd, F_SETLK, F_RDLCK, -1, 1) == -1 && errno == EINVAL);
	CHECK(lock(99, F_SETLK, F_RDLCK, 0, 1) == -1 && errno == EBADF);

	CHECK(lock(fd, F_SETLK, F_WRLCK, 10, 40) == 0);
	CHECK(lock(fd, F_SETLK, F_UNLCK, 20, 20) == 0); /* leaves [10, 20) and [40, 50) */
	in_child(sees_write_lock, fd);
	CHECK(lock(fd, F_SETLK, F_RDLCK, 0, 0) == 0);
	in_child(sees_read_lock, fd);
	close(reads); /* any descriptor of the file */
	in_child(sees_none, fd);
	waits(fd);
	CHECK(unlink(FILE_NAME) == 0);
	puts("record locks: all as POSIX says");
	return 0;
}
