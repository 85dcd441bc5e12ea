/* SPDX-License-Identifier: BSD-2-Clause */
/* What list_build.c and list_walk.c agree on: a list whose nodes lie in two objects of the store.
 */
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

/* The value of node i, not one that a wrong walk gives by chance. */
static inline uint64_t list_value(uint64_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15ull;
}

#endif
