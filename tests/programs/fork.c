/* SPDX-License-Identifier: BSD-2-Clause */
/* fork: the child's copies of data, heap and thread-local storage; a pipe between the two;
 * handlers; many in turn; exec. shapes: dynamic static */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static int value = 1, prepared, in_child;
static __thread int own = 3;
static volatile sig_atomic_t got;

static void prepare(void)
{
	prepared++;
}

static void begin(void)
{
	in_child++;
}

static void handle(int signal)
{
	got = signal;
}

static void *set_value(void *argument)
{
	value = 7;
	return argument;
}

/* In the child: changes what the parent must not see, starts a thread, takes a signal. */
static int child(char *heap, int to_parent)
{
	pthread_t thread;
	char text[64];
	int length, good = value == 1 && own == 3 && !strcmp(heap, "parent");

	own = 4;
	strcpy(heap, "child!");
	char *block = malloc(300000);
	memset(block, 1, 300000);
	good &= pthread_create(&thread, NULL, set_value, NULL) == 0 &&
		pthread_join(thread, NULL) == 0;
	good &= raise(SIGUSR1) == 0 && got == SIGUSR1;
	length = snprintf(text, sizeof text, "%d %d %d %s", good, value, in_child, heap);
	return write(to_parent, text, (size_t)length) == length ? 5 : 6;
}

static void test_copies(void)
{
	char *heap = malloc(100), text[64] = "";
	int fds[2], status;

	strcpy(heap, "parent");
	CHECK(pipe(fds) == 0 && signal(SIGUSR1, handle) == SIG_DFL);
	CHECK(pthread_atfork(prepare, NULL, begin) == 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(child(heap, fds[1]));
	CHECK(pid > 0 && pid != getpid());
	close(fds[1]);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5);
	CHECK(read(fds[0], text, sizeof text - 1) > 0 && !strcmp(text, "1 7 1 child!"));
	CHECK(value == 1 && own == 3 && got == 0 && !strcmp(heap, "parent"));
	CHECK(prepared == 1 && in_child == 0);
	close(fds[0]);
	free(heap);
}

static void test_many(void)
{
	for (int i = 0; i < 20; i++) {
		int status;
		pid_t pid = fork();
		if (pid == 0)
			_exit(i);
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		      WEXITSTATUS(status) == i);
	}
	pid_t pid = fork();
	int status;
	if (pid == 0)
		abort();
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGABRT);
	CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
}

/* fork and exec: the program itself, told by its argument what to be. */
static void test_exec(const char *self)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl(self, self, "exec", (char *)NULL);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 9);
	CHECK(execl("/no/such/program", "none", (char *)NULL) == -1 && errno == ENOENT);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "exec"))
		return 9;
	test_copies();
	test_many();
	test_exec(argv[0]);
	return check_result("fork");
}
