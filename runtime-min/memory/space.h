/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of address ranges that do not overlap, neighbours with equal rights and flags merged. Pure.
 * Nodes come from a pool that the caller keeps full enough: each function here takes at most
 * RT_SET_NODES of them.
 */
#ifndef RT_SPACE_H
#define RT_SPACE_H

#include "memory/tree.h"

RT_BEGIN

#define RT_SET_NODES 2

struct rt_pool {
	struct rt_range *free; /* linked by `left` */
	size_t count;
};

/* Adds memory to the pool: as many nodes of `size` >= sizeof(struct rt_range) as fit. */
void rt_pool_add(struct rt_pool *pool, void *memory, size_t length, size_t size);
/* A zeroed node; the pool is not empty. `size` as in rt_pool_add. */
struct rt_range *rt_pool_take(struct rt_pool *pool, size_t size);
void rt_pool_give(struct rt_pool *pool, struct rt_range *node);

/* Takes [start, start + length) out of the set, splitting what reaches over its ends. */
void rt_set_cut(struct rt_tree *set, struct rt_pool *pool, uint64_t start, uint64_t length);
/* Makes [start, start + length) a member with these rights and flags, whatever was there. */
void rt_set_put(struct rt_tree *set, struct rt_pool *pool, uint64_t start, uint64_t length,
		uint32_t rights, uint32_t flags);
/* True when every address of the range is a member. */
bool rt_set_covers(const struct rt_tree *set, uint64_t start, uint64_t length);
/* True when some address of the range is a member. */
bool rt_set_touches(const struct rt_tree *set, uint64_t start, uint64_t length);

RT_END

#endif
