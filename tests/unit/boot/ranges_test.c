/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows that sets of memory ranges hold exactly what was added and not removed, against a bitmap.
 */
#include <stdbool.h>
#include <string.h>
#include <test.h>
#include "ranges.h"

#define SPACE 256u

static bool model[SPACE];

static void check_set(const struct boot_ranges *set, bool whole)
{
	bool held[SPACE] = {0};

	for (uint32_t i = 0; i < set->count; i++) {
		const struct boot_range *range = &set->ranges[i];

		EXPECT(range->length > 0);
		/* sorted, and neighbours are one */
		EXPECT(i == 0 ||
		       set->ranges[i - 1].start + set->ranges[i - 1].length < range->start);
		for (uint64_t at = range->start; at < range->start + range->length; at++)
			held[at] = true;
	}
	for (unsigned i = 0; i < SPACE; i++)
		EXPECT(held[i] == model[i] || (!whole && !held[i]));
}

static void test_model(void)
{
	uint64_t state = 88172645463325252ull;

	for (int round = 0; round < 2000; round++) {
		struct boot_ranges set = {0};

		memset(model, 0, sizeof(model));
		for (int step = 0; step < 60; step++) {
			uint64_t start = test_random(&state) % SPACE;
			uint64_t length =
				test_random(&state) % (SPACE - start + 1) / (1 + step % 16);
			bool add = test_random(&state) % 3;

			(add ? ranges_add : ranges_remove)(&set, start, length);
			memset(model + start, add, length);
			check_set(&set, true);
		}
		EXPECT_EQUAL(set.left_out, 0);
	}
}

static void test_full(void)
{
	struct boot_ranges set = {0};

	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < SPACE / 2; i++) {
		ranges_add(&set, 2 * i, 1);
		model[2 * i] = true;
		check_set(&set, false);
	}
	EXPECT_EQUAL(set.count, BOOT_RANGES_MAX);
	EXPECT_EQUAL(set.left_out, SPACE / 2 - BOOT_RANGES_MAX);
	/* a large one takes the place of a small one; taking from its middle still leaves the set
	 * sound */
	ranges_add(&set, 1000, 500);
	EXPECT_EQUAL(set.ranges[set.count - 1].start, 1000);
	ranges_remove(&set, 1200, 10);
	EXPECT_EQUAL(set.count, BOOT_RANGES_MAX);
	EXPECT_EQUAL(set.ranges[set.count - 1].start, 1210);
}

static void test_ends(void)
{
	struct boot_ranges set = {0};

	ranges_add(&set, 5, 0);
	EXPECT_EQUAL(set.count, 0);
	ranges_add(&set, ~0ull - 10, 100); /* wraps: cut */
	EXPECT_EQUAL(set.count, 1);
	EXPECT_EQUAL(set.ranges[0].length, 10);
	ranges_remove(&set, 7, 0);
	EXPECT_EQUAL(set.count, 1);
	ranges_remove(&set, 0, ~0ull);
	EXPECT_EQUAL(set.count, 0);
}

int main(void)
{
	static const struct test tests[] = {
		{test_model, "a set holds what a bitmap holds"},
		{test_full, "a full set keeps the largest"},
		{test_ends, "nothing, and ranges that wrap around"},
	};

	return RUN_TESTS(tests);
}
