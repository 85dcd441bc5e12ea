/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths into the kernel and back, and the clock, which needs none. */
#include <sched.h>
#include <time.h>

#include "paths.h"
#include "system.h"

static uint64_t null_syscall(uint64_t operations)
{
	uint64_t start = now();

	for (uint64_t i = 0; i < operations; i++)
		null_call();
	return now() - start;
}

static uint64_t read_clock(uint64_t operations)
{
	struct timespec time;
	uint64_t start = now();

	for (uint64_t i = 0; i < operations; i++)
		clock_gettime(CLOCK_MONOTONIC, &time);
	return now() - start;
}

static uint64_t read_real_clock(uint64_t operations)
{
	struct timespec time;
	uint64_t start = now();

	for (uint64_t i = 0; i < operations; i++)
		clock_gettime(CLOCK_REALTIME, &time);
	return now() - start;
}

static uint64_t yield(uint64_t operations)
{
	uint64_t start = now();

	for (uint64_t i = 0; i < operations; i++)
		sched_yield();
	return now() - start;
}

const struct path syscall_paths[] = {
	{"null-syscall", 100000, null_syscall},
	{"yield", 50000, yield},
	{"clock-monotonic", 500000, read_clock},
	{"clock-realtime", 500000, read_real_clock},
	{NULL, 0, NULL},
};
