/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of address ranges: cut, put, ask. */
#include "memory/space.h"

void rt_pool_add(struct rt_pool *pool, void *memory, size_t length, size_t size)
{
	for (uint8_t *at = memory; length >= size; at += size, length -= size)
		rt_pool_give(pool, (struct rt_range *)at);
}

struct rt_range *rt_pool_take(struct rt_pool *pool, size_t size)
{
	struct rt_range *node = pool->free;
	pool->free = node->left;
	pool->count--;
	memset(node, 0, size);
	return node;
}

void rt_pool_give(struct rt_pool *pool, struct rt_range *node)
{
	node->left = pool->free;
	pool->free = node;
	pool->count++;
}

static void add(struct rt_tree *set, struct rt_pool *pool, uint64_t start, uint64_t length,
		uint32_t rights, uint32_t flags)
{
	struct rt_range *node = rt_pool_take(pool, sizeof(*node));
	node->start = start;
	node->length = length;
	node->rights = rights;
	node->flags = flags;
	rt_tree_insert(set, node);
}

void rt_set_cut(struct rt_tree *set, struct rt_pool *pool, uint64_t start, uint64_t length)
{
	uint64_t end = start + length;
	struct rt_range *node;
	while ((node = rt_tree_above(set, start)) != NULL && node->start < end) {
		uint64_t node_end = node->start + node->length;
		if (node->start < start) {
			node->length = start - node->start;
			rt_tree_resized(set, node);
		} else {
			rt_tree_remove(set, node);
			rt_pool_give(pool, node);
		}
		if (node_end > end) {
			add(set, pool, end, node_end - end, node->rights, node->flags);
			break;
		}
	}
}

void rt_set_put(struct rt_tree *set, struct rt_pool *pool, uint64_t start, uint64_t length,
		uint32_t rights, uint32_t flags)
{
	struct rt_range *before, *after;
	rt_set_cut(set, pool, start, length);
	after = rt_tree_at(set, start + length);
	if (after != NULL && after->rights == rights && after->flags == flags) {
		length += after->length;
		rt_tree_remove(set, after);
		rt_pool_give(pool, after);
	}
	before = start != 0 ? rt_tree_at(set, start - 1) : NULL;
	if (before != NULL && before->rights == rights && before->flags == flags) {
		before->length += length;
		rt_tree_resized(set, before);
	} else {
		add(set, pool, start, length, rights, flags);
	}
}

bool rt_set_covers(const struct rt_tree *set, uint64_t start, uint64_t length)
{
	uint64_t end = start + length;
	while (start < end) {
		const struct rt_range *node = rt_tree_at(set, start);
		if (node == NULL)
			return false;
		start = node->start + node->length;
	}
	return true;
}

bool rt_set_touches(const struct rt_tree *set, uint64_t start, uint64_t length)
{
	const struct rt_range *node = rt_tree_above(set, start);
	return node != NULL && node->start < start + length;
}
