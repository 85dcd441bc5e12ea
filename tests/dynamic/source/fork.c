/* SPDX-License-Identifier: BSD-2-Clause */
/* fork and exec: memory, TLS, descriptors, threads and children on both sides. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../programs/check.h"

static int value = 1;
static __thread int own = 5;
static volatile int stop;

static void *spin(void *argument)
{
	while (!stop)
		usleep(1000);
	return argument;
}

static int wait_for(pid_t child)
{
	int status = -1;
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void *add_thread(void *argument)
{
	++*(int *)argument;
	return argument;
}

/* The child has copies of everything, can have threads and children of its own. */
static int in_child(char *text, pid_t parent)
{
	pthread_t thread;
	void *end = NULL;
	int count = 0;

	if (strcmp(text, "parent") != 0 || value != 1 || own != 6 || getppid() != parent ||
	    getpid() == parent || waitpid(-1, NULL, 0) != -1)
		return 1;
	strcpy(text, "child");
	value = own = 9;
	if (pthread_create(&thread, NULL, add_thread, &count) != 0 ||
	    pthread_join(thread, &end) != 0 || count != 1 || end != &count)
		return 2;
	pid_t grandchild = fork();
	if (grandchild == 0)
		_exit(strcmp(text, "child") == 0 && value == 9 && own == 9 ? 33 : 34);
	return wait_for(grandchild) == 33 ? 0 : 3;
}

static void test_fork(void)
{
	char *text = strcpy(malloc(100), "parent");
	pid_t parent = getpid();
	pthread_t thread;

	own = 6;
	CHECK(pthread_create(&thread, NULL, spin, NULL) == 0);
	for (int i = 0; i < 5; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(in_child(text, parent));
		CHECK(child > 0 && wait_for(child) == 0);
		CHECK(strcmp(text, "parent") == 0 && value == 1 && own == 6);
	}
	stop = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	free(text);
}

/* The descriptors are shared: what the child writes is what the parent reads, and then the end. */
static void test_descriptors(void)
{
	char bytes[64] = "";
	size_t length = 0;
	ssize_t got;
	int fds[2];

	CHECK(pipe(fds) == 0);
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		_exit(write(fds[1], "from the child", 14) == 14 ? 0 : 1);
	}
	close(fds[1]);
	while ((got = read(fds[0], bytes + length, sizeof(bytes) - length)) > 0)
		length += (size_t)got;
	CHECK(got == 0 && length == 14 && memcmp(bytes, "from the child", 14) == 0);
	close(fds[0]);
	CHECK(wait_for(child) == 0);
}

static void test_exec(void)
{
	char *self = (char *)getauxval(AT_EXECFN);
	char *argv[] = {"fork", "again", NULL}, *envp[] = {"FORKED=yes", NULL};
	int status = 0;

	pid_t child = fork();
	if (child == 0) {
		execve(self, argv, envp);
		_exit(99);
	}
	CHECK(wait_for(child) == 44);
	argv[1] = "abort";
	child = fork();
	if (child == 0) {
		execve(self, argv, envp);
		_exit(99);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == 6);
	CHECK(execve("/no/such/program", argv, envp) == -1 && errno == ENOENT);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "abort") == 0)
		abort();
	if (argc > 1) {
		const char *forked = getenv("FORKED");
		return forked != NULL && strcmp(forked, "yes") == 0 ? 44 : 45;
	}
	test_fork();
	test_descriptors();
	test_exec();
	return check_result("fork");
}
