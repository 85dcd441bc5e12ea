/* SPDX-License-Identifier: BSD-2-Clause */
/* A chase along a circle of nodes of a cache line each, whatever its pointers are. */
#ifndef CHASE_H
#define CHASE_H

#include "measure.h"

#define NODE_SIZE 64
#define ROUNDS	  7
#define OBJECTS	  16 /* that a circle across objects or pools goes through */
#define STAGGER	  16 /* nodes: what begins alike shares a few places of a cache */

static const struct {
	const char *name;
	uint64_t bytes;
	unsigned steps;
} sets[] = {
	{"L1", 16u << 10, 4u << 20}, {"L3", 8u << 20, 1u << 19}, {"memory", 64u << 20, 1u << 18}};
#define SETS (sizeof(sets) / sizeof(sets[0]))

/* The least of the rounds: what disturbs one only adds to it. */
#define CHASE(best, set, node, next)                                            \
	do {                                                                    \
		for (int round = 0; round < ROUNDS; round++) {                  \
			double begin = now_ns();                                \
			for (unsigned step = 0; step < sets[set].steps; step++) \
				node = (next);                                  \
			double each = (now_ns() - begin) / sets[set].steps;     \
			__asm__ volatile("" : : "r"(node));                     \
			best = round == 0 || each < best ? each : best;         \
		}                                                               \
	} while (0)

static inline void report_chase(const char *kind, size_t set, double value)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %s", kind, sets[set].name);
	report(name, value);
}

#endif
