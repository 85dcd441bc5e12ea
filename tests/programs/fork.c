/* SPDX-License-Identifier: BSD-2-Clause */
/* fork: the child's copies of data, heap and thread-local storage; a pipe between the two;
 * handlers; many in turn; exec; positions of files that both have. shapes: dynamic static */

#include <fcntl.h>
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

/* The exec'd program's part: it reads at the parent's position, and writes behind the child. */
static int positions_after_exec(void)
{
	char c;

	return read(8, &c, 1) == 1 && c == '2' && write(9, "third ", 6) == 6 ? 9 : 10;
}

static void end_of(pid_t pid, int code)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == code);
}

/* One position for all that have the file from one open: the child, and what it executes. */
static void test_positions(const char *self)
{
	char text[64] = "";
	int out = open("/tmp/fork-out", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int in = open("/tmp/fork-in", O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(out >= 0 && in >= 0 && write(in, "0123456789", 10) == 10);
	CHECK(lseek(in, 1, SEEK_SET) == 1);
	CHECK(write(out, "first ", 6) == 6);
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		int good = write(out, "second ", 7) == 7 && read(in, &c, 1) == 1 && c == '1' &&
			   dup2(in, 8) == 8 && dup2(out, 9) == 9;
		if (good)
			execl(self, self, "positions", (char *)NULL);
		_exit(1);
	}
	end_of(pid, 9);
	CHECK(lseek(out, 0, SEEK_CUR) == 19 && lseek(in, 0, SEEK_CUR) == 3);
	CHECK(write(out, "last", 4) == 4);
	CHECK(pread(out, text, sizeof text, 0) == 23 && !strcmp(text, "first second third last"));
	/* The child moves it for both; an open of its own has a position of its own. */
	pid = fork();
	if (pid == 0) {
		int again = open("/tmp/fork-in", O_RDONLY);
		_exit(lseek(again, 0, SEEK_CUR) == 0 && lseek(in, -1, SEEK_END) == 9 ? 3 : 4);
	}
	end_of(pid, 3);
	CHECK(read(in, text, sizeof text) == 1 && text[0] == '9');
	/* The position outlives a child that is killed, and the first opener's descriptor. */
	pid = fork();
	if (pid == 0) {
		lseek(in, 4, SEEK_SET);
		close(in);
		abort();
	}
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(read(in, text, 1) == 1 && text[0] == '4');
	close(in);
	close(out);
	CHECK(unlink("/tmp/fork-in") == 0 && unlink("/tmp/fork-out") == 0);
}

/* Programs that write at once lose nothing of each other's. */
static void test_writers(void)
{
	enum { WRITERS = 4, LINES = 50 };
	char line[5];
	int count[WRITERS] = {0}, out = open("/tmp/fork-lines", O_RDWR | O_CREAT | O_TRUNC, 0600);
	pid_t pids[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		snprintf(line, sizeof line, "%03d\n", i);
		for (int n = 0; n < LINES; n++)
			if (write(out, line, 4) != 4)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < WRITERS; i++)
		end_of(pids[i], 0);
	CHECK(lseek(out, 0, SEEK_CUR) == WRITERS * LINES * 4 && lseek(out, 0, SEEK_SET) == 0);
	while (read(out, line, 4) == 4)
		count[line[2] - '0' < WRITERS && line[2] >= '0' ? line[2] - '0' : 0]++;
	for (int i = 0; i < WRITERS; i++)
		CHECK(count[i] == LINES);
	close(out);
	CHECK(unlink("/tmp/fork-lines") == 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "exec"))
		return 9;
	if (argc == 2 && !strcmp(argv[1], "positions"))
		return positions_after_exec();
	test_copies();
	test_many();
	test_exec(argv[0]);
	test_positions(argv[0]);
	test_writers();
	return check_result("fork");
}
