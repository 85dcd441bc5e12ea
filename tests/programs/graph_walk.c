/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the graph that graph_build.c left in a store at an earlier boot, with its objects at other
 * slots and in another order; only node 0's object is opened, by the name in argument 2 or that
 * which the builder gave it; the edges lead to the rest. shapes: static dynamic
 */
#include "graph.h"

int main(int argc, char **argv)
{
	uint64_t nodes = argc > 1 ? strtoull(argv[1], NULL, 0) : 0, count,
		 hash = 14695981039346656037ull;
	struct twz_directory_entry entry;
	struct twz_object object, other;
	struct twz_id root, id;
	char name[32];

	if (nodes == 0)
		return 2;
	check(twz_name_root(&root), "the store's names");
	/* something else takes the slots that the builder had */
	for (int n = 0; n < 7; n++) {
		check(twz_object_create(0, TWZ_KIND_DATA, &id), "create");
		check(twz_object_open(id, TWZ_RIGHT_READ, &other), "open");
	}
	graph_name(0, name);
	const char *path = argc > 2 ? argv[2] : name;
	check(twz_name_lookup(root, path, &entry), path);
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
	uint64_t sum = graph_walk(twz_object_base(&object), &count);
	uint8_t *start = object.start;
	struct graph_node *node = twz_object_base(&object);
	for (int i = 0; i < GRAPH_OBJECTS; i++, node = twz_deref(&node->edges[0])) {
		object.start = twz_object_start(node);
		hash = graph_hash(hash, &object, nodes / GRAPH_OBJECTS);
	}
	printf("%lu nodes, sum %016lx, bytes %016lx\n", (unsigned long)count, (unsigned long)sum,
	       (unsigned long)hash);
	printf("walked at %p\n", (void *)start);
	return count == nodes ? 0 : 1;
}
