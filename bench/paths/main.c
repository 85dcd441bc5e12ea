/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a group of paths and prints each one's nanoseconds an operation: the median and the least of
 * the rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "paths.h"
#include "system.h"

#define ROUNDS 7

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

_Noreturn void fail(const char *what)
{
	perror(what);
	leave(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct path *path)
{
	double times[ROUNDS];

	path->run(path->operations / 8 + 1); /* caches, and the emulator's translations */
	for (int i = 0; i < ROUNDS; i++)
		times[i] = (double)path->run(path->operations) / (double)path->operations;
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	printf("path\t%s\t%.2f\t%.2f\n", path->name, times[ROUNDS / 2], times[0]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		const struct path *paths;
	} groups[] = {
		{"syscalls", syscall_paths}, {"memory", memory_paths}, {"threads", thread_paths}};
	const char *group = argc > 1 ? argv[1] : "";
	const char *only = argc > 2 ? argv[2] : NULL;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(group, groups[i].name) != 0)
			continue;
		for (const struct path *path = groups[i].paths; path->operations != 0; path++)
			if (only == NULL || strcmp(only, path->name) == 0)
				measure(path);
		leave(0);
	}
	fprintf(stderr, "paths: name one of: syscalls memory threads\n");
	leave(2);
}
