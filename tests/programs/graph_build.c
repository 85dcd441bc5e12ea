/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds a graph over 100 persistent objects, argv[1] nodes (a multiple of 100), and tells its sum
 * and the hash of its bytes; graph_walk.c finds the same at another boot. shapes: static
 */
#include "graph.h"
#include <twz/persist.h>

static struct twz_object objects[GRAPH_OBJECTS];

static struct graph_node *node_at(uint64_t i)
{
	return (struct graph_node *)twz_object_base(&objects[i % GRAPH_OBJECTS]) +
	       i / GRAPH_OBJECTS;
}

int main(int argc, char **argv)
{
	uint64_t nodes = argc > 1 ? strtoull(argv[1], NULL, 0) : 0, count,
		 hash = 14695981039346656037ull;
	struct twz_id root, id;
	char name[32];

	if (nodes == 0 || nodes % GRAPH_OBJECTS != 0)
		return 2;
	check(twz_name_root(&root), "the store's names");
	for (int i = 0; i < GRAPH_OBJECTS; i++) {
		graph_name(i, name);
		check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id), "create");
		check(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &objects[i]), "open");
		check(twz_name_insert(root, name, id, TWZ_KIND_DATA), name);
	}
	for (uint64_t i = 0; i < nodes; i++) {
		struct graph_node *node = node_at(i);
		node->value = graph_mix(i + 1);
		check(twz_store(&node->edges[0], node_at((i + 1) % nodes)), "store");
		for (int edge = 1; edge < GRAPH_EDGES; edge++)
			check(twz_store(&node->edges[edge],
					node_at(graph_mix(i * 7 + (uint64_t)edge) % nodes)),
			      "store");
	}
	for (int i = 0; i < GRAPH_OBJECTS; i++) {
		twz_persist(twz_object_base(&objects[i]),
			    nodes / GRAPH_OBJECTS * sizeof(struct graph_node));
		hash = graph_hash(hash, &objects[i], nodes / GRAPH_OBJECTS);
	}
	uint64_t sum = graph_walk(node_at(0), &count);
	printf("%lu nodes, sum %016lx, bytes %016lx\n", (unsigned long)count, (unsigned long)sum,
	       (unsigned long)hash);
	printf("built at %p\n", (void *)objects[0].start);
	return count == nodes ? 0 : 1;
}
