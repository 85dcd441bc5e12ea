/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds a linked list over two persistent objects, named in the store; list_walk.c walks it at
 * another boot. shapes: dynamic static
 */
#include "list.h"
#include <twz/persist.h>

static struct twz_object make(struct twz_id root, const char *name)
{
	struct twz_object object;
	struct twz_id id;

	check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id), "create");
	check(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
	check(twz_name_insert(root, name, id, TWZ_KIND_DATA), name);
	return object;
}

int main(void)
{
	struct twz_id root;

	check(twz_name_root(&root), "the store's names");
	struct twz_object objects[2] = {make(root, "/list-even"), make(root, "/list-odd")};
	struct list_head *head = twz_object_base(&objects[0]);
	struct list_node *last = NULL;

	for (uint64_t i = 0; i < LIST_NODES; i++) {
		struct list_node *node = (struct list_node *)(head + 1) + i;
		if (i % 2)
			node = (struct list_node *)twz_object_base(&objects[1]) + i;
		node->value = list_value(i);
		twz_persist(node, sizeof(*node));
		if (last)
			check(twz_store(&last->next, node), "store");
		else
			check(twz_store(&head->first, node), "store");
		twz_persist(last ? (void *)&last->next : (void *)&head->first, sizeof(twz_iptr));
		last = node;
	}
	twz_commit_word(&head->count, LIST_NODES);
	printf("built %d nodes; at %p and %p\n", LIST_NODES, (void *)objects[0].start,
	       (void *)objects[1].start);
	return 0;
}
