/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the list that list_build.c left in the store at an earlier boot, with its objects at other
 * slots. shapes: dynamic static
 */
#include "list.h"

int main(void)
{
	struct twz_directory_entry entry;
	struct twz_object other, even;
	struct twz_id root, id;
	uint64_t i = 0;

	check(twz_name_root(&root), "the store's names");
	/* something else takes the slots that the builder had */
	for (int n = 0; n < 3; n++) {
		check(twz_object_create(0, TWZ_KIND_DATA, &id), "create");
		check(twz_object_open(id, TWZ_RIGHT_READ, &other), "open");
	}
	check(twz_name_lookup(root, "/list-even", &entry), "/list-even");
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &even), "open");
	const struct list_head *head = twz_object_base(&even);
	for (struct list_node *node = twz_deref(&head->first); node;
	     node = twz_deref(&node->next), i++) {
		if (node->value != list_value(i)) {
			printf("node %lu is wrong\n", (unsigned long)i);
			return 1;
		}
	}
	printf("walked %lu of %lu nodes; at %p\n", (unsigned long)i, (unsigned long)head->count,
	       (void *)even.start);
	return i == head->count && i == LIST_NODES ? 0 : 1;
}
