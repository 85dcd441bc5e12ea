/* SPDX-License-Identifier: BSD-2-Clause */
/* What graph_build.c and graph_walk.c agree on: a graph whose nodes lie in 100 objects of the
 * store. */
#ifndef GRAPH_H
#define GRAPH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <twz/id.h>
#include <twz/name.h>
#include <twz/ptr.h>

#define GRAPH_OBJECTS 100
#define GRAPH_EDGES   3

/* Node i is number i / GRAPH_OBJECTS of object i % GRAPH_OBJECTS, at its base. The first edges make
 * one circle of all nodes; the others lead anywhere. */
struct graph_node {
	twz_ptr(struct graph_node) edges[GRAPH_EDGES];
	uint64_t value;
};

static inline void check(twz_result result, const char *what)
{
	if (result >= 0)
		return;
	printf("%s: error %d\n", what, (int)-result);
	exit(1);
}

static inline void graph_name(int object, char name[32])
{
	snprintf(name, 32, "/graph-%d", object);
}

static inline uint64_t graph_mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

/* Along the circle from node 0, with a look along the other edges: a number that every node, and
 * every edge, goes into. *count: nodes passed. */
static inline uint64_t graph_walk(struct graph_node *first, uint64_t *count)
{
	struct graph_node *node = first;
	uint64_t sum = 0;

	*count = 0;
	do {
		sum = sum * 31 + node->value;
		for (int edge = 1; edge < GRAPH_EDGES; edge++) {
			const struct graph_node *other = twz_deref(&node->edges[edge]);
			if (!other) {
				printf("an edge leads nowhere\n");
				exit(1);
			}
			sum = sum * 31 + other->value;
		}
		++*count;
		node = twz_deref(&node->edges[0]);
	} while (node && node != first);
	return sum;
}

/* Of the nodes' bytes and the Foreign Object Table's ids, as they are on the medium. */
static inline uint64_t graph_hash(uint64_t hash, const struct twz_object *object, uint64_t nodes)
{
	const struct twz_object_meta *meta = twz_object_meta(object);

	hash = twz_fnv1a(hash, twz_object_base(object), nodes * sizeof(struct graph_node));
	for (uint64_t n = 1; n <= meta->fot_count; n++)
		hash = twz_fnv1a(hash, object->start + TWZ_META_OFFSET - n * 64, 24);
	return hash;
}

#endif
