/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark of single paths: a table of paths, each a function that performs a number of
 * operations and tells how long they took. The same sources run on Twizzler and in a Linux guest;
 * what differs is in system.h.
 */
#ifndef BENCH_PATHS_H
#define BENCH_PATHS_H

#include <stddef.h>
#include <stdint.h>

#define PAGE 4096ul

struct path {
	const char *name;
	uint64_t operations;		      /* a round; 0 ends a table */
	uint64_t (*run)(uint64_t operations); /* the nanoseconds they took, set-up not counted */
};

extern const struct path syscall_paths[];
extern const struct path memory_paths[];
extern const struct path thread_paths[];

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t now(void);

/* Ends the program with a word why. */
_Noreturn void fail(const char *what);

/* Keeps the compiler from removing what makes the value. */
static inline void keep(uint64_t value)
{
	__asm__ volatile("" ::"r"(value) : "memory");
}

#endif
