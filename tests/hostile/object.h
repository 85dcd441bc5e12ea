/* SPDX-License-Identifier: BSD-2-Clause */
/* The object that targets spoil, with something of everything. */
#ifndef HOSTILE_OBJECT_H
#define HOSTILE_OBJECT_H

#include "hostile.h"
#include <twz/append_log.h>
#include <twz/btree.h>
#include <twz/hashmap.h>
#include <twz/list.h>
#include <twz/ptr.h>
#include <twz/queue.h>

#define DATA   (64u << 10) /* of it, from the base on, that is spoiled */
#define OWNERS 32
#define STEPS  12

enum part { PART_DATA, PART_LOG, PART_META, PARTS };

struct content {
	struct twz_hashmap map;
	struct twz_btree tree;
	twz_ptr(uint64_t) owners[OWNERS];
	struct twz_list list;
	struct twz_append_log log;
	_Alignas(16) uint8_t queue[TWZ_QUEUE_SIZE(24, 7)];
};

extern struct twz_object object;

static inline struct content *content(void)
{
	return twz_object_base(&object);
}

/* Valid again, then the input's patches in one part; a tenth of them elsewhere. */
void start(const uint8_t *data, size_t size, enum part part);

/* The locks' words are not explored: a hostile holder can only be waited for or be ended. */
void free_locks(void);

/* Some calls of the B+tree. */
void use_tree(void);

#endif
