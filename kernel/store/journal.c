/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions: a checksummed record of 8-byte stores that becomes true by one 8-byte store. */
#include "internal.h"
#include <twz/id.h>

static struct store_journal *journal_of(const struct store *store)
{
	return store_block(store, STORE_JOURNAL);
}

static uint64_t checksum(const struct store_journal *journal, uint64_t count)
{
	uint64_t sum = twz_fnv1a(TWZ_FNV_START, &journal->sequence, sizeof(journal->sequence));

	sum = twz_fnv1a(sum, &count, sizeof(count));
	return twz_fnv1a(sum, journal->words, count * sizeof(journal->words[0]));
}

void transaction_begin(struct store *store)
{
	store->pending = 0;
	store->error = TWZ_OK;
	store->free_before = store->free_blocks;
}

void transaction_fail(struct store *store, twz_result error)
{
	if (store->error == TWZ_OK)
		store->error = error;
}

void transaction_word(struct store *store, const uint64_t *word, uint64_t value)
{
	struct store_journal *journal = journal_of(store);

	if (store->pending == store->journal_words) {
		transaction_fail(store, -TWZ_ERR_TOO_MANY);
		return;
	}
	journal->words[store->pending].offset = offset_of(store, word);
	journal->words[store->pending].value = value;
	store->pending++;
}

void transaction_abort(struct store *store)
{
	struct store_journal *journal = journal_of(store);

	for (uint64_t i = 0; i < store->pending; i++)
		if (block_word_is_bitmap(store, journal->words[i].offset))
			block_word_revert(store, journal->words[i].offset);
	store->free_blocks = store->free_before;
	store->pending = 0;
}

static void apply(struct store *store, uint64_t count)
{
	struct store_journal *journal = journal_of(store);

	for (uint64_t i = 0; i < count; i++) {
		uint64_t *word = word_at(store, journal->words[i].offset);
		__atomic_store_n(word, journal->words[i].value, __ATOMIC_RELEASE);
		twz_flush(word, sizeof(*word));
	}
	twz_fence();
	twz_commit_word(&journal->count, 0);
}

twz_result transaction_commit(struct store *store)
{
	struct store_journal *journal = journal_of(store);

	if (store->error != TWZ_OK) {
		transaction_abort(store);
		return store->error;
	}
	if (store->pending == 0) {
		twz_fence();
		return TWZ_OK;
	}
	for (uint64_t i = 0; i < store->pending; i++)
		if (block_word_is_bitmap(store, journal->words[i].offset))
			journal->words[i].value =
				block_word_settle(store, journal->words[i].offset);
	journal->sequence = ++store->sequence;
	journal->checksum = checksum(journal, store->pending);
	twz_flush(journal, sizeof(*journal) + store->pending * sizeof(journal->words[0]));
	twz_fence(); /* the record, and every fresh block, is durable */
	twz_commit_word(&journal->count, store->pending);
	apply(store, store->pending);
	store->pending = 0;
	return TWZ_OK;
}

twz_result journal_recover(struct store *store)
{
	struct store_journal *journal = journal_of(store);
	uint64_t count = journal->count;
	uint64_t metadata = store->bitmap;

	store->sequence = journal->sequence;
	if (count == 0)
		return TWZ_OK;
	if (count > store->journal_words || journal->checksum != checksum(journal, count))
		return -TWZ_ERR_CORRUPT;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t offset = journal->words[i].offset;
		bool in_roots = offset / STORE_BLOCK_SIZE == STORE_ROOTS;
		if (offset % 8 != 0 || offset >= store->blocks * STORE_BLOCK_SIZE ||
		    (offset < metadata && !in_roots))
			return -TWZ_ERR_CORRUPT;
	}
	apply(store, count);
	return TWZ_OK;
}
