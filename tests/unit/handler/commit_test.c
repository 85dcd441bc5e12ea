/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commit of a handler's run: a lack of memory at any allocation and a full store leave globals,
 * outputs and sequence number as before. Power losses: tests/crash.
 */
#include <stdbool.h>
#include <string.h>
#include "commit.h"
#include "store_state.h"
#include "test.h"

#define SIZE		(512u << 10)
#define SEQUENCE_OFFSET (4096 + 80)

static uint8_t *region, *snapshot;
static struct store_object state, registry, files[2];
static uint8_t pages[2][4096], text[9000];

static void open_store(struct store *store, void *image)
{
	const char *message;

	EXPECT_EQUAL(store_open(store, image, SIZE, (struct twz_id){3, 3}, &state_memory, &message),
		     TWZ_OK);
}

static uint64_t *word(struct store *store, const struct store_object *object, uint64_t offset)
{
	uint64_t block;

	EXPECT_EQUAL(store_page(store, object, offset / 4096, true, &block), TWZ_OK);
	return (uint64_t *)((uint8_t *)store_block(store, block) + offset % 4096);
}

static const uint64_t size_offset = TWZ_META_OFFSET + offsetof(struct twz_object_meta, size);

/* ---- what the store holds, as one number for each of the things that belong together ---- */

struct contents {
	uint64_t sequence, sizes[2], globals, bytes[2];
};

static uint64_t sum_of(struct store *store, const struct store_object *object, uint64_t offset,
		       uint64_t length)
{
	uint64_t sum = TWZ_FNV_START;

	for (uint64_t at = 0; at < length; at++)
		sum = twz_fnv1a(sum,
				(uint8_t *)word(store, object, (offset + at) & ~7ull) +
					(offset + at) % 8,
				1);
	return sum;
}

static struct contents contents_of(struct store *store)
{
	struct contents c = {.sequence = *word(store, &registry, SEQUENCE_OFFSET),
			     .globals = sum_of(store, &state, 0, 8192)};

	for (int i = 0; i < 2; i++) {
		c.sizes[i] = *word(store, &files[i], size_offset);
		c.bytes[i] = sum_of(store, &files[i], TWZ_BASE_OFFSET,
				    c.sizes[i] < 20000 ? c.sizes[i] : 0);
	}
	return c;
}

static bool same(const struct contents *a, const struct contents *b)
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

/* Run number `n`: both pages of globals, an append of `lengths` bytes to each file. */
static twz_result run(struct store *store, uint64_t n, const uint64_t lengths[2])
{
	struct handler_commit_page dirty[2] = {{0, pages[0]}, {1, pages[1]}};
	struct handler_commit_file grown[2];
	struct handler_commit commit = {
		.store = store,
		.state = &state,
		.pages = dirty,
		.page_count = 2,
		.files = grown,
		.time = n,
		.registry = &registry,
		.sequence_offset = SEQUENCE_OFFSET,
		.sequence = n,
		.allocate = allocate,
		.release = release,
		.moved = moved,
		.context = &moves,
	};

	memset(pages[0], (int)n, sizeof(pages[0]));
	memset(pages[1], (int)n + 1, sizeof(pages[1]));
	for (uint64_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + n);
	for (int i = 0; i < 2; i++)
		if (lengths[i])
			grown[commit.file_count++] = (struct handler_commit_file){
				&files[i], *word(store, &files[i], size_offset), text, lengths[i]};
	return handler_commit(&commit);
}

/* A store with the four objects; file 0 ends 6 bytes before a page's end. */
static void prepare(void)
{
	struct store_object *all[] = {&state, &registry, &files[0], &files[1]};
	struct store store;

	memset(region, 0, SIZE);
	open_store(&store, region);
	for (uint64_t i = 0; i < 4; i++) {
		*all[i] = (struct store_object){.id = state_id(i),
						.flags = TWZ_OBJECT_PERSISTENT |
							 (i < 2 ? TWZ_OBJECT_RAW : 0),
						.kind = i < 2 ? 0 : TWZ_KIND_FILE};
		EXPECT_EQUAL(store_create(&store, all[i]), TWZ_OK);
	}
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
	EXPECT_EQUAL(*word(&store, &files[0], size_offset), 4097);
	EXPECT_EQUAL(*word(&store, &files[1], size_offset), 8193);
	const uint8_t *first = (uint8_t *)word(&store, &files[0], TWZ_BASE_OFFSET);
	const uint8_t *second = (uint8_t *)word(&store, &files[0], TWZ_BASE_OFFSET + 4096);
	EXPECT(first[0] == 7 && first[4089] == (uint8_t)(4089 * 7 + 7) && first[4090] == 8 &&
	       first[4095] == 43);
	EXPECT(second[0] == 9 && second[1] == 0);
	for (uint64_t i = 0; i < 8192; i++) {
		uint64_t at = TWZ_BASE_OFFSET + 1 + i;
		EXPECT(((uint8_t *)word(&store, &files[1], at & ~7ull))[at % 8] ==
		       (uint8_t)(i * 7 + 9));
	}
	EXPECT_EQUAL(*word(&store, &registry, SEQUENCE_OFFSET), 9);
	EXPECT_EQUAL(
		*word(&store, &files[0], TWZ_META_OFFSET + offsetof(struct twz_object_meta, mtime)),
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
	struct contents now, before;
	uint64_t needed;

	prepare();
	open_store(&store, region);
	before = contents_of(&store);
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
		now = contents_of(&store);
		EXPECT(same(&now, &before));
		EXPECT_EQUAL(outstanding, 0);
		store_close(&store);
	}
}

static void full_store(void)
{
	struct store store;
	struct contents now, before;
	const char *message;
	uint64_t n = 8;
	twz_result result;

	prepare();
	open_store(&store, region);
	do {
		before = contents_of(&store);
		result = run(&store, n++, (const uint64_t[2]){9000, 9000});
	} while (result == TWZ_OK);
	EXPECT_EQUAL(result, -TWZ_ERR_NO_SPACE);
	now = contents_of(&store);
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
