/* SPDX-License-Identifier: BSD-2-Clause */
/* The same work for every map: N keys in, looked up several times and out again, each a
 * transaction, in random orders. */
#ifndef MAPS_H
#define MAPS_H

#include "measure.h"

#define LOOKUP_ROUNDS 5

/* The map under test; false: it failed. Values are 16 bytes. */
int map_insert(uint64_t key, const uint64_t value[2]);
int map_lookup(uint64_t key, uint64_t value[2]);
int map_remove(uint64_t key);
/* Waits for the medium so far. */
uint64_t map_fences(void);

static inline void report_map(const char *name, const char *what, double value)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s", name, what);
	report(line, value);
}

/* With MAPS_TURNS set, says that the program waits, and waits for a line: so two programs can take
 * turns, and what disturbs the machine's memory for a while disturbs both. */
static inline void wait_for_turn(void)
{
	int c;

	if (!getenv("MAPS_TURNS"))
		return;
	puts("turn");
	fflush(stdout);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

static inline double time_lookups(const uint64_t *order, uint64_t keys)
{
	uint64_t value[2];
	double begin = now_ns();

	for (uint64_t i = 0; i < keys; i++)
		need(map_lookup(key_of(order[i]), value) && value[0] == order[i] + 1 &&
			     value[1] == ~order[i],
		     "lookup");
	return (now_ns() - begin) / (double)keys;
}

static inline void run_map(const char *name, uint64_t keys)
{
	uint64_t *order = shuffled(keys, 9), fences = map_fences();

	wait_for_turn();
	double begin = now_ns();
	for (uint64_t i = 0; i < keys; i++)
		need(map_insert(key_of(i), (uint64_t[2]){i + 1, ~i}), "insert");
	report_map(name, "insert", (now_ns() - begin) / (double)keys);
	report_map(name, "fences", (double)(map_fences() - fences) / (double)keys);
	for (int round = 0; round < LOOKUP_ROUNDS; round++) {
		wait_for_turn();
		report_map(name, "lookup", time_lookups(order, keys));
	}
	wait_for_turn();
	fences = map_fences();
	begin = now_ns();
	for (uint64_t i = 0; i < keys; i++)
		need(map_remove(key_of(order[keys - 1 - i])), "remove");
	report_map(name, "delete", (now_ns() - begin) / (double)keys);
	report_map(name, "delete-fences", (double)(map_fences() - fences) / (double)keys);
	free(order);
}

#endif
