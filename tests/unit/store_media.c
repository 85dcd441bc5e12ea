/* SPDX-License-Identifier: BSD-2-Clause */
/* The store on a disk beside power loss: damaged blocks, the other medium, many objects, other
 * sizes. */
#include "recorded_disk.h"
#include "test.h"
#include <string.h>

/* ---- damage ---- */

static void a_damaged_page_is_its_objects(void)
{
	static uint64_t contents[2][BLOCK / 8], page[BLOCK / 8];
	uint8_t *bytes = calloc(1, SIZE);
	struct store_object a = {.id = state_id(1)}, b = {.id = state_id(2)}, found;
	uint64_t block, wrong, lost;
	bool present;

	EXPECT(bytes);
	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &a), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &b), TWZ_OK);
	fill(contents[0], 1);
	fill(contents[1], 2);
	struct store_swap swaps[] = {{&a, 9, contents[0], 0}, {&b, 700, contents[1], 0}};
	EXPECT_EQUAL(store_commit(&store, swaps, 2, NULL, 0, NULL, NULL), TWZ_OK);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
	bytes[swaps[0].block * BLOCK + 77] ^= 4;
	EXPECT_EQUAL(store_read(&store, &a, 9, page, &present), -TWZ_ERR_CORRUPT);
	EXPECT_EQUAL(store_read(&store, &b, 700, page, &present), TWZ_OK);
	EXPECT(present && memcmp(page, contents[1], BLOCK) == 0);
	EXPECT_EQUAL(store_check(&store, &message), -TWZ_ERR_CORRUPT);
	EXPECT(strstr(message, "page is damaged") != NULL);
	EXPECT_EQUAL(store_page(&store, &b, 700, false, &block), TWZ_OK);
	store_close(&store);

	/* a record: its object is gone, the other is not */
	bytes[b.record * BLOCK + 20] ^= 1;
	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_find(&store, b.id, &found), -TWZ_ERR_CORRUPT);
	EXPECT_EQUAL(store_find(&store, a.id, &found), TWZ_OK);
	EXPECT_EQUAL(store_check_all(&store, NULL, NULL, &wrong), TWZ_OK);
	EXPECT(wrong >= 2);
	EXPECT_EQUAL(store_repair(&store, NULL, NULL, &lost), TWZ_OK);
	EXPECT_EQUAL(lost, 2);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_find(&store, b.id, &found), -TWZ_ERR_NO_SUCH_OBJECT);
	EXPECT_EQUAL(store_read(&store, &a, 9, page, &present), TWZ_OK);
	EXPECT(!present);
	EXPECT_EQUAL(store_create(&store, &b), TWZ_OK);
	EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	store_close(&store);
	free(bytes);
}

/* ---- the same image on the other medium ---- */

static void a_medium_is_changed(void)
{
	static uint64_t contents[BLOCK / 8], page[BLOCK / 8];
	uint8_t *bytes = aligned_alloc(BLOCK, SIZE);
	struct store_object a = {.id = state_id(1)}, b = {.id = state_id(2)};
	uint64_t block;
	bool present, sealed;

	EXPECT(bytes);
	memset(bytes, 0, SIZE);
	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &a), TWZ_OK);
	fill(contents, 1);
	struct store_swap swap = {&a, 9, contents, 0};
	EXPECT_EQUAL(store_commit(&store, &swap, 1, NULL, 0, NULL, NULL), TWZ_OK);
	store_close(&store); /* what is not in its place is in the journal */

	EXPECT_EQUAL(
		store_open(&store, bytes, SIZE, (struct twz_id){1, 1}, &state_memory, &message),
		TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_find(&store, a.id, &a), TWZ_OK);
	EXPECT_EQUAL(store_fetch(&store, &a, 9, false, &block, &sealed), TWZ_OK);
	EXPECT(sealed && memcmp(store_block(&store, block), contents, BLOCK) == 0);
	EXPECT_EQUAL(store_fetch(&store, &a, 9, true, &block, &sealed), TWZ_OK);
	EXPECT(!sealed);
	*(uint64_t *)store_block(&store, block) = 77; /* no checksum holds any more */
	EXPECT_EQUAL(store_create(&store, &b), TWZ_OK);
	store_close(&store);

	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_read(&store, &a, 9, page, &present), TWZ_OK);
	EXPECT_EQUAL(page[0], 77);
	EXPECT_EQUAL(store_find(&store, b.id, &b), TWZ_OK);
	store_close(&store);
	free(bytes);
}

/* ---- size ---- */

static void opening_reads_no_more_for_many(void)
{
	static const uint64_t counts[] = {10, 20000};
	uint64_t size = 256ull << 20, reads[2], finds;
	uint8_t *bytes = calloc(1, size);
	struct store_object object;

	EXPECT(bytes);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQUAL(open_disk(&store, bytes, size), TWZ_OK);
		for (uint64_t n = store_object_count(&store); n < counts[i]; n++) {
			object = (struct store_object){.id = state_id(n), .flags = TWZ_OBJECT_RAW};
			EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
		}
		EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
		store_close(&store);
		disk.reads = 0;
		EXPECT_EQUAL(open_disk(&store, bytes, size), TWZ_OK);
		reads[i] = disk.reads;
		EXPECT_EQUAL(store_object_count(&store), counts[i]);
		EXPECT_EQUAL(store_find(&store, state_id(7), &object), TWZ_OK);
		finds = disk.reads - reads[i];
		store_close(&store);
	}
	printf("opening reads %llu and %llu blocks, finding %llu\n", (unsigned long long)reads[0],
	       (unsigned long long)reads[1], (unsigned long long)finds);
	EXPECT_EQUAL(reads[1], reads[0]);
	EXPECT(finds <= 5);
	free(bytes);
}

static void a_store_is_resized(void)
{
	uint64_t large = 300ull << 20, small = 16ull << 20, free_bytes;
	static uint64_t contents[BLOCK / 8];
	uint8_t *bytes = calloc(1, large);
	struct store_object object = {.id = state_id(1)};

	EXPECT(bytes);
	EXPECT_EQUAL(open_disk(&store, bytes, small), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
	free_bytes = store_free_bytes(&store);
	store_close(&store);
	EXPECT_EQUAL(open_disk(&store, bytes, large), TWZ_OK);
	EXPECT_EQUAL(store_free_bytes(&store), free_bytes);
	EXPECT_EQUAL(store_resize(&store, large / BLOCK), TWZ_OK);
	EXPECT_EQUAL(open_disk(&store, bytes, large), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	/* two more groups, of which each has a block for its bitmap */
	EXPECT_EQUAL(store_free_bytes(&store), free_bytes + large - small - 2 * BLOCK);
	for (uint64_t page = 1; page < 40000; page += 500) {
		struct store_swap swaps[500];
		for (uint64_t i = 0; i < 500; i++)
			swaps[i] = (struct store_swap){&object, page + i, contents, 0};
		EXPECT_EQUAL(store_commit(&store, swaps, 500, NULL, 0, NULL, NULL), TWZ_OK);
	}
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_resize(&store, small / BLOCK), -TWZ_ERR_NO_SPACE);
	EXPECT_EQUAL(open_disk(&store, bytes, large), TWZ_OK);
	EXPECT_EQUAL(store_unlink(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_free(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK); /* what was freed can be used */
	object = (struct store_object){.id = state_id(2)};
	EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
	EXPECT_EQUAL(store_resize(&store, small / BLOCK * 2), TWZ_OK);
	EXPECT_EQUAL(open_disk(&store, bytes, small * 2), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_find(&store, state_id(2), &object), TWZ_OK);
	store_close(&store);
	free(bytes);
}

static const struct test tests[] = {
	{a_damaged_page_is_its_objects, "a damaged page is an error for its object alone"},
	{a_medium_is_changed, "an image moves between media"},
	{opening_reads_no_more_for_many, "opening reads no more for many objects"},
	{a_store_is_resized, "a store is resized"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
