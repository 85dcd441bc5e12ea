/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FILE MIB write|read: a file's bytes as memory, from the first to the last, made durable when they
 * are written; prints MiB a second. For a cold read at another boot than the write.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void must(int condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	must(argc == 4, "FILE MIB write|read");
	size_t size = (size_t)atoi(argv[2]) << 20;
	int write = strcmp(argv[3], "write") == 0;
	int file = open(argv[1], O_RDWR | (write ? O_CREAT : 0), 0644);

	must(file >= 0, argv[1]);
	must(!write || ftruncate(file, (off_t)size) == 0, "ftruncate");
	uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), wrong = 0;
	must(words != MAP_FAILED, "mmap");
	double start = seconds();
	for (size_t i = 0; i < size / 8; i++) {
		if (write)
			words[i] = i * 3;
		else
			wrong += words[i] != i * 3;
	}
	must(!write || msync(words, size, MS_SYNC) == 0, "msync");
	double took = seconds() - start;
	if (wrong != 0) {
		printf("%llu words are wrong\n", (unsigned long long)wrong);
		return 1;
	}
	printf("speed\t%s\t%.1f\n", argv[3], (double)(size >> 20) / took);
	return 0;
}
