/* SPDX-License-Identifier: BSD-2-Clause */
/* What list_build.c and list_walk.c agree on: a list whose nodes lie in two objects of the store;
 * and what other programs with objects of the store check and open by. */
#ifndef LIST_H
#define LIST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <twz/name.h>
#include <twz/ptr.h>

#define LIST_NODES 1000

struct list_node {
	twz_ptr(struct list_node) next;
	uint64_t value;
};

/* At the base of the first object, /list-even of the store's names; nodes follow in it and in
 * /list-odd. */
struct list_head {
	uint64_t count; /* of nodes; stored last */
	twz_ptr(struct list_node) first;
};

static inline void check(twz_result result, const char *what)
{
	if (result >= 0)
		return;
	printf("%s: error %d\n", what, (int)-result);
	exit(1);
}

/* Opens the object of this name, which is made if there is none. */
static inline void open_named(struct twz_id root, const char *name, struct twz_object *object)
{
	struct twz_directory_entry entry;
	twz_result result = twz_name_lookup(root, name, &entry);

	if (result == -TWZ_ERR_NOT_FOUND) {
		check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &entry.id), "create");
		result = twz_name_insert(root, name, entry.id, TWZ_KIND_DATA);
	}
	check(result, name);
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, object), "open");
}

/* The value of node i, not one that a wrong walk gives by chance. */
static inline uint64_t list_value(uint64_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15ull;
}

#endif
