/* SPDX-License-Identifier: BSD-2-Clause */
/* Free blocks: a bitmap on the medium and its state after the running transaction in memory. */
#include "internal.h"

twz_result blocks_open(struct store *store)
{
	store->used = store->memory->allocate(store->bitmap_words * 8);
	store->dirty = store->memory->allocate((store->bitmap_words + 63) / 64 * 8);
	if (!store->used || !store->dirty) {
		blocks_close(store);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	store->free_blocks = 0;
	store->hint = 0;
	for (uint64_t i = 0; i < store->bitmap_words; i++) {
		store->used[i] = word_at(store, store->bitmap)[i];
		store->free_blocks += 64 - (uint64_t)__builtin_popcountll(store->used[i]);
	}
	return TWZ_OK;
}

void blocks_close(struct store *store)
{
	if (store->used)
		store->memory->release(store->used, store->bitmap_words * 8);
	if (store->dirty)
		store->memory->release(store->dirty, (store->bitmap_words + 63) / 64 * 8);
	store->used = store->dirty = NULL;
}

/* Lists the word in the transaction when it changes for the first time; its value is settled at
 * commit. */
static bool touch(struct store *store, uint64_t index)
{
	uint64_t bit = 1ull << (index % 64);

	if (store->dirty[index / 64] & bit)
		return true;
	uint64_t before = store->pending;
	transaction_word(store, word_at(store, store->bitmap) + index, 0);
	if (store->pending == before)
		return false;
	store->dirty[index / 64] |= bit;
	return true;
}

uint64_t block_allocate(struct store *store)
{
	if (store->free_blocks == 0) {
		transaction_fail(store, -TWZ_ERR_NO_SPACE);
		return 0;
	}
	for (uint64_t i = 0; i < store->bitmap_words; i++) {
		uint64_t index = (store->hint + i) % store->bitmap_words;
		if (store->used[index] == ~0ull)
			continue;
		if (!touch(store, index))
			return 0;
		unsigned bit = (unsigned)__builtin_ctzll(~store->used[index]);
		store->used[index] |= 1ull << bit;
		store->free_blocks--;
		store->hint = index;
		return index * 64 + bit;
	}
	transaction_fail(store, -TWZ_ERR_CORRUPT);
	return 0;
}

uint64_t block_allocate_zeroed(struct store *store)
{
	uint64_t block = block_allocate(store);

	if (block) {
		__builtin_memset(store_block(store, block), 0, STORE_BLOCK_SIZE);
		block_flush(store, block);
	}
	return block;
}

void block_release(struct store *store, uint64_t block)
{
	uint64_t bit = 1ull << (block % 64);

	if (!block_is_data(store, block) || !(store->used[block / 64] & bit)) {
		transaction_fail(store, -TWZ_ERR_CORRUPT);
		return;
	}
	if (!touch(store, block / 64))
		return;
	store->used[block / 64] &= ~bit;
	store->free_blocks++;
}

void block_flush(struct store *store, uint64_t block)
{
	twz_flush(store_block(store, block), STORE_BLOCK_SIZE);
}

bool block_word_is_bitmap(const struct store *store, uint64_t offset)
{
	return offset >= store->bitmap && offset < store->bitmap + store->bitmap_words * 8;
}

uint64_t block_word_settle(struct store *store, uint64_t offset)
{
	uint64_t index = (offset - store->bitmap) / 8;

	store->dirty[index / 64] &= ~(1ull << (index % 64));
	return store->used[index];
}

void block_word_revert(struct store *store, uint64_t offset)
{
	uint64_t index = (offset - store->bitmap) / 8;

	store->dirty[index / 64] &= ~(1ull << (index % 64));
	store->used[index] = *word_at(store, offset);
}

uint64_t store_free_bytes(const struct store *store)
{
	return store->free_blocks * STORE_BLOCK_SIZE;
}
