/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions: the words that change are gathered in memory, found by their offset; commit makes
 * them true through the journal. An offset that ends in 1 says that the block was made here: its
 * words need no journal. On a disk the words of several transactions wait for the next barrier.
 */
#include "internal.h"

#define FIRST_INDEX 256u
#define KEEP_INDEX  16384u

static uint64_t pair_count(const struct store *store)
{
	return store->words.count / 2;
}

/* The slot of the index where the offset is or would be. */
static uint64_t *slot_of(const struct store *store, uint64_t offset)
{
	uint64_t mask = store->index.room - 1;
	uint64_t at = (offset * 0x9e3779b97f4a7c15ull) >> 20 & mask;

	while (store->index.items[at] != 0 &&
	       store->words.items[(store->index.items[at] - 1) * 2] != offset)
		at = (at + 1) & mask;
	return &store->index.items[at];
}

bool transaction_find(const struct store *store, uint64_t offset, uint64_t *value)
{
	if (store->words.count == 0)
		return false;
	uint64_t found = *slot_of(store, offset);
	if (found == 0)
		return false;
	*value = store->words.items[(found - 1) * 2 + 1];
	return true;
}

bool transaction_made(const struct store *store, uint64_t block)
{
	uint64_t none;

	return transaction_find(store, block * STORE_BLOCK_SIZE + 1, &none);
}

void transaction_fail(struct store *store, twz_result error)
{
	if (store->error == TWZ_OK)
		store->error = error;
}

/* Room in the index for one more, at most half full. */
static bool index_grow(struct store *store)
{
	uint64_t wanted = store->index.room;

	if (wanted != 0 && (pair_count(store) + 1) * 2 <= wanted)
		return true;
	wanted = wanted ? wanted * 2 : FIRST_INDEX;
	vector_free(store, &store->index);
	if (!vector_reserve(store, &store->index, wanted))
		return false;
	for (uint64_t i = 0; i < pair_count(store); i++)
		*slot_of(store, store->words.items[i * 2]) = i + 1;
	return true;
}

void transaction_word(struct store *store, uint64_t offset, uint64_t value)
{
	if (store->error != TWZ_OK)
		return;
	if (!index_grow(store) || !vector_reserve(store, &store->words, store->words.count + 2)) {
		/* without an index nothing can be found: there is nothing then */
		if (!store->index.items)
			store->words.count = 0;
		transaction_fail(store, -TWZ_ERR_OUT_OF_MEMORY);
		return;
	}
	uint64_t *slot = slot_of(store, offset);
	if (*slot == 0) {
		vector_push(store, &store->words, offset);
		vector_push(store, &store->words, value);
		*slot = pair_count(store);
	} else {
		store->words.items[(*slot - 1) * 2 + 1] = value;
	}
}

void transaction_page(struct store *store, uint64_t block, uint32_t checksum)
{
	if (store->pages.count >= 2 * STORE_VOUCHED || !vector_push(store, &store->pages, block) ||
	    !vector_push(store, &store->pages, checksum))
		store->flush_first = true;
}

static void forget(struct store *store)
{
	store->words.count = 0;
	store->pages.count = 0;
	store->allocated.count = 0;
	store->released.count = 0;
	if (store->index.room > KEEP_INDEX)
		vector_free(store, &store->index);
	else if (store->index.items)
		__builtin_memset(store->index.items, 0, store->index.room * 8);
}

void transaction_begin(struct store *store)
{
	forget(store);
	store->error = store->readonly ? -TWZ_ERR_READ_ONLY : TWZ_OK;
	if (store->region || store->error != TWZ_OK)
		return;
	cache_trim(store);
	if (store->free_blocks < 64 && store->free_data.count + store->free_meta.count != 0)
		store_checkpoint(store);
	uint64_t epoch = roots_get(store, ROOT_WORD(epoch));
	if (store->error == TWZ_OK && store->sequence >> 32 != epoch)
		roots_set(store, ROOT_WORD(epoch), store->sequence >> 32);
}

void transaction_close(struct store *store)
{
	vector_free(store, &store->words);
	vector_free(store, &store->index);
	vector_free(store, &store->allocated);
	vector_free(store, &store->released);
	vector_free(store, &store->pages);
	vector_free(store, &store->batch);
	vector_free(store, &store->vouched);
	vector_free(store, &store->free_data);
	vector_free(store, &store->free_meta);
}

/* The blocks made here get their checksum; their marks leave the list of words. */
static void seal(struct store *store)
{
	uint64_t *pairs = store->words.items, kept = 0;

	for (uint64_t i = 0; i < pair_count(store); i++) {
		uint64_t offset = pairs[i * 2], block = offset / STORE_BLOCK_SIZE;
		twz_result result;
		bool *verified;

		if (!(offset & 1)) {
			pairs[kept * 2] = offset;
			pairs[kept * 2 + 1] = pairs[i * 2 + 1];
			kept++;
			continue;
		}
		uint64_t *words = store->region ? store_block(store, block)
						: cache_get(store, block, &verified, &result);
		struct store_header *header = (struct store_header *)words;
		header->checksum = node_checksum(words);
		if (store->region)
			block_flush(store, block);
		else
			*verified = true;
	}
	store->words.count = kept * 2;
}

/* The words into the cache, and into the batch, the pages to those vouched for; nothing here can
 * fail any more. */
static void apply_to_cache(struct store *store)
{
	for (uint64_t i = 0; i < store->words.count; i += 2) {
		uint64_t offset = store->words.items[i], value = store->words.items[i + 1];
		twz_result result;
		bool *verified;
		uint64_t *words = cache_get(store, offset / STORE_BLOCK_SIZE, &verified, &result);

		if (words)
			words[offset % STORE_BLOCK_SIZE / 8] = value;
		cache_dirty(store, offset / STORE_BLOCK_SIZE);
		vector_push(store, &store->batch, offset);
		vector_push(store, &store->batch, value);
	}
	for (uint64_t i = 0; i + 1 < store->pages.count; i += 2)
		journal_vouch(store, store->pages.items[i], (uint32_t)store->pages.items[i + 1]);
}

static twz_result commit_to_disk(struct store *store)
{
	if (store->batch.count / 2 + pair_count(store) > store->journal_words) {
		twz_result result = store_barrier(store);
		if (result != TWZ_OK)
			return result;
	}
	if (!vector_reserve(store, &store->batch, store->batch.count + store->words.count))
		return -TWZ_ERR_OUT_OF_MEMORY;
	seal(store);
	apply_to_cache(store);
	return TWZ_OK;
}

twz_result transaction_commit(struct store *store)
{
	uint64_t released = 0;

	if (store->error == TWZ_OK && (store->allocated.count || store->released.count)) {
		released = store->free_data.count + store->free_meta.count;
		roots_set(store, ROOT_WORD(free),
			  store->free_blocks + released + store->released.count);
	}
	if (store->error == TWZ_OK && pair_count(store) > store->journal_words)
		transaction_fail(store, -TWZ_ERR_TOO_MANY);
	if (store->error == TWZ_OK && !store->region)
		transaction_fail(store, commit_to_disk(store));
	if (store->error == TWZ_OK && store->region) {
		seal(store);
		journal_commit_memory(store, store->words.items, pair_count(store));
	}
	/* the blocks made here are no longer theirs */
	for (uint64_t i = 0; !store->region && store->error != TWZ_OK && i < store->words.count;
	     i += 2)
		if (store->words.items[i] & 1)
			cache_forget(store, store->words.items[i] / STORE_BLOCK_SIZE);
	blocks_settle(store, store->error == TWZ_OK);
	forget(store);
	return store->error;
}
