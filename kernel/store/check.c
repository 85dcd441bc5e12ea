/* SPDX-License-Identifier: BSD-2-Clause */
/* The store's consistency: every block in use is used once and marked so, and no other is marked.
 */
#include "internal.h"

struct checker {
	struct store *store;
	uint64_t *seen;
	const char *message;
};

static twz_result wrong(struct checker *checker, const char *message)
{
	checker->message = message;
	return -TWZ_ERR_CORRUPT;
}

static twz_result see(struct checker *checker, uint64_t block)
{
	uint64_t bit = 1ull << (block % 64);

	if (!block_is_data(checker->store, block))
		return wrong(checker, "a block number is out of range");
	if (checker->seen[block / 64] & bit)
		return wrong(checker, "a block is used twice");
	checker->seen[block / 64] |= bit;
	if (!(word_at(checker->store, checker->store->bitmap)[block / 64] & bit))
		return wrong(checker, "a block in use is marked free");
	return TWZ_OK;
}

static twz_result see_node(void *context, uint64_t block)
{
	return see(context, block);
}

static twz_result see_page(void *context, uint64_t block, uint64_t page)
{
	(void)page;
	return see(context, block);
}

static twz_result see_record(void *context, uint64_t block)
{
	struct checker *checker = context;
	twz_result result = see(checker, block);
	struct store_record *record = record_read(checker->store, block);
	uint64_t found;

	if (result != TWZ_OK)
		return result;
	if (!record)
		return wrong(checker, "a record's checksum is wrong");
	if (table_find(checker->store, record->id, &found) != TWZ_OK || found != block)
		return wrong(checker, "an object stands at the wrong place of the table");
	return map_visit(checker->store, record, see_page, checker);
}

static twz_result check_all(struct checker *checker)
{
	struct store *store = checker->store;
	twz_result result = table_visit(store, see_node, see_record, checker);

	for (uint64_t orphan = roots_of(store)->orphan; orphan != 0 && result == TWZ_OK;) {
		struct store_record *record = record_read(store, orphan);
		if (!record)
			return wrong(checker, "a deleted object's record is damaged");
		result = see(checker, orphan);
		if (result == TWZ_OK)
			result = map_visit(store, record, see_page, checker);
		orphan = record->orphan;
	}
	if (result != TWZ_OK)
		return result;
	for (uint64_t block = store->first_data; block < store->blocks; block++) {
		uint64_t bit = 1ull << (block % 64);
		if ((word_at(store, store->bitmap)[block / 64] & bit) &&
		    !(checker->seen[block / 64] & bit))
			return wrong(checker, "a block that nothing uses is marked used");
	}
	const uint64_t *zero = store_block(store, store->zero_block);
	for (unsigned i = 0; i < STORE_BLOCK_SIZE / 8; i++)
		if (zero[i] != 0)
			return wrong(checker, "the zero block is not zero");
	return TWZ_OK;
}

twz_result store_check(struct store *store, const char **message)
{
	struct checker checker = {.store = store,
				  .message = "a block number or page map is damaged"};

	checker.seen = store->memory->allocate(store->bitmap_words * 8);
	if (!checker.seen) {
		*message = "not enough memory to check the store";
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	twz_result result = check_all(&checker);
	store->memory->release(checker.seen, store->bitmap_words * 8);
	*message = result == TWZ_OK ? "" : checker.message;
	return result;
}
