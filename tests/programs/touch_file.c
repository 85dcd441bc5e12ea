/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FILE [caught]: reads a file's bytes where they are mapped. Where one cannot be had, its own
 * handler says with which code, or none does, and the fault ends it. For tests with damaged files.
 */
/* shapes: static */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("signal %d, code %d\n", signal, info->si_code);
	fflush(stdout);
	_exit(3);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO};
	int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	struct stat stat;

	if (file < 0 || fstat(file, &stat) != 0) {
		perror("touch_file");
		return 1;
	}
	if (argc > 2)
		sigaction(SIGBUS, &action, NULL);
	volatile char *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, file, 0);
	if (bytes == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (off_t at = 0; at < stat.st_size; at++)
		(void)bytes[at];
	puts("all read");
	return 0;
}
