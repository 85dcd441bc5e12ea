/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and mapping what is there already, of several sizes, whatever the system calls it. The
 * program's argument: "make" or "time". Each name ends in its size in KiB.
 */
#ifndef OPEN_H
#define OPEN_H

#include "measure.h"
#include <string.h>

#define OPENINGS 501

/* What the largest object holds besides the null page, meta and FOT, and then some. */
static const uint64_t open_sizes[] = {4, 1024, 1023 * 1024};

/* A new object or file whose pages all hold something, durable at return. */
void thing_make(const char *name, uint64_t size);
/* Opens it, maps all of it, reads its first and last word, and closes it. */
void thing_visit(const char *name, uint64_t size);

static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline void time_opening(const char *name, uint64_t kib)
{
	static double times[OPENINGS];
	char what[64];

	for (int i = 0; i < OPENINGS; i++) {
		double begin = now_ns();
		thing_visit(name, kib << 10);
		times[i] = now_ns() - begin;
	}
	snprintf(what, sizeof(what), "open-first %u", (unsigned)kib);
	report(what, times[0]);
	qsort(times, OPENINGS, sizeof(times[0]), by_value);
	snprintf(what, sizeof(what), "open %u", (unsigned)kib);
	report(what, times[OPENINGS / 2]);
}

static inline int open_main(int argc, char **argv)
{
	need(argc == 2, "arguments: make or time");
	for (size_t i = 0; i < sizeof(open_sizes) / sizeof(open_sizes[0]); i++) {
		char name[32];
		snprintf(name, sizeof(name), "open-%u", (unsigned)open_sizes[i]);
		if (strcmp(argv[1], "make") == 0)
			thing_make(name, open_sizes[i] << 10);
		else
			time_opening(name, open_sizes[i]);
	}
	return 0;
}

#endif
