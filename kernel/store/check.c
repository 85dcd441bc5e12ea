/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store's consistency: every block in use is used once and marked so, no other is marked, and
 * every checksum is right.
 */
#include "check.h"

static twz_result wrong(struct checker *checker, uint64_t page, const char *text)
{
	if (checker->wrong++ == 0)
		checker->first = text;
	if (checker->complain)
		checker->complain(checker->context, checker->object, page, text);
	return TWZ_OK;
}

/* Marks a block as seen; false when it cannot be used here. */
static bool see(struct checker *checker, uint64_t block, uint64_t page)
{
	uint64_t bit = 1ull << (block % 64);

	if (!block_is_data(checker->store, block)) {
		wrong(checker, page, "a block number is out of range");
		return false;
	}
	if (checker->seen[block / 64] & bit) {
		wrong(checker, page, "a block is used twice");
		return false;
	}
	checker->seen[block / 64] |= bit;
	return true;
}

static void bad_page(struct checker *checker, uint64_t page)
{
	if (!checker->bad_pages)
		return;
	vector_push(checker->store, checker->bad_pages, checker->object->record);
	vector_push(checker->store, checker->bad_pages, page);
}

static twz_result see_page(void *context, uint64_t entry, uint64_t page, twz_result problem)
{
	struct checker *checker = context;
	uint64_t block = STORE_ENTRY_BLOCK(entry);

	if (problem == -TWZ_ERR_OUT_OF_MEMORY)
		return problem;
	if (problem != TWZ_OK) {
		wrong(checker, page,
		      page == ~0ull ? "a page map is damaged (checksum)"
				    : "a block number is out of range");
		bad_page(checker, page == ~0ull ? ~block : page);
	} else if (!see(checker, block, page)) {
		bad_page(checker, page == ~0ull ? ~block : page);
	} else if (page != ~0ull && STORE_ENTRY_CHECKSUM(entry) != 0) {
		problem = blocks_read(checker->store, block, 1, checker->page);
		if (problem != TWZ_OK ||
		    page_checksum(checker->page) != STORE_ENTRY_CHECKSUM(entry)) {
			wrong(checker, page,
			      problem != TWZ_OK ? "a page cannot be read"
						: "a page is damaged (checksum)");
			checker->seen[block / 64] &= ~(1ull << (block % 64));
			bad_page(checker, page);
		}
	}
	return TWZ_OK;
}

static twz_result see_object(struct checker *checker, uint64_t block)
{
	struct store_object object;
	twz_result result = store_describe(checker->store, block, &object);
	struct node record;

	if (result != TWZ_OK)
		return result;
	checker->object = &object;
	if (record_read(checker->store, block, &record, &result))
		result = map_visit(checker->store, &record, see_page, checker);
	checker->object = NULL;
	return result;
}

static twz_result see_entry(void *context, uint64_t block, bool is_record, twz_result problem)
{
	struct checker *checker = context;
	struct store_object object;
	uint64_t found;

	if (problem == -TWZ_ERR_OUT_OF_MEMORY)
		return problem;
	if (problem != TWZ_OK || !see(checker, block, ~0ull)) {
		if (problem != TWZ_OK)
			wrong(checker, ~0ull,
			      is_record ? "a record is damaged (checksum)"
					: "a node of the object table is damaged (checksum)");
		if (checker->bad_blocks)
			vector_push(checker->store, checker->bad_blocks, block);
		return TWZ_OK;
	}
	if (!is_record)
		return TWZ_OK;
	checker->objects++;
	if (store_describe(checker->store, block, &object) == TWZ_OK &&
	    (table_find(checker->store, object.id, &found) != TWZ_OK || found != block)) {
		wrong(checker, ~0ull, "an object stands at the wrong place of the table");
		if (checker->bad_blocks)
			vector_push(checker->store, checker->bad_blocks, block);
	}
	return see_object(checker, block);
}

static void see_orphans(struct checker *checker)
{
	struct store *store = checker->store;
	uint64_t previous = 0, orphan = roots_get(store, ROOT_WORD(orphan));

	while (orphan != 0) {
		twz_result result;
		struct node record;
		if (!record_read(store, orphan, &record, &result) || !see(checker, orphan, ~0ull) ||
		    node_get(store, &record, RECORD_WORD(previous)) != previous) {
			wrong(checker, ~0ull, "the list of deleted objects is damaged");
			checker->bad_orphans = true;
			return;
		}
		see_object(checker, orphan);
		if (!record_read(store, orphan, &record, &result))
			return;
		previous = orphan;
		orphan = node_get(store, &record, RECORD_WORD(next));
	}
}

void check_expected(const struct store *store, const uint64_t *seen, uint64_t group,
		    uint64_t expected[STORE_GROUP_WORDS])
{
	group_start(store, group, expected);
	for (uint64_t i = 0; i < STORE_GROUP_WORDS; i++) {
		uint64_t word = group * STORE_GROUP_WORDS + i;
		if (word < (store->blocks + 63) / 64)
			expected[i] |= seen[word];
	}
}

static void compare(struct checker *checker, const uint64_t *expected, const uint64_t *is)
{
	for (uint64_t i = 0; i < STORE_GROUP_WORDS; i++) {
		if (expected[i] & ~is[i])
			wrong(checker, ~0ull, "a block in use is marked free");
		if (is[i] & ~expected[i])
			wrong(checker, ~0ull, "a block that nothing uses is marked used");
	}
}

/* What the bitmap says, against what was seen. */
static void compare_groups(struct checker *checker)
{
	struct store *store = checker->store;
	uint64_t ready = roots_get(store, ROOT_WORD(groups)), free = 0;
	uint64_t expected[STORE_GROUP_WORDS], is[STORE_GROUP_WORDS];

	for (uint64_t group = 0; group < store->group_count; group++) {
		twz_result result;
		struct node node;
		check_expected(store, checker->seen, group, expected);
		for (uint64_t i = 0; i < STORE_GROUP_WORDS; i++)
			free += 64 - (uint64_t)__builtin_popcountll(expected[i]);
		if (group >= ready) {
			group_start(store, group, is);
		} else if (node_read(store, group_bitmap(store, group), STORE_KIND_BITMAP, &node,
				     &result)) {
			for (unsigned i = 0; i < STORE_GROUP_WORDS; i++)
				is[i] = node_get(store, &node, i + 2);
		} else {
			wrong(checker, ~0ull, "a block of the bitmap is damaged (checksum)");
			continue;
		}
		compare(checker, expected, is);
	}
	if (checker->wrong == 0 && free != roots_get(store, ROOT_WORD(free)))
		wrong(checker, ~0ull, "the number of free blocks is wrong");
	if (checker->wrong == 0 && checker->objects != store_object_count(store))
		wrong(checker, ~0ull, "the number of objects is wrong");
}

twz_result check_walk(struct checker *checker)
{
	struct store *store = checker->store;
	uint64_t bytes = (store->blocks + 63) / 64 * 8;
	twz_result result;

	checker->seen = store->memory->allocate(bytes);
	checker->page = store->memory->allocate(STORE_BLOCK_SIZE);
	if (!checker->seen || !checker->page)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = table_visit(store, see_entry, checker);
	if (result != TWZ_OK)
		return result;
	see_orphans(checker);
	compare_groups(checker);
	result = blocks_read(store, store->zero_block, 1, checker->page);
	for (unsigned i = 0; result == TWZ_OK && i < STORE_BLOCK_SIZE; i++) {
		if (checker->page[i] != 0) {
			wrong(checker, ~0ull, "the zero block is not zero");
			checker->bad_zeros = true;
			break;
		}
	}
	return TWZ_OK;
}

void check_end(struct checker *checker)
{
	struct store *store = checker->store;

	if (checker->seen)
		store->memory->release(checker->seen, (store->blocks + 63) / 64 * 8);
	if (checker->page)
		store->memory->release(checker->page, STORE_BLOCK_SIZE);
	checker->seen = NULL;
	checker->page = NULL;
}

twz_result store_check_all(struct store *store, store_complaint complain, void *context,
			   uint64_t *count)
{
	struct checker checker = {.store = store, .complain = complain, .context = context};
	twz_result result = store_barrier(store);

	if (result == TWZ_OK)
		result = check_walk(&checker);
	check_end(&checker);
	*count = checker.wrong;
	return result;
}

twz_result store_check(struct store *store, const char **message)
{
	struct checker checker = {.store = store, .first = ""};
	twz_result result = store_barrier(store);

	if (result == TWZ_OK)
		result = check_walk(&checker);
	check_end(&checker);
	*message = checker.first;
	if (result == TWZ_OK && checker.wrong)
		return -TWZ_ERR_CORRUPT;
	if (result == -TWZ_ERR_OUT_OF_MEMORY)
		*message = "not enough memory to check the store";
	else if (result != TWZ_OK)
		*message = "the object table cannot be read";
	return result;
}
