/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address ranges in order: a treap ("Randomized Search Trees", Seidel and Aragon, 1996) that knows
 * the longest range of every subtree, so that the lowest one of a wanted length is found in
 * O(log n). Pure: no system calls; the nodes are the caller's.
 */
#ifndef RT_TREE_H
#define RT_TREE_H

#include "internal.h"

RT_BEGIN

struct rt_range {
	uint64_t start;
	uint64_t length; /* not 0 */
	uint32_t rights; /* the caller's own, as is flags */
	uint32_t flags;
	uint64_t longest; /* of this subtree */
	uint32_t priority;
	struct rt_range *left, *right;
};

struct rt_tree {
	struct rt_range *root;
	uint32_t seed; /* of the priorities */
	size_t count;
};

/* Inserts a node that overlaps no other. */
void rt_tree_insert(struct rt_tree *tree, struct rt_range *range);
/* Removes a node that is in the tree. */
void rt_tree_remove(struct rt_tree *tree, struct rt_range *range);
/* Call after a node's length has changed in place. */
void rt_tree_resized(struct rt_tree *tree, struct rt_range *range);

/* The range that holds an address, or NULL. */
struct rt_range *rt_tree_at(const struct rt_tree *tree, uint64_t address);
/* The lowest range that ends above an address, or NULL. */
struct rt_range *rt_tree_above(const struct rt_tree *tree, uint64_t address);
/* The lowest range of at least this length, or NULL. */
struct rt_range *rt_tree_first_fit(const struct rt_tree *tree, uint64_t length);

RT_END

#endif
