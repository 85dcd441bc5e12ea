/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories: insert, look up, enumerate, rename, grow; and whatever bytes a hostile one holds. */
#include "test.h"
#include <stdbool.h>
#include <string.h>
#include <twz/directory.h>

#define LIMIT (4ull << 20)

static uint8_t *start;

static void fresh(uint64_t limit)
{
	free(start);
	start = aligned_alloc(4096, limit);
	memset(start, 0, limit);
	EXPECT_EQUAL(twz_directory_format(start, limit, 7, (struct twz_id){1, 1}, 0, 0), TWZ_OK);
}

static twz_result insert(const char *name, uint64_t id)
{
	return twz_directory_insert(start, LIMIT, name, strlen(name), (struct twz_id){0, id},
				    TWZ_KIND_FILE);
}

/* The id that a name has, 0 for none. */
static uint64_t lookup(const char *name)
{
	struct twz_directory_entry entry;
	twz_result result = twz_directory_lookup(start, LIMIT, name, strlen(name), &entry);

	if (result == -TWZ_ERR_NOT_FOUND)
		return 0;
	EXPECT_EQUAL(result, TWZ_OK);
	EXPECT(strcmp(entry.name, name) == 0 && entry.length == strlen(name));
	return entry.id.lo;
}

static void names_are_found(void)
{
	fresh(LIMIT);
	EXPECT_EQUAL(twz_directory_is_empty(start, LIMIT), 1);
	EXPECT_EQUAL(insert("a", 1), TWZ_OK);
	EXPECT_EQUAL(insert("b", 2), TWZ_OK);
	EXPECT_EQUAL(insert("a", 3), -TWZ_ERR_EXISTS);
	EXPECT_EQUAL(lookup("a"), 1);
	EXPECT_EQUAL(lookup("b"), 2);
	EXPECT_EQUAL(lookup("c"), 0);
	EXPECT_EQUAL(twz_directory_is_empty(start, LIMIT), 0);
	EXPECT_EQUAL(twz_directory_remove(start, LIMIT, "a", 1, NULL), TWZ_OK);
	EXPECT_EQUAL(twz_directory_remove(start, LIMIT, "a", 1, NULL), -TWZ_ERR_NOT_FOUND);
	EXPECT_EQUAL(lookup("a"), 0);
}

static void impossible_names_are_refused(void)
{
	char longest[257];

	fresh(LIMIT);
	memset(longest, 'x', sizeof(longest));
	EXPECT_EQUAL(twz_directory_insert(start, LIMIT, longest, 256, (struct twz_id){0, 1}, 0),
		     -TWZ_ERR_NAME_TOO_LONG);
	EXPECT_EQUAL(twz_directory_insert(start, LIMIT, longest, 255, (struct twz_id){0, 1}, 0),
		     TWZ_OK);
	EXPECT_EQUAL(insert("", 1), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(insert(".", 1), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(insert("..", 1), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(insert("a/b", 1), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(insert("...", 1), TWZ_OK);
}

static void ten_thousand_names(void)
{
	char name[32];
	bool seen[10000] = {false};
	struct twz_directory_entry entry;
	uint64_t cursor = 0;
	size_t count = 0;

	fresh(LIMIT);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "file-%d.txt", i);
		EXPECT_EQUAL(insert(name, (uint64_t)i + 1), TWZ_OK);
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "file-%d.txt", i);
		EXPECT_EQUAL(lookup(name), i + 1);
	}
	/* Removing what is enumerated, and inserting, loses and doubles nothing. */
	while (twz_directory_next(start, LIMIT, &cursor, &entry) == 1) {
		if (entry.id.lo > 10000)
			continue;
		EXPECT(!seen[entry.id.lo - 1]);
		seen[entry.id.lo - 1] = true;
		count++;
		EXPECT_EQUAL(twz_directory_remove(start, LIMIT, entry.name, entry.length, NULL),
			     TWZ_OK);
		snprintf(name, sizeof(name), "new-%zu", count);
		EXPECT_EQUAL(insert(name, 20000 + count), TWZ_OK);
	}
	EXPECT_EQUAL(count, 10000);
}

static void a_full_directory_says_so(void)
{
	char name[64];
	twz_result result = TWZ_OK;
	int i;

	fresh(LIMIT);
	for (i = 0; result == TWZ_OK; i++) {
		snprintf(name, sizeof(name), "%050d", i);
		result = insert(name, 1);
	}
	EXPECT_EQUAL(result, -TWZ_ERR_NO_SPACE);
	EXPECT(i > 10000);
	EXPECT_EQUAL(lookup(name), 0);
	snprintf(name, sizeof(name), "%050d", 5);
	EXPECT_EQUAL(lookup(name), 1);
	EXPECT_EQUAL(twz_directory_remove(start, LIMIT, name, 50, NULL), TWZ_OK);
	EXPECT_EQUAL(lookup(name), 0);
}

/* Many names in few buckets, so that neighbours in one chain are renamed over each other. */
static void rename_in_every_neighbourhood(void)
{
	uint64_t random = 42;
	uint64_t expected[40] = {0};

	fresh(LIMIT);
	for (int step = 0; step < 20000; step++) {
		int a = (int)(test_random(&random) >> 40) % 40,
		    b = (int)(test_random(&random) >> 40) % 40;
		char from[8], to[8];
		struct twz_directory_entry old;
		snprintf(from, sizeof(from), "n%d", a);
		snprintf(to, sizeof(to), "n%d", b);
		if (expected[a] == 0 && test_random(&random) >> 63) {
			expected[a] = (uint64_t)step + 1;
			EXPECT_EQUAL(insert(from, expected[a]), TWZ_OK);
			continue;
		}
		twz_result result = twz_directory_rename(start, LIMIT, from, strlen(from), to,
							 strlen(to), &old);
		if (expected[a] == 0) {
			EXPECT_EQUAL(result, -TWZ_ERR_NOT_FOUND);
			continue;
		}
		EXPECT_EQUAL(result, TWZ_OK);
		if (a != b) {
			EXPECT_EQUAL(old.id.lo, expected[b]);
			expected[b] = expected[a];
			expected[a] = 0;
		}
		for (int i = 0; step % 64 == 0 && i < 40; i++) {
			snprintf(from, sizeof(from), "n%d", i);
			EXPECT_EQUAL(lookup(from), expected[i]);
		}
	}
}

static void a_retired_directory_takes_nothing(void)
{
	fresh(LIMIT);
	EXPECT_EQUAL(insert("a", 1), TWZ_OK);
	EXPECT_EQUAL(twz_directory_retire(start, LIMIT), -TWZ_ERR_NOT_EMPTY);
	EXPECT_EQUAL(twz_directory_remove(start, LIMIT, "a", 1, NULL), TWZ_OK);
	EXPECT_EQUAL(twz_directory_retire(start, LIMIT), TWZ_OK);
	EXPECT_EQUAL(insert("a", 1), -TWZ_ERR_NOT_FOUND);
}

static void the_parent_changes(void)
{
	struct twz_id parent;

	fresh(LIMIT);
	EXPECT_EQUAL(twz_directory_parent(start, LIMIT, &parent), TWZ_OK);
	EXPECT(twz_id_equal(parent, (struct twz_id){1, 1}));
	EXPECT_EQUAL(twz_directory_set_parent(start, LIMIT, (struct twz_id){3, 4}), TWZ_OK);
	EXPECT_EQUAL(twz_directory_parent(start, LIMIT, &parent), TWZ_OK);
	EXPECT(twz_id_equal(parent, (struct twz_id){3, 4}));
}

/* Any operation on a directory with changed bytes ends, and touches nothing outside (ASan watches).
 */
static void hostile_bytes(void)
{
	enum { SMALL = 64 << 10 };
	uint8_t *copy = malloc(SMALL);
	uint64_t random = 99;
	int errors = 0;

	fresh(SMALL);
	for (int i = 0; i < 40; i++) {
		char name[16];
		snprintf(name, sizeof(name), "name-%d", i);
		EXPECT_EQUAL(twz_directory_insert(start, SMALL, name, strlen(name),
						  (struct twz_id){0, 5}, 1),
			     TWZ_OK);
	}
	memcpy(copy, start, SMALL);
	for (int round = 0; round < 20000; round++) {
		struct twz_directory_entry entry;
		uint64_t cursor = 0;
		memcpy(start, copy, SMALL);
		for (uint64_t n = test_random(&random) % 4 + 1; n > 0; n--) {
			uint64_t at = TWZ_BASE_OFFSET + test_random(&random) % 8192;
			static const uint64_t values[] = {
				0, 1, 8, 0x1000, 0x1100, SMALL - 8, SMALL, ~0ull, 1ull << 39};
			if (test_random(&random) >> 63)
				start[at] = (uint8_t)test_random(&random);
			else
				*(uint64_t *)(start + (at & ~7ull)) =
					values[(test_random(&random) >> 32) % 9];
		}
		int steps = 0;
		while (twz_directory_next(start, SMALL, &cursor, &entry) == 1)
			EXPECT(++steps < 100000);
		errors += twz_directory_lookup(start, SMALL, "name-7", 6, &entry) != TWZ_OK;
		twz_directory_insert(start, SMALL, "another", 7, (struct twz_id){0, 9}, 1);
		twz_directory_rename(start, SMALL, "name-8", 6, "name-9", 6, &entry);
		twz_directory_remove(start, SMALL, "name-10", 7, &entry);
		for (int i = 0; i < 200; i += 20)
			twz_directory_insert(start, SMALL,
					     "0123456789abcdefghijklmnopqrstuvwxyz" + i / 20, 20,
					     (struct twz_id){0, 9}, 1);
	}
	EXPECT(errors > 100);
	free(copy);
}

static const struct test tests[] = {
	{names_are_found, "names are found"},
	{impossible_names_are_refused, "impossible names are refused"},
	{ten_thousand_names, "ten thousand names, changed while enumerated"},
	{a_full_directory_says_so, "a full directory says so"},
	{rename_in_every_neighbourhood, "rename in every neighbourhood"},
	{a_retired_directory_takes_nothing, "a retired directory takes nothing"},
	{the_parent_changes, "the parent changes"},
	{hostile_bytes, "hostile bytes"},
};

int main(void)
{
	int result = RUN_TESTS(tests);

	free(start);
	return result;
}
