/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: mkfs, objects, pages, commits, what it refuses, and what hostile bytes do. */
#include "store_state.h"
#include "test.h"
#include <string.h>

#define SIZE (32ull << 20)

static uint8_t *region;
static struct store store;
static const char *message;

static twz_result open_again(uint64_t size)
{
	return store_open(&store, region, size, (struct twz_id){7, 7}, &state_memory, &message);
}

static void fresh(void)
{
	memset(region, 0, SIZE);
	EXPECT_EQUAL(open_again(SIZE), TWZ_OK);
	EXPECT(store.made);
}

static void reopen(void)
{
	store_close(&store);
	EXPECT_EQUAL(open_again(SIZE), TWZ_OK);
	EXPECT(!store.made);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
}

static struct store_object create(uint64_t number)
{
	struct store_object object = {.id = state_id(number),
				      .flags = TWZ_OBJECT_PERSISTENT,
				      .kind = 1,
				      .protections = 3};

	EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
	return object;
}

static void objects_survive(void)
{
	struct store_object object;
	uint64_t block, free_bytes;

	fresh();
	free_bytes = store_free_bytes(&store);
	for (uint64_t i = 0; i < 2000; i++)
		create(i);
	object = (struct store_object){.id = state_id(5)};
	EXPECT_EQUAL(store_create(&store, &object), -TWZ_ERR_EXISTS);
	reopen();
	for (uint64_t i = 0; i < 2000; i++) {
		EXPECT_EQUAL(store_find(&store, state_id(i), &object), TWZ_OK);
		EXPECT(object.kind == 1 && twz_id_equal(object.id, state_id(i)));
		EXPECT_EQUAL(store_page(&store, &object, TWZ_META_OFFSET / 4096, false, &block),
			     TWZ_OK);
		const struct twz_object_meta *meta = store_block(&store, block);
		EXPECT(meta->magic == TWZ_META_MAGIC && meta->kind == 1);
	}
	EXPECT_EQUAL(store_find(&store, state_id(2001), &object), -TWZ_ERR_NO_SUCH_OBJECT);
	for (uint64_t i = 0; i < 2000; i++) {
		EXPECT_EQUAL(store_find(&store, state_id(i), &object), TWZ_OK);
		EXPECT_EQUAL(store_unlink(&store, &object), TWZ_OK);
		EXPECT_EQUAL(store_find(&store, state_id(i), &object), -TWZ_ERR_NO_SUCH_OBJECT);
		if (i % 2)
			EXPECT_EQUAL(store_free(&store, &object), TWZ_OK);
	}
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	reopen(); /* frees the other half */
	EXPECT_EQUAL(store_free_bytes(&store), free_bytes);
	store_close(&store);
}

static void pages_from_few_to_many(void)
{
	struct store_object object;
	uint64_t block, free_bytes;

	fresh();
	free_bytes = store_free_bytes(&store);
	object = create(1);
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t page = i * 73 % STORE_PAGES;
		EXPECT_EQUAL(store_page(&store, &object, page, false, &block), TWZ_OK);
		EXPECT_EQUAL(block, 0);
		EXPECT_EQUAL(store_page(&store, &object, page, true, &block), TWZ_OK);
		EXPECT(block != 0);
		uint64_t *words = store_block(&store, block);
		EXPECT_EQUAL(words[0] | words[511], 0);
		words[0] = words[511] = page + 1;
	}
	reopen();
	EXPECT_EQUAL(store_find(&store, state_id(1), &object), TWZ_OK);
	for (uint64_t i = 0; i < 3000; i++) {
		EXPECT_EQUAL(store_page(&store, &object, i * 73 % STORE_PAGES, false, &block),
			     TWZ_OK);
		EXPECT_EQUAL(*(uint64_t *)store_block(&store, block), i * 73 % STORE_PAGES + 1);
	}
	EXPECT_EQUAL(store_discard(&store, &object, 73, 74 * 10), TWZ_OK);
	EXPECT_EQUAL(store_page(&store, &object, 73, false, &block), TWZ_OK);
	EXPECT_EQUAL(block, 0);
	EXPECT_EQUAL(store_page(&store, &object, 73 * 12, false, &block), TWZ_OK);
	EXPECT(block != 0);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_page(&store, &object, STORE_PAGES, true, &block),
		     -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(store_unlink(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_free(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_free_bytes(&store), free_bytes);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	store_close(&store);
}

/* Holes become pages in one transaction, up to the first that is none; all or none of them. */
static void holes_are_filled(void)
{
	uint64_t block, filled, fifth;

	fresh();
	struct store_object object = create(1);
	EXPECT_EQUAL(store_page(&store, &object, 225, true, &fifth), TWZ_OK);
	EXPECT_EQUAL(store_fill(&store, &object, 220, 16, &filled), TWZ_OK);
	EXPECT_EQUAL(filled, 5);
	for (uint64_t page = 220; page < 225; page++) {
		EXPECT_EQUAL(store_page(&store, &object, page, false, &block), TWZ_OK);
		EXPECT(block != 0 && block != fifth);
		for (unsigned i = 0; i < 4096; i++)
			EXPECT_EQUAL(((uint8_t *)store_block(&store, block))[i], 0);
	}
	EXPECT_EQUAL(store_page(&store, &object, 226, false, &block), TWZ_OK);
	EXPECT_EQUAL(block, 0);
	EXPECT_EQUAL(store_fill(&store, &object, 220, 16, &filled), TWZ_OK);
	EXPECT_EQUAL(filled, 0);
	EXPECT_EQUAL(store_fill(&store, &object, STORE_PAGES - 2, 16, &filled), TWZ_OK);
	EXPECT_EQUAL(filled, 1); /* the meta page is there */
	uint64_t space = store_free_bytes(&store) / 4096;
	EXPECT_EQUAL(store_fill(&store, &object, 1000, space + 1, &filled), -TWZ_ERR_NO_SPACE);
	EXPECT_EQUAL(filled, 0);
	EXPECT_EQUAL(store_free_bytes(&store) / 4096, space);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	reopen();
	EXPECT_EQUAL(store_page(&store, &object, 224, false, &block), TWZ_OK);
	EXPECT(block != 0);
	store_close(&store);
}

static void a_full_store_says_so(void)
{
	struct store_object object;
	uint64_t page, block, digest;
	twz_result result = TWZ_OK;
	static uint8_t contents[4096] = {1};

	fresh();
	object = create(1);
	for (page = 1; result == TWZ_OK; page++)
		result = store_page(&store, &object, page, true, &block);
	EXPECT_EQUAL(result, -TWZ_ERR_NO_SPACE);
	EXPECT(page > 7000);
	digest = state_digest(&store, NULL);
	struct store_object more = {.id = state_id(2)};
	EXPECT_EQUAL(store_create(&store, &more), -TWZ_ERR_NO_SPACE);
	struct store_swap swap = {.object = &object, .page = 1, .contents = contents};
	EXPECT_EQUAL(store_commit(&store, &swap, 1, NULL, 0, NULL, NULL), -TWZ_ERR_NO_SPACE);
	EXPECT_EQUAL(state_digest(&store, NULL), digest);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_discard(&store, &object, 1, 10), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &more), TWZ_OK);
	store_close(&store);
}

static int moves;

static void moved(void *context, const struct store_swap *swap)
{
	EXPECT(context == &store && swap->block != 0);
	moves++;
}

static void a_commit_changes_all(void)
{
	static uint8_t contents[2][4096];
	struct store_object a, b;
	uint64_t block;

	fresh();
	a = create(1);
	b = create(2);
	memset(contents[0], 'x', 4096);
	memset(contents[1], 'y', 4096);
	struct store_swap swaps[] = {
		{.object = &a, .page = 1, .contents = contents[0]},
		{.object = &a, .page = 900, .contents = contents[1]},
		{.object = &b, .page = 1, .contents = contents[1]},
	};
	struct store_update updates[] = {
		{.object = &b,
		 .offset = TWZ_META_OFFSET + offsetof(struct twz_object_meta, size),
		 .value = 77},
		{.object = &a, .offset = 5 * 4096 + 8, .value = 78},
	};
	for (int i = 0; i < 3; i++)
		EXPECT_EQUAL(store_commit(&store, swaps, 3, updates, 2, moved, &store), TWZ_OK);
	EXPECT_EQUAL(moves, 9);
	reopen();
	EXPECT_EQUAL(store_page(&store, &a, 900, false, &block), TWZ_OK);
	EXPECT(memcmp(store_block(&store, block), contents[1], 4096) == 0);
	EXPECT_EQUAL(store_page(&store, &b, TWZ_META_OFFSET / 4096, false, &block), TWZ_OK);
	EXPECT_EQUAL(((struct twz_object_meta *)store_block(&store, block))->size, 77);
	EXPECT_EQUAL(store_page(&store, &a, 5, false, &block), TWZ_OK);
	EXPECT_EQUAL(((uint64_t *)store_block(&store, block))[1], 78);
	updates[1].offset++;
	EXPECT_EQUAL(store_commit(&store, swaps, 3, updates, 2, moved, &store),
		     -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(store_commit(&store, swaps, 1ull << 40, updates, 1, moved, &store),
		     -TWZ_ERR_TOO_MANY);
	EXPECT_EQUAL(store_set_root(&store, STORE_ROOT_NAMES, a.id), TWZ_OK);
	reopen();
	EXPECT(twz_id_equal(store_root(&store, STORE_ROOT_NAMES), a.id));
	store_close(&store);
}

static void refuse(twz_result error, const char *word)
{
	uint8_t *copy = malloc(SIZE);

	memcpy(copy, region, SIZE);
	EXPECT_EQUAL(open_again(SIZE), error);
	if (!strstr(message, word))
		fprintf(stderr, "'%s' is not in: %s\n", word, message);
	EXPECT(strstr(message, word) != NULL);
	EXPECT(memcmp(copy, region, SIZE) == 0); /* untouched */
	free(copy);
}

static void what_is_not_a_store_is_refused(void)
{
	struct store_superblock *superblock = (void *)region;
	struct store_journal *journal = (void *)(region + STORE_JOURNAL * 4096);

	memset(region, 0, SIZE);
	region[SIZE - 1] = 1;
	refuse(-TWZ_ERR_BAD_FORMAT, "not a Twizzler store");
	memset(region, 0, SIZE);
	memcpy(region,
	       "\x7f"
	       "ELF",
	       4);
	refuse(-TWZ_ERR_BAD_FORMAT, "not a Twizzler store");
	EXPECT_EQUAL(open_again(4096), -TWZ_ERR_NO_SPACE);

	fresh();
	store_close(&store);
	superblock->version = 1;
	refuse(-TWZ_ERR_VERSION_MISMATCH, "version");
	fresh();
	store_close(&store);
	superblock->id.lo ^= 1;
	refuse(-TWZ_ERR_CORRUPT, "checksum");
	fresh();
	store_close(&store);
	EXPECT_EQUAL(open_again(SIZE - 4096), -TWZ_ERR_CORRUPT);
	EXPECT(strstr(message, "truncated") != NULL);
	fresh();
	store_close(&store);
	journal->committed = 3;
	refuse(-TWZ_ERR_CORRUPT, "journal");
	fresh();
	store_close(&store);
	superblock->magic = STORE_MAKING; /* an interrupted mkfs */
	memset(region + 4096, 0xa5, 40000);
	EXPECT_EQUAL(open_again(SIZE), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	store_close(&store);
}

/* Any operation on a store with changed metadata ends with an error at worst (ASan watches the
 * edges). */
static void hostile_bytes(void)
{
	enum { SMALL = 1 << 20 };
	uint64_t random = 3, errors = 0;
	static uint8_t copy[SMALL];

	memset(region, 0, SIZE);
	EXPECT_EQUAL(open_again(SMALL), TWZ_OK);
	for (uint64_t i = 0; i < 10; i++) {
		struct store_object object = create(i);
		uint64_t block;
		for (uint64_t page = 1; page < 4; page++)
			EXPECT_EQUAL(store_page(&store, &object, page * 600, true, &block), TWZ_OK);
	}
	store_close(&store);
	memcpy(copy, region, SMALL);
	uint8_t *tight = malloc(SMALL);
	uint8_t *whole = region;
	region = tight;
	for (int round = 0; round < 3000; round++) {
		static const uint64_t values[] = {0,	 1,	     2,		  3,
						  20,	 255,	     256,	  1 << 10,
						  ~0ull, 1ull << 40, 97 << 2 | 1, 97 << 2 | 2};
		bool fix = test_random(&random) >> 33 & 1; /* right checksums of wrong bytes */
		memcpy(region, copy, SMALL);
		for (uint64_t n = test_random(&random) % 6 + 1; n > 0; n--) {
			uint64_t at = test_random(&random) % 3 == 0
					      ? 8192 + test_random(&random) % 8192
					      : 20 * 4096 + test_random(&random) % (60 * 4096);
			*(uint64_t *)(region + (at & ~7ull)) =
				values[(test_random(&random) >> 32) % 12];
			struct store_header *header = (void *)(region + (at & ~4095ull));
			if (fix)
				header->checksum = node_checksum((uint64_t *)header);
		}
		if (open_again(SMALL) != TWZ_OK) {
			errors++;
			continue;
		}
		errors += store_check(&store, &message) != TWZ_OK;
		for (uint64_t i = 0; i < 10; i++) {
			struct store_object object = {.id = state_id(100 + i)};
			uint64_t block;
			store_create(&store, &object);
			if (store_find(&store, state_id(i), &object) != TWZ_OK)
				continue;
			store_page(&store, &object, 600, true, &block);
			store_page(&store, &object, 7, true, &block);
			store_discard(&store, &object, 1, 5000);
			if (store_unlink(&store, &object) == TWZ_OK)
				store_free(&store, &object);
		}
		store_close(&store);
	}
	EXPECT(errors > 1000);
	region = whole;
	free(tight);
}

static const struct test tests[] = {
	{objects_survive, "objects survive and are freed"},
	{pages_from_few_to_many, "pages from few to many"},
	{holes_are_filled, "holes are filled"},
	{a_full_store_says_so, "a full store says so"},
	{a_commit_changes_all, "a commit changes all"},
	{what_is_not_a_store_is_refused, "what is not a store is refused"},
	{hostile_bytes, "hostile bytes"},
};

int main(void)
{
	region = aligned_alloc(4096, SIZE);
	EXPECT(region != NULL);
	int result = RUN_TESTS(tests);
	free(region);
	return result;
}
