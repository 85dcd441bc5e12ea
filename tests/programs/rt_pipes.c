/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes between programs: bytes, the end of input when the writer closes, exits or is killed, and a
 * lock that its holder's death does not keep. This program starts itself. shapes: static dynamic
 */

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static int child(const char *how)
{
	static char block[3000];

	if (!strcmp(how, "write")) {
		for (int i = 0; i < 200; i++) {
			memset(block, i, sizeof(block));
			if (write(1, block, sizeof(block)) != sizeof(block))
				return 9;
		}
		return 0;
	}
	if (!strcmp(how, "flood")) {
		for (;;)
			if (write(1, block, sizeof(block)) != sizeof(block))
				return 9;
	}
	if (!strcmp(how, "hold")) {
		if (write(1, "held", 4) != 4)
			return 9;
		for (;;)
			pause();
	}
	if (!strcmp(how, "count")) {
		long total = 0;
		ssize_t got;
		while ((got = read(0, block, sizeof(block))) > 0)
			total += got;
		return got == 0 && total == 600000 ? 17 : 18;
	}
	return 1;
}

/* Starts this program with `in` and `out` as its standard input and output (-1: as they are). */
static pid_t start(const char *self, const char *how, int in, int out, const int *close_too)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = {(char *)self, (char *)how, NULL}, *envp[] = {NULL};
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	for (int i = 0; i < 2; i++)
		posix_spawn_file_actions_addclose(&actions, close_too[i]);
	CHECK(posix_spawn(&pid, self, &actions, NULL, argv, envp) == 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int wait_code(pid_t pid)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void test_read(const char *self)
{
	static char block[5000];
	int ends[2];
	long total = 0, wrong = 0;
	ssize_t got;

	CHECK(pipe(ends) == 0);
	pid_t pid = start(self, "write", -1, ends[1], ends);
	CHECK(close(ends[1]) == 0);
	while ((got = read(ends[0], block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			wrong += block[i] != (char)((total + i) / 3000);
		total += got;
	}
	CHECK(got == 0 && total == 600000 && wrong == 0);
	CHECK(wait_code(pid) == 0 && close(ends[0]) == 0);
}

/* One program writes, another reads; this one holds neither end. */
static void test_pipeline(const char *self)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	pid_t reader = start(self, "count", ends[0], -1, ends);
	pid_t writer = start(self, "write", -1, ends[1], ends);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	CHECK(wait_code(writer) == 0 && wait_code(reader) == 17);
}

/* The writer is killed while the reader sleeps, and while it holds the pipe in full flow. */
static void test_killed(const char *self)
{
	char text[8] = "";
	static char block[4000];
	int ends[2];

	CHECK(pipe(ends) == 0);
	pid_t pid = start(self, "hold", -1, ends[1], ends);
	CHECK(close(ends[1]) == 0);
	CHECK(read(ends[0], text, sizeof(text)) == 4 && !memcmp(text, "held", 4));
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(read(ends[0], text, sizeof(text)) == 0);
	CHECK(wait_code(pid) == 1000 + SIGKILL && close(ends[0]) == 0);

	for (int round = 0; round < 5; round++) {
		ssize_t got = 0;
		CHECK(pipe(ends) == 0);
		pid = start(self, "flood", -1, ends[1], ends);
		CHECK(close(ends[1]) == 0);
		for (int i = 0; i < 20 + round * 7; i++)
			CHECK((got = read(ends[0], block, sizeof(block))) > 0);
		CHECK(kill(pid, SIGKILL) == 0);
		while ((got = read(ends[0], block, sizeof(block))) > 0)
			continue;
		CHECK(got == 0);
		CHECK(wait_code(pid) == 1000 + SIGKILL && close(ends[0]) == 0);
	}
}

/* The reader goes: the writer's write fails. */
static void test_no_reader(const char *self)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	pid_t pid = start(self, "flood", -1, ends[1], ends);
	CHECK(close(ends[1]) == 0);
	char byte;
	CHECK(read(ends[0], &byte, 1) == 1);
	CHECK(close(ends[0]) == 0);
	int code = wait_code(pid);
	CHECK(code == 9 || code == 1000 + SIGPIPE);
}

static void test_fork(void)
{
	int ends[2];
	char text[8] = "";

	CHECK(pipe(ends) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(write(ends[1], "child", 5) == 5 ? 5 : 6);
	}
	CHECK(pid > 0 && close(ends[1]) == 0);
	CHECK(read(ends[0], text, sizeof(text)) == 5 && !memcmp(text, "child", 5));
	CHECK(read(ends[0], text, sizeof(text)) == 0);
	CHECK(wait_code(pid) == 5 && close(ends[0]) == 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	test_read(argv[0]);
	test_pipeline(argv[0]);
	test_killed(argv[0]);
	test_no_reader(argv[0]);
	test_fork();
	return check_result("rt_pipes");
}
