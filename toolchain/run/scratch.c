/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Temporary directories that go away with this tool, however it ends: a child that outlives it
 * waits at a pipe for its end.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

static void remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	rmdir(path);
}

/* In the child: sleeps until the last writer of the pipe is gone. */
static _Noreturn void keep(const char *path, int pipe_end)
{
	char byte;
	int null = open("/dev/null", O_RDWR);

	/* Whatever ends the tool's session must not end this first. */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	dup2(pipe_end, 3);
	close_range(4, ~0u, 0);
	while (read(3, &byte, 1) < 0 && errno == EINTR)
		;
	remove_directory(path);
	_exit(0);
}

bool scratch_make(struct scratch *scratch)
{
	const char *parent = getenv("TMPDIR");
	char *path = format_string("%s/twizzler-run-XXXXXX", parent && *parent ? parent : "/tmp");
	int ends[2];

	if (mkdtemp(path) == NULL || pipe2(ends, O_CLOEXEC) != 0) {
		complain("%s: %s", path, strerror(errno));
		rmdir(path);
		free(path);
		return false;
	}
	pid_t pid = fork();
	if (pid == 0)
		keep(path, ends[0]);
	close(ends[0]);
	if (pid < 0) {
		complain("fork: %s", strerror(errno));
		close(ends[1]);
		rmdir(path);
		free(path);
		return false;
	}
	*scratch = (struct scratch){.path = path, .keeper = pid, .alive = ends[1]};
	return true;
}

void scratch_remove(struct scratch *scratch)
{
	if (scratch->path == NULL)
		return;
	close(scratch->alive);
	while (waitpid(scratch->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	free(scratch->path);
	*scratch = (struct scratch){0};
}
