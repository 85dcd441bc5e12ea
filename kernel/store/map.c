/* SPDX-License-Identifier: BSD-2-Clause */
/* Page maps: direct entries in the record while they suffice, then two levels of 512 block numbers.
 */
#include "internal.h"

#define ENTRY_BLOCK(entry) ((entry) & ((1ull << STORE_ENTRY_SHIFT) - 1))
#define ENTRY_PAGE(entry)  ((entry) >> STORE_ENTRY_SHIFT)

static uint64_t *map_block(const struct store *store, uint64_t block)
{
	return block_is_data(store, block) ? store_block(store, block) : NULL;
}

twz_result map_find(struct store *store, struct store_record *record, uint64_t page,
		    uint64_t **word, uint64_t *block)
{
	*word = NULL;
	*block = 0;
	if (record->map == 0) {
		for (unsigned i = 0; i < STORE_DIRECT; i++) {
			uint64_t entry = record->direct[i];
			if (entry == 0 || ENTRY_PAGE(entry) != page)
				continue;
			*word = &record->direct[i];
			*block = ENTRY_BLOCK(entry);
			return block_is_data(store, *block) ? TWZ_OK : -TWZ_ERR_CORRUPT;
		}
		return TWZ_OK;
	}
	uint64_t *upper = map_block(store, record->map);
	if (!upper)
		return -TWZ_ERR_CORRUPT;
	uint64_t lower_block = upper[page >> STORE_MAP_BITS];
	if (lower_block == 0)
		return TWZ_OK;
	uint64_t *lower = map_block(store, lower_block);
	if (!lower)
		return -TWZ_ERR_CORRUPT;
	*word = &lower[page % STORE_MAP_SIZE];
	*block = **word;
	return *block == 0 || block_is_data(store, *block) ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

uint64_t map_entry(const struct store_record *record, uint64_t page, uint64_t block)
{
	return record->map == 0 ? page << STORE_ENTRY_SHIFT | block : block;
}

/* Moves the direct entries into an upper and lower maps: one transaction. */
static twz_result grow(struct store *store, struct store_record *record)
{
	transaction_begin(store);
	uint64_t upper_block = block_allocate_zeroed(store);
	uint64_t *upper = store_block(store, upper_block);

	for (unsigned i = 0; i < STORE_DIRECT && store->error == TWZ_OK; i++) {
		uint64_t entry = record->direct[i];
		uint64_t page = ENTRY_PAGE(entry);
		if (entry == 0)
			continue;
		if (page >= STORE_PAGES) {
			transaction_fail(store, -TWZ_ERR_CORRUPT);
			break;
		}
		uint64_t *lower_block = &upper[page >> STORE_MAP_BITS];
		if (*lower_block == 0)
			*lower_block = block_allocate_zeroed(store);
		if (*lower_block == 0)
			break;
		uint64_t *lower = store_block(store, *lower_block);
		lower[page % STORE_MAP_SIZE] = ENTRY_BLOCK(entry);
		twz_flush(&lower[page % STORE_MAP_SIZE], 8);
	}
	if (store->error == TWZ_OK)
		block_flush(store, upper_block);
	transaction_word(store, &record->map, upper_block);
	return transaction_commit(store);
}

/* Lists the words that enter a page that has none; within a transaction. FALSE: the record is full.
 */
static bool enter(struct store *store, struct store_record *record, uint64_t page, uint64_t *word,
		  uint64_t block)
{
	if (word) {
		transaction_word(store, word, block);
		return true;
	}
	if (record->map == 0) {
		for (unsigned i = 0; i < STORE_DIRECT; i++) {
			if (record->direct[i] == 0) {
				transaction_word(store, &record->direct[i],
						 page << STORE_ENTRY_SHIFT | block);
				return true;
			}
		}
		return false;
	}
	uint64_t lower_block = block_allocate_zeroed(store);
	if (lower_block != 0) {
		uint64_t *lower = store_block(store, lower_block);
		uint64_t *upper = store_block(store, record->map);
		lower[page % STORE_MAP_SIZE] = block;
		twz_flush(&lower[page % STORE_MAP_SIZE], 8);
		transaction_word(store, &upper[page >> STORE_MAP_BITS], lower_block);
	}
	return true;
}

twz_result store_page(struct store *store, const struct store_object *object, uint64_t page,
		      bool allocate, uint64_t *block)
{
	struct store_record *record = record_read(store, object->record);
	uint64_t *word;

	*block = 0;
	if (page >= STORE_PAGES)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!record)
		return -TWZ_ERR_CORRUPT;
	twz_result result = map_find(store, record, page, &word, block);
	if (result != TWZ_OK || *block != 0 || !allocate)
		return result;
	transaction_begin(store);
	uint64_t fresh = block_allocate_zeroed(store);
	if (fresh != 0 && !enter(store, record, page, word, fresh)) {
		transaction_abort(store);
		result = grow(store, record);
		return result == TWZ_OK ? store_page(store, object, page, true, block) : result;
	}
	result = transaction_commit(store);
	if (result == TWZ_OK)
		*block = fresh;
	return result;
}

static twz_result visit_lower(struct store *store, uint64_t block, uint64_t first,
			      twz_result (*visit)(void *context, uint64_t block, uint64_t page),
			      void *context)
{
	const uint64_t *lower = map_block(store, block);
	twz_result result = lower ? visit(context, block, ~0ull) : -TWZ_ERR_CORRUPT;

	for (unsigned i = 0; i < STORE_MAP_SIZE && result == TWZ_OK; i++)
		if (lower[i] != 0)
			result = block_is_data(store, lower[i])
					 ? visit(context, lower[i], first + i)
					 : -TWZ_ERR_CORRUPT;
	return result;
}

twz_result map_visit(struct store *store, struct store_record *record,
		     twz_result (*visit)(void *context, uint64_t block, uint64_t page),
		     void *context)
{
	twz_result result = TWZ_OK;

	if (record->map == 0) {
		for (unsigned i = 0; i < STORE_DIRECT && result == TWZ_OK; i++) {
			uint64_t entry = record->direct[i];
			if (entry == 0)
				continue;
			if (!block_is_data(store, ENTRY_BLOCK(entry)) ||
			    ENTRY_PAGE(entry) >= STORE_PAGES)
				return -TWZ_ERR_CORRUPT;
			result = visit(context, ENTRY_BLOCK(entry), ENTRY_PAGE(entry));
		}
		return result;
	}
	const uint64_t *upper = map_block(store, record->map);
	result = upper ? visit(context, record->map, ~0ull) : -TWZ_ERR_CORRUPT;
	for (uint64_t i = 0; i < STORE_MAP_SIZE && result == TWZ_OK; i++)
		if (upper[i] != 0)
			result = visit_lower(store, upper[i], i << STORE_MAP_BITS, visit, context);
	return result;
}

/* Takes the pages [first, end) of one lower map, or of the direct entries, out: one transaction. */
static twz_result discard_some(struct store *store, struct store_record *record, uint64_t first,
			       uint64_t end)
{
	transaction_begin(store);
	for (uint64_t page = first; page < end && record->map != 0; page++) {
		uint64_t *word, block;
		twz_result result = map_find(store, record, page, &word, &block);
		if (result != TWZ_OK)
			transaction_fail(store, result);
		if (result != TWZ_OK || block == 0)
			continue;
		transaction_word(store, word, 0);
		block_release(store, block);
	}
	for (unsigned i = 0; i < STORE_DIRECT && record->map == 0; i++) {
		uint64_t entry = record->direct[i];
		if (entry == 0 || ENTRY_PAGE(entry) < first || ENTRY_PAGE(entry) >= end)
			continue;
		transaction_word(store, &record->direct[i], 0);
		block_release(store, ENTRY_BLOCK(entry));
	}
	return transaction_commit(store);
}

twz_result store_discard(struct store *store, const struct store_object *object, uint64_t first,
			 uint64_t count)
{
	struct store_record *record = record_read(store, object->record);
	twz_result result = TWZ_OK;

	if (!record)
		return -TWZ_ERR_CORRUPT;
	if (first > STORE_PAGES || count > STORE_PAGES - first)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (record->map == 0)
		return discard_some(store, record, first, first + count);
	while (count != 0 && result == TWZ_OK) {
		uint64_t end = (first | (STORE_MAP_SIZE - 1)) + 1;
		uint64_t some = end - first < count ? end - first : count;
		result = discard_some(store, record, first, first + some);
		first += some;
		count -= some;
	}
	return result;
}

struct flush {
	struct store *store;
	uint64_t first, count;
};

static twz_result flush_page(void *context, uint64_t block, uint64_t page)
{
	const struct flush *flush = context;

	if (page - flush->first < flush->count) /* not of the maps themselves, page ~0 */
		block_flush(flush->store, block);
	return TWZ_OK;
}

twz_result store_flush(struct store *store, const struct store_object *object, uint64_t first,
		       uint64_t count)
{
	struct store_record *record = record_read(store, object->record);
	struct flush flush = {store, first, count};

	if (!record || first > STORE_PAGES || count > STORE_PAGES - first)
		return record ? -TWZ_ERR_INVALID_ARGUMENT : -TWZ_ERR_CORRUPT;
	twz_result result = map_visit(store, record, flush_page, &flush);
	twz_fence();
	return result;
}
