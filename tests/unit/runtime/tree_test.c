/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime's address ranges against a plain array of pages. */
#include <string.h>
#include "../test.h"
#include "memory/space.h"

#define PAGES 512

static struct rt_range nodes[4096];
static struct rt_pool pool;
static struct rt_tree set;
static uint32_t model[PAGES]; /* 0: not a member; else rights + 1 */

static void start(void)
{
	pool = (struct rt_pool){0};
	set = (struct rt_tree){0};
	memset(model, 0, sizeof(model));
	rt_pool_add(&pool, nodes, sizeof(nodes), sizeof(nodes[0]));
	EXPECT_EQUAL(pool.count, 4096);
}

/* Every subtree's order, priorities and longest range. Returns the longest. */
static uint64_t check_node(const struct rt_range *node, uint64_t low, uint64_t high)
{
	if (node == NULL)
		return 0;
	EXPECT(node->length != 0 && node->start >= low && node->start + node->length <= high);
	EXPECT(node->left == NULL || node->left->priority <= node->priority);
	EXPECT(node->right == NULL || node->right->priority <= node->priority);
	uint64_t left = check_node(node->left, low, node->start);
	uint64_t right = check_node(node->right, node->start + node->length, high);
	uint64_t longest = node->length;
	longest = left > longest ? left : longest;
	longest = right > longest ? right : longest;
	EXPECT_EQUAL(node->longest, longest);
	return longest;
}

static uint64_t first_fit_of_model(uint64_t length)
{
	for (uint64_t at = 0; at < PAGES;) {
		uint64_t end = at;
		while (end < PAGES && model[end] != 0 && model[end] == model[at])
			end++;
		if (model[at] != 0 && end - at >= length)
			return at;
		at = end > at ? end : at + 1;
	}
	return PAGES;
}

static void compare(uint64_t length)
{
	size_t runs = 0;
	check_node(set.root, 0, PAGES);
	for (uint64_t page = 0; page < PAGES; page++) {
		const struct rt_range *at = rt_tree_at(&set, page);
		EXPECT_EQUAL(at != NULL ? at->rights + 1 : 0, model[page]);
		if (model[page] != 0 && (page == 0 || model[page - 1] != model[page]))
			runs++;
	}
	/* Neighbours with equal rights are one node, and none is lost. */
	EXPECT_EQUAL(set.count, runs);
	EXPECT_EQUAL(set.count + pool.count, 4096);
	const struct rt_range *fit = rt_tree_first_fit(&set, length);
	EXPECT_EQUAL(fit != NULL ? fit->start : PAGES, first_fit_of_model(length));
}

static void random_changes(void)
{
	uint64_t state = 42;
	start();
	for (int step = 0; step < 20000; step++) {
		uint64_t at = test_random(&state) % PAGES;
		uint64_t length = 1 + test_random(&state) % 40;
		uint32_t rights = test_random(&state) % 3;
		if (length > PAGES - at)
			length = PAGES - at;
		bool put = test_random(&state) % 2;
		bool covers = true, touches = false;
		for (uint64_t page = at; page < at + length; page++) {
			covers = covers && model[page] != 0;
			touches = touches || model[page] != 0;
		}
		EXPECT_EQUAL(rt_set_covers(&set, at, length), covers);
		EXPECT_EQUAL(rt_set_touches(&set, at, length), touches);
		size_t before = pool.count;
		if (put)
			rt_set_put(&set, &pool, at, length, rights, 0);
		else
			rt_set_cut(&set, &pool, at, length);
		EXPECT(before <= pool.count + RT_SET_NODES);
		for (uint64_t page = at; page < at + length; page++)
			model[page] = put ? rights + 1 : 0;
		if (step % 16 == 0)
			compare(length);
	}
	compare(1);
}

static void test_edges(void)
{
	start();
	EXPECT(rt_tree_at(&set, 0) == NULL && rt_tree_above(&set, 0) == NULL);
	EXPECT(rt_tree_first_fit(&set, 1) == NULL);
	rt_set_put(&set, &pool, 0, 4, 1, 0);
	rt_set_put(&set, &pool, 4, 4, 1, 1); /* other flags: not one node */
	EXPECT_EQUAL(set.count, 2);
	rt_set_cut(&set, &pool, 1, 2);
	EXPECT_EQUAL(set.count, 3);
	EXPECT_EQUAL(rt_tree_above(&set, 1)->start, 3);
	rt_set_put(&set, &pool, 1, 2, 1, 0);
	EXPECT_EQUAL(set.count, 2);
	rt_set_cut(&set, &pool, 0, 8);
	EXPECT(set.root == NULL && set.count == 0);
}

int main(void)
{
	static const struct test tests[] = {
		{test_edges, "cut in the middle, merge again, flags apart"},
		{random_changes, "20000 random puts and cuts against an array"},
	};
	return RUN_TESTS(tests);
}
