/* SPDX-License-Identifier: BSD-2-Clause */
/* Address ranges in order, with the lowest fit in O(log n). */
#include "memory/tree.h"

static uint64_t longest(const struct rt_range *node)
{
	return node != NULL ? node->longest : 0;
}

static struct rt_range *update(struct rt_range *node)
{
	node->longest = node->length;
	if (longest(node->left) > node->longest)
		node->longest = longest(node->left);
	if (longest(node->right) > node->longest)
		node->longest = longest(node->right);
	return node;
}

/* Splits into the ranges below `start` and the others. */
static void split(struct rt_range *node, uint64_t start, struct rt_range **low,
		  struct rt_range **high)
{
	if (node == NULL) {
		*low = *high = NULL;
	} else if (node->start < start) {
		split(node->right, start, &node->right, high);
		*low = update(node);
	} else {
		split(node->left, start, low, &node->left);
		*high = update(node);
	}
}

/* Joins two trees, every range of `low` below every range of `high`. */
static struct rt_range *join(struct rt_range *low, struct rt_range *high)
{
	if (low == NULL)
		return high;
	if (high == NULL)
		return low;
	if (low->priority > high->priority) {
		low->right = join(low->right, high);
		return update(low);
	}
	high->left = join(low, high->left);
	return update(high);
}

void rt_tree_insert(struct rt_tree *tree, struct rt_range *range)
{
	struct rt_range *low, *high;
	/* xorshift32 (Marsaglia, 2003) */
	uint32_t x = tree->seed != 0 ? tree->seed : 2463534242u;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	tree->seed = x;
	range->priority = x;
	range->left = range->right = NULL;
	update(range);
	split(tree->root, range->start, &low, &high);
	tree->root = join(join(low, range), high);
	tree->count++;
}

static struct rt_range *without(struct rt_range *node, const struct rt_range *range)
{
	if (node == NULL)
		return NULL;
	if (node == range)
		return join(node->left, node->right);
	if (range->start < node->start)
		node->left = without(node->left, range);
	else
		node->right = without(node->right, range);
	return update(node);
}

void rt_tree_remove(struct rt_tree *tree, struct rt_range *range)
{
	tree->root = without(tree->root, range);
	tree->count--;
}

static void refresh(struct rt_range *node, const struct rt_range *range)
{
	if (node != range && node != NULL)
		refresh(range->start < node->start ? node->left : node->right, range);
	if (node != NULL)
		update(node);
}

void rt_tree_resized(struct rt_tree *tree, struct rt_range *range)
{
	refresh(tree->root, range);
}

struct rt_range *rt_tree_above(const struct rt_tree *tree, uint64_t address)
{
	struct rt_range *found = NULL, *node = tree->root;
	while (node != NULL) {
		if (node->start + node->length > address) {
			found = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

struct rt_range *rt_tree_at(const struct rt_tree *tree, uint64_t address)
{
	struct rt_range *range = rt_tree_above(tree, address);
	return range != NULL && range->start <= address ? range : NULL;
}

struct rt_range *rt_tree_first_fit(const struct rt_tree *tree, uint64_t length)
{
	struct rt_range *node = tree->root;
	if (longest(node) < length)
		return NULL;
	for (;;) {
		if (longest(node->left) >= length)
			node = node->left;
		else if (node->length >= length)
			return node;
		else
			node = node->right;
	}
}
