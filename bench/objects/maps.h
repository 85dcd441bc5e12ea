/* SPDX-License-Identifier: BSD-2-Clause */
/* The same work for every map: N keys in, looked up and out again, each a transaction, in random
 * orders. */
#ifndef MAPS_H
#define MAPS_H

#include "measure.h"

#define LOOKUP_ROUNDS 3

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

/* All of them several times: the least, because what disturbs a round only adds to it. */
static inline double time_lookups(const uint64_t *order, uint64_t keys)
{
	uint64_t value[2];
	double best = 0;

	for (int round = 0; round < LOOKUP_ROUNDS; round++) {
		double begin = now_ns();
		for (uint64_t i = 0; i < keys; i++)
			need(map_lookup(key_of(order[i]), value) && value[0] == order[i] + 1 &&
				     value[1] == ~order[i],
			     "lookup");
		double each = (now_ns() - begin) / (double)keys;
		best = round == 0 || each < best ? each : best;
	}
	return best;
}

static inline void run_map(const char *name, uint64_t keys)
{
	uint64_t *order = shuffled(keys, 9), fences = map_fences();
	double begin = now_ns();

	for (uint64_t i = 0; i < keys; i++)
		need(map_insert(key_of(i), (uint64_t[2]){i + 1, ~i}), "insert");
	report_map(name, "insert", (now_ns() - begin) / (double)keys);
	report_map(name, "fences", (double)(map_fences() - fences) / (double)keys);
	report_map(name, "lookup", time_lookups(order, keys));
	fences = map_fences();
	begin = now_ns();
	for (uint64_t i = 0; i < keys; i++)
		need(map_remove(key_of(order[keys - 1 - i])), "remove");
	report_map(name, "delete", (now_ns() - begin) / (double)keys);
	report_map(name, "delete-fences", (double)(map_fences() - fences) / (double)keys);
	free(order);
}

#endif
