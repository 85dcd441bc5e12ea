/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks for the test programs: each failed one prints its place; the last line counts them all. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned checks, failures;

#define CHECK(condition)                                                                         \
	do {                                                                                     \
		int held_ = !!(condition), saved_ = errno;                                       \
		__atomic_fetch_add(&checks, 1, __ATOMIC_RELAXED);                                \
		if (!held_) {                                                                    \
			__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);                      \
			printf("%s:%d: false: %s (errno: %s)\n", __FILE__, __LINE__, #condition, \
			       strerror(saved_));                                                \
		}                                                                                \
	} while (0)

/* Prints "NAME: N checks, M failed" and returns main's result. */
static int check_result(const char *name)
{
	printf("%s: %u checks, %u failed\n", name, checks, failures);
	return failures != 0;
}

#endif
