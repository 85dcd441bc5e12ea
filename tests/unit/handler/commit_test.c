/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commit of a handler's run: a lack of memory at any allocation and a full store leave globals,
 * outputs and sequence number as before. Power losses: tests/crash.
 */
#include <stdbool.h>
#include <string.h>
#include "handler_run.h"
#include "test.h"

#define SIZE (512u << 10)

static uint8_t *region, *snapshot;

static void open_store(struct store *store, void *image)
{
	const char *message;

	EXPECT_EQUAL(store_open(store, image, SIZE, (struct twz_id){3, 3}, &state_memory, &message),
		     TWZ_OK);
}

static bool same(const struct run_contents *a, const struct run_contents *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* ---- a run ---- */

static uint64_t allocations, failing_allocation = ~0ull;
static int64_t outstanding;

static void *allocate(size_t count, size_t size)
{
	if (allocations++ == failing_allocation)
		return NULL;
	outstanding++;
	return calloc(count, size);
}

static void release(void *memory)
{
	outstanding -= memory != NULL;
	free(memory);
}

static uint64_t moves;

static void moved(void *context, const struct store_swap *swap)
{
	EXPECT(context == &moves && swap->block != 0);
	moves++;
}

static twz_result run(struct store *store, uint64_t n, const uint64_t lengths[2])
{
	const struct handler_commit with = {
		.allocate = allocate, .release = release, .moved = moved, .context = &moves};

	return run_commit(with, store, n, lengths);
}

/* A store with the four objects; file 0 ends 6 bytes before a page's end. */
static void prepare(void)
{
	struct store store;

	memset(region, 0, SIZE);
	open_store(&store, region);
	EXPECT_EQUAL(run_create(&store), TWZ_OK);
	EXPECT_EQUAL(run(&store, 7, (const uint64_t[2]){4090, 1}), TWZ_OK);
	memcpy(snapshot, region, SIZE);
	store_close(&store);
}

static void appends_stand_behind_each_other(void)
{
	struct store store;

	prepare();
	open_store(&store, region);
	EXPECT_EQUAL(run(&store, 8, (const uint64_t[2]){6, 0}), TWZ_OK); /* up to the page's end */
	EXPECT_EQUAL(run(&store, 9, (const uint64_t[2]){1, 8192}),
		     TWZ_OK); /* from there; over two pages */
	EXPECT_EQUAL(*run_word(&store, &run_files[0], run_size_offset), 4097);
	EXPECT_EQUAL(*run_word(&store, &run_files[1], run_size_offset), 8193);
	const uint8_t *first = (uint8_t *)run_word(&store, &run_files[0], TWZ_BASE_OFFSET);
	const uint8_t *second = (uint8_t *)run_word(&store, &run_files[0], TWZ_BASE_OFFSET + 4096);
	EXPECT(first[0] == 7 && first[4089] == (uint8_t)(4089 * 7 + 7) && first[4090] == 8 &&
	       first[4095] == 43);
	EXPECT(second[0] == 9 && second[1] == 0);
	for (uint64_t i = 0; i < 8192; i++) {
		uint64_t at = TWZ_BASE_OFFSET + 1 + i;
		EXPECT(((uint8_t *)run_word(&store, &run_files[1], at & ~7ull))[at % 8] ==
		       (uint8_t)(i * 7 + 9));
	}
	EXPECT_EQUAL(*run_word(&store, &run_registry, RUN_SEQUENCE_OFFSET), 9);
	EXPECT_EQUAL(*run_word(&store, &run_files[0],
			       TWZ_META_OFFSET + offsetof(struct twz_object_meta, mtime)),
		     9);
	EXPECT_EQUAL(outstanding, 0);
	EXPECT(moves >= 6);
	store_close(&store);
}

/* ---- failures ---- */

static void lack_of_memory(void)
{
	static const uint64_t lengths[2] = {20, 5000};
	struct store store;
	struct run_contents now, before;
	uint64_t needed;

	prepare();
	open_store(&store, region);
	before = run_contents_of(&store);
	allocations = 0;
	EXPECT_EQUAL(run(&store, 8, lengths), TWZ_OK);
	needed = allocations;
	store_close(&store);
	EXPECT(needed >= 5);
	for (uint64_t i = 0; i < needed; i++) {
		memcpy(region, snapshot, SIZE);
		open_store(&store, region);
		allocations = 0;
		failing_allocation = i;
		EXPECT_EQUAL(run(&store, 8, lengths), -TWZ_ERR_OUT_OF_MEMORY);
		failing_allocation = ~0ull;
		now = run_contents_of(&store);
		EXPECT(same(&now, &before));
		EXPECT_EQUAL(outstanding, 0);
		store_close(&store);
	}
}

static void full_store(void)
{
	struct store store;
	struct run_contents now, before;
	const char *message;
	uint64_t n = 8;
	twz_result result;

	prepare();
	open_store(&store, region);
	do {
		before = run_contents_of(&store);
		result = run(&store, n++, (const uint64_t[2]){9000, 9000});
	} while (result == TWZ_OK);
	EXPECT_EQUAL(result, -TWZ_ERR_NO_SPACE);
	now = run_contents_of(&store);
	EXPECT(same(&now, &before));
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	store_close(&store);
}

static const struct test tests[] = {
	{appends_stand_behind_each_other, "appends stand behind each other, over page ends"},
	{lack_of_memory, "lack of memory leaves all as before"},
	{full_store, "a full store leaves all as before"},
};

int main(void)
{
	region = aligned_alloc(4096, SIZE);
	snapshot = aligned_alloc(4096, SIZE);
	EXPECT(region && snapshot);
	int result = RUN_TESTS(tests);
	free(region);
	free(snapshot);
	return result;
}
