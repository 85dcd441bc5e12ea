/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FILE HOW: writes a file that is larger than its store, mebibyte by mebibyte with a sync behind
 * each: HOW is "write", or "map", where it is mapped, or "caught", the same with a handler that
 * tells the signal. A file that an earlier run left is removed first; when an error has been told
 * the file is removed and a small one fits. shapes: static
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEBIBYTE (1u << 20)
#define MOST	 32u

static char content[MEBIBYTE];

static void tell(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("signal %d, code %d\n", signal, info->si_code);
	fflush(stdout);
	_exit(3);
}

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* What failed, or NULL. */
static const char *add_written(int file)
{
	for (size_t done = 0; done < MEBIBYTE;) {
		ssize_t count = write(file, content, MEBIBYTE - done);
		if (count < 0)
			return "write";
		done += (size_t)count;
	}
	return fsync(file) == 0 ? NULL : "fsync";
}

static const char *add_mapped(char *bytes)
{
	memset(bytes, 1, MEBIBYTE);
	return msync(bytes, MEBIBYTE, MS_SYNC) == 0 ? NULL : "msync";
}

static int make(const char *name)
{
	int file = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);

	need(file >= 0, name);
	return file;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO};
	const char *failed = NULL;
	char *bytes = NULL;

	if (argc != 3)
		return 2;
	need(unlink(argv[1]) == 0 || errno == ENOENT, "remove what was left");
	int file = make(argv[1]);
	if (strcmp(argv[2], "write") != 0) {
		need(ftruncate(file, MOST * MEBIBYTE) == 0, "ftruncate");
		bytes = mmap(NULL, MOST * MEBIBYTE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		need(bytes != MAP_FAILED, "mmap");
	}
	if (strcmp(argv[2], "caught") == 0)
		sigaction(SIGBUS, &action, NULL);
	for (unsigned i = 0; i < MOST && !failed; i++)
		failed = bytes ? add_mapped(bytes + (size_t)i * MEBIBYTE) : add_written(file);
	if (!failed) {
		puts("all of it fits");
		return 1;
	}
	printf("%s: %s\n", failed, strerror(errno));
	need(close(file) == 0 && unlink(argv[1]) == 0, "remove");
	if (bytes)
		munmap(bytes, MOST * MEBIBYTE);
	file = make(argv[1]);
	failed = add_written(file);
	need(!failed, failed);
	puts("removed, and there is room");
	return 0;
}
