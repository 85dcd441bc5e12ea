/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of every change of a directory: after recovery the names are those
 * before the change or those after it, and nothing else. A dropped flush must be found.
 */
#include "persistence.h"
#include "test.h"
#include <string.h>
#include <twz/directory.h>

#define SIZE  (64u << 10)
#define NAMES 60

static uint8_t *start;
static uint64_t before[NAMES], after[NAMES]; /* id of each name, 0: not there */

static const char *name_of(int i)
{
	static char name[40];

	snprintf(name, sizeof(name), "%d-and-some-more-bytes-to-fill-the-page", i);
	name[4 + i % 30] = 0;
	return name;
}

static const char *check(void *image)
{
	int is_before = 1, is_after = 1, count = 0, found = 0;
	struct twz_directory_entry entry;
	uint64_t cursor = 0;
	twz_result result = twz_directory_recover(image, SIZE);

	if (result < 0)
		return "recovery fails";
	for (int i = 0; i < NAMES; i++) {
		const char *name = name_of(i);
		result = twz_directory_lookup(image, SIZE, name, strlen(name), &entry);
		if (result != TWZ_OK && result != -TWZ_ERR_NOT_FOUND)
			return "a lookup fails";
		uint64_t id = result == TWZ_OK ? entry.id.lo : 0;
		if (result == TWZ_OK && (entry.id.hi != id * 3 || entry.kind != id % 100))
			return "a record is torn";
		is_before &= id == before[i];
		is_after &= id == after[i];
		count += id != 0;
	}
	while ((result = twz_directory_next(image, SIZE, &cursor, &entry)) == 1)
		found++;
	if (result != 0 || found != count)
		return "the enumeration is wrong";
	if (!is_before && !is_after)
		return "neither before nor after";
	/* And it goes on: the directory still takes a name. */
	result = twz_directory_insert(image, SIZE, "extra", 5, (struct twz_id){1, 1}, 0);
	if (result != TWZ_OK || twz_directory_lookup(image, SIZE, "extra", 5, &entry) != TWZ_OK)
		return "nothing can be inserted";
	return NULL;
}

/* One random change, with before and after kept for the check. */
static void change(uint64_t *random, uint64_t step)
{
	int i = (int)(test_random(random) >> 33) % NAMES,
	    j = (int)(test_random(random) >> 33) % NAMES;
	char name[40], to[40];
	uint64_t id = step + 1;

	strcpy(name, name_of(i));
	strcpy(to, name_of(j));
	memcpy(after, before, sizeof(after));
	switch (test_random(random) >> 33 & 3) {
	case 0:
		after[i] = 0;
		twz_directory_remove(start, SIZE, name, strlen(name), NULL);
		break;
	case 1:
		if (before[i] != 0 && i != j) {
			after[j] = before[i];
			after[i] = 0;
		}
		twz_directory_rename(start, SIZE, name, strlen(name), to, strlen(to), NULL);
		break;
	default:
		after[i] = id;
		EXPECT_EQUAL(twz_directory_replace(start, SIZE, name, strlen(name),
						   (struct twz_id){id * 3, id},
						   (uint32_t)(id % 100), NULL),
			     TWZ_OK);
	}
	memcpy(before, after, sizeof(before));
}

static struct persistence_result run(uint64_t steps, uint64_t drop)
{
	uint64_t random = 5;

	memset(start, 0, SIZE);
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	EXPECT_EQUAL(twz_directory_format(start, SIZE, 3, (struct twz_id){1, 1}, 0, 0), TWZ_OK);
	persistence_begin(start, SIZE, check, 11);
	persistence_drop(drop);
	for (uint64_t step = 0; step < steps; step++)
		change(&random, step);
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	struct persistence_result result = run(400, ~0ull);

	printf("%llu states\n", (unsigned long long)result.states);
	if (result.wrong)
		fprintf(stderr, "%s\n", result.first);
	EXPECT_EQUAL(result.wrong, 0);
	EXPECT(result.states > 10000);
}

/* Leaves out one flushed line at a time. Some are flushed again or hold nothing new; most must be
 * missed. */
static void dropped_flushes_are_found(void)
{
	uint64_t lines = run(12, ~0ull).lines, found = 0;

	for (uint64_t line = 0; line < lines; line++)
		found += run(12, line).wrong != 0;
	printf("%llu of %llu dropped flushes found\n", (unsigned long long)found,
	       (unsigned long long)lines);
	EXPECT(found * 2 > lines);
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	start = aligned_alloc(4096, SIZE);
	EXPECT(start != NULL);
	int result = RUN_TESTS(tests);
	free(start);
	return result;
}
