/* SPDX-License-Identifier: BSD-2-Clause */
/* posix_spawn and waitpid: this program starts itself, with arguments, environment and descriptors.
 * shapes: dynamic static */

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

/* The child: tells its argument and environment on stdout, ends as it is told. */
static int child(const char *how)
{
	const char *value = getenv("SPAWNED");

	printf("child %s %s\n", how, value ? value : "-");
	fflush(stdout);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "read")) {
		char text[16] = "";
		ssize_t length = read(0, text, sizeof text);
		return length == 5 && !memcmp(text, "given", 5) ? 11 : 12;
	}
	return atoi(how);
}

static char *const environment[] = {"SPAWNED=yes", NULL};

static pid_t start(const char *self, const char *how, const posix_spawn_file_actions_t *actions)
{
	char *const argv[] = {(char *)self, "child", (char *)how, NULL};
	pid_t pid = -1;

	CHECK(posix_spawn(&pid, self, actions, NULL, argv, environment) == 0);
	return pid;
}

/* The child's output comes through a pipe. */
static void test_output(const char *self)
{
	posix_spawn_file_actions_t actions;
	char text[64] = "";
	size_t length = 0;
	ssize_t got;
	int fds[2], status;

	CHECK(pipe(fds) == 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	pid_t pid = start(self, "7", &actions);
	close(fds[1]);
	while ((got = read(fds[0], text + length, sizeof text - 1 - length)) > 0)
		length += (size_t)got;
	close(fds[0]);
	CHECK(!strcmp(text, "child 7 yes\n"));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	posix_spawn_file_actions_destroy(&actions);
}

static void test_input(const char *self)
{
	posix_spawn_file_actions_t actions;
	int status, fd = open("given.tmp", O_CREAT | O_TRUNC | O_WRONLY, 0644);

	CHECK(write(fd, "given", 5) == 5 && close(fd) == 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "given.tmp", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	pid_t pid = start(self, "read", &actions);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 11);
	posix_spawn_file_actions_destroy(&actions);
	unlink("given.tmp");
}

static void test_ends(const char *self)
{
	char *const none[] = {"none", NULL};
	int status;
	pid_t pid;

	pid = start(self, "abort", NULL);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGABRT);
	CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
	CHECK(posix_spawn(&pid, "/no/such/program", NULL, NULL, none, environment) == ENOENT);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "child"))
		return child(argv[2]);
	test_output(argv[0]);
	test_input(argv[0]);
	test_ends(argv[0]);
	return check_result("spawn");
}
