/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of every operation of the store: after recovery the store is consistent
 * and holds what it held before the operation or what it holds after it. A dropped flush must be
 * found.
 */
#include "persistence.h"
#include "store_state.h"
#include "test.h"
#include <string.h>

#define SMALL (384u << 10)
#define LARGE (2560u << 10)

static uint8_t *region, *snapshot, *copy;
static size_t size;
static struct store store;
static uint64_t before, after; /* digests */
static struct store_object objects[2], objects_then[2];

static const char *check(void *image)
{
	struct store opened;
	const char *message;
	const char *wrong = NULL;

	if (store_open(&opened, image, size, (struct twz_id){7, 7}, &state_memory, &message) !=
	    TWZ_OK)
		return message;
	if (store_check(&opened, &message) != TWZ_OK)
		wrong = message;
	uint64_t digest = state_digest(&opened, NULL);
	if (!wrong && digest != before && digest != after)
		wrong = "neither before nor after";
	store_close(&opened);
	return wrong;
}

/* An operation is run once on a copy, to know what is to come, then under the model. */
struct operation {
	void (*run)(struct store *store);
	const char *name;
};

static void create_first(struct store *s)
{
	for (uint64_t i = 0; i < 1; i++) {
		objects[i] =
			(struct store_object){.id = state_id(i), .flags = TWZ_OBJECT_PERSISTENT};
		store_create(s, &objects[i]);
	}
}

/* The first 9 bits of the id as the first one's: a node has to come between. */
static void create_beside(struct store *s)
{
	objects[1] = (struct store_object){.id = state_id(0)};
	objects[1].id.hi ^= 1ull << 50;
	store_create(s, &objects[1]);
}

static void fill_page(struct store *s)
{
	uint64_t block;

	store_page(s, &objects[0], 1, true, &block);
	uint64_t *word = store_block(s, block);
	twz_commit_word(&word[3], 0x1234);
}

static void commit_two(struct store *s)
{
	static uint8_t contents[2][4096];

	for (int i = 0; i < 4096; i++) {
		contents[0][i] = (uint8_t)(i * 7 + 1);
		contents[1][i] = (uint8_t)(i * 3 + 1);
	}
	struct store_swap swaps[] = {
		{.object = &objects[0], .page = 1, .contents = contents[0]},
		{.object = &objects[1], .page = 2, .contents = contents[1]},
	};
	struct store_update updates[] = {
		{.object = &objects[1], .offset = TWZ_META_OFFSET + 64, .value = 5},
		{.object = &objects[0], .offset = 4096 * 3, .value = 6},
	};
	store_commit(s, swaps, 2, updates, 2, NULL, NULL);
}

static void set_root(struct store *s)
{
	store_set_root(s, STORE_ROOT_HANDLERS, objects[0].id);
}

static void discard(struct store *s)
{
	store_discard(s, &objects[0], 1, 8);
}

static void unlink_and_free(struct store *s)
{
	store_unlink(s, &objects[1]);
	store_free(s, &objects[1]);
}

/* Uses up the record's direct entries, of which the meta page has one. */
static void fill_record(struct store *s)
{
	uint64_t block;

	for (uint64_t page = 1; page < STORE_DIRECT; page++)
		store_page(s, &objects[0], page * 3, true, &block);
}

/* The next page needs maps. */
static void grow_map(struct store *s)
{
	uint64_t block;

	store_page(s, &objects[0], 1, true, &block);
}

static void use_map(struct store *s)
{
	uint64_t block;

	store_page(s, &objects[0], 100000, true, &block);
	twz_commit_word(store_block(s, block), 9);
}

static void delete_large(struct store *s)
{
	store_unlink(s, &objects[0]);
	store_free(s, &objects[0]);
}

static void make(struct store *s)
{
	(void)s; /* store_open has done it */
}

static const struct operation small[] = {
	{make, "mkfs"},
	{create_first, "create"},
	{create_beside, "create beside another"},
	{fill_page, "a page fault"},
	{commit_two, "a commit"},
	{commit_two, "a commit over a commit"},
	{set_root, "a root"},
	{discard, "discard"},
	{fill_page, "a page fault again"},
	{unlink_and_free, "delete"},
	{NULL, NULL},
};

static const struct operation large[] = {
	{make, NULL},
	{create_first, NULL},
	{fill_record, NULL},
	{grow_map, "growing the map"},
	{use_map, "a page of a large object"},
	{delete_large, "delete a large object"},
	{NULL, NULL},
};

static void open_store(struct store *s, void *at)
{
	const char *message;

	EXPECT_EQUAL(store_open(s, at, size, (struct twz_id){7, 7}, &state_memory, &message),
		     TWZ_OK);
}

/* Learns on a copy of the snapshot what the operation is to change. */
static void rehearse(const struct operation *operation)
{
	struct store trial;

	memcpy(copy, snapshot, size);
	memcpy(objects, objects_then, sizeof(objects));
	open_store(&trial, copy);
	before = state_digest(&trial, NULL);
	operation->run(&trial);
	after = state_digest(&trial, NULL);
	store_close(&trial);
}

/* The operation from the snapshot on, under the model, leaving out flushed line `drop`. */
static struct persistence_result perform(const struct operation *operation, uint64_t drop)
{
	memcpy(region, snapshot, size);
	memcpy(objects, objects_then, sizeof(objects));
	persistence_begin(region, size, check, 17);
	persistence_drop(drop);
	open_store(&store, region);
	operation->run(&store);
	persistence_end();
	store_close(&store);
	return persistence_result();
}

static uint64_t states, wrong, dropped, found;

/*
 * One after the other: every operation with a name explored, then with one flushed line left out at
 * a time: the last, which are the transaction's, and some before. Not each is missed (zeros
 * over zeros; lines flushed again), but in every operation some are.
 */
static void explore(const struct operation *operations, size_t bytes)
{
	size = bytes;
	memset(snapshot, 0, size);
	memset(objects_then, 0, sizeof(objects_then));
	for (const struct operation *operation = operations; operation->run; operation++) {
		rehearse(operation);
		if (!operation->name) {
			memcpy(snapshot, copy, size);
			memcpy(objects_then, objects, sizeof(objects));
			continue;
		}
		struct persistence_result result = perform(operation, ~0ull);
		uint64_t here = 0, ending = size == SMALL ? 10 : 4;
		uint64_t last = result.lines < ending ? 0 : result.lines - ending;
		uint64_t step = result.lines / (size == SMALL ? 12 : 1) + 1;
		if (result.wrong)
			fprintf(stderr, "%s: %s\n", operation->name, result.first);
		states += result.states;
		wrong += result.wrong;
		for (uint64_t line = 0; line < result.lines; line++) {
			if (line < last && line % step != step / 2)
				continue;
			here += perform(operation, line).wrong != 0;
			dropped++;
		}
		found += here;
		if (here == 0)
			fprintf(stderr, "%s: no dropped flush is found\n", operation->name);
		EXPECT(here > 0);
		perform(operation, ~0ull);
		memcpy(snapshot, region, size);
		memcpy(objects_then, objects, sizeof(objects));
	}
}

static void small_store(void)
{
	explore(small, SMALL);
	EXPECT_EQUAL(wrong, 0);
}

static void large_object(void)
{
	explore(large, LARGE);
	EXPECT_EQUAL(wrong, 0);
}

static void enough_was_tried(void)
{
	printf("%llu states; %llu of %llu dropped flushes found\n", (unsigned long long)states,
	       (unsigned long long)found, (unsigned long long)dropped);
	EXPECT(states > 1000);
	EXPECT(found * 4 > dropped);
}

static const struct test tests[] = {
	{small_store, "mkfs, create, faults, commits, discard, delete: before or after"},
	{large_object, "an object that outgrows its record: before or after"},
	{enough_was_tried, "dropped flushes are found"},
};

int main(void)
{
	region = aligned_alloc(4096, LARGE);
	snapshot = aligned_alloc(4096, LARGE);
	copy = aligned_alloc(4096, LARGE);
	EXPECT(region && snapshot && copy);
	int result = RUN_TESTS(tests);
	free(region);
	free(snapshot);
	free(copy);
	return result;
}
