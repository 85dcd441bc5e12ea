/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The redo journal. In memory: one record, stored to its places at once. On a disk: a record for
 * each barrier, one behind the other, until a checkpoint has brought all to its place. What was
 * written to fresh blocks is durable before a record that names it.
 */
#include "internal.h"

static uint32_t record_checksum(const struct store_journal *record, uint64_t count)
{
	/* sequence and count lie side by side; the words have an offset */
	uint32_t head = crc32c(&record->sequence, 16);

	return crc32c(record->words, count * sizeof(record->words[0])) ^ (head << 1 | head >> 31);
}

static uint64_t record_blocks(uint64_t count)
{
	return (sizeof(struct store_journal) + count * sizeof(struct store_word) +
		STORE_BLOCK_SIZE - 1) /
	       STORE_BLOCK_SIZE;
}

static void apply(struct store *store, const struct store_word *words, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t *word = (uint64_t *)(store->region + words[i].offset);
		__atomic_store_n(word, words[i].value, __ATOMIC_RELEASE);
		twz_flush(word, sizeof(*word));
	}
	twz_fence();
}

void journal_commit_memory(struct store *store, const uint64_t *pairs, uint64_t count)
{
	struct store_journal *journal = store_block(store, STORE_JOURNAL);

	if (count == 0) {
		twz_fence();
		return;
	}
	__builtin_memcpy(journal->words, pairs, count * sizeof(journal->words[0]));
	journal->magic = STORE_JOURNAL_MEMORY;
	journal->sequence = ++store->sequence;
	journal->count = count;
	journal->checksum = record_checksum(journal, count);
	twz_flush(journal, sizeof(*journal) + count * sizeof(journal->words[0]));
	twz_fence(); /* the record, and every fresh block, is durable */
	twz_commit_word(&journal->committed, journal->sequence);
	apply(store, journal->words, count);
	twz_commit_word(&journal->committed, 0);
}

static twz_result write_record(struct store *store)
{
	uint64_t count = store->batch.count / 2;
	uint64_t blocks = record_blocks(count);
	struct store_journal *record = store->memory->allocate(blocks * STORE_BLOCK_SIZE);

	if (!record)
		return -TWZ_ERR_OUT_OF_MEMORY;
	record->magic = STORE_JOURNAL_DISK;
	record->sequence = store->sequence + 1;
	record->count = count;
	__builtin_memcpy(record->words, store->batch.items, count * sizeof(record->words[0]));
	record->checksum = record_checksum(record, count);
	twz_result result = blocks_write(store, STORE_JOURNAL + store->journal_at, blocks, record);
	store->memory->release(record, blocks * STORE_BLOCK_SIZE);
	if (result == TWZ_OK)
		result = blocks_flush(store);
	if (result != TWZ_OK)
		return result;
	store->sequence++;
	store->journal_at += blocks;
	store->batch.count = 0;
	return TWZ_OK;
}

/*
 * Brings all that the journal holds to its place; it begins anew. Its first record is wiped, so
 * that the next open has nothing to do; when the wiping is lost, doing it again does no harm.
 */
static twz_result empty_journal(struct store *store)
{
	bool any = false;
	twz_result result = cache_write(store, true, &any);

	if (result == TWZ_OK && any)
		result = blocks_flush(store);
	if (result == TWZ_OK && store->journal_at != 0) {
		void *zeros = store->memory->allocate(STORE_BLOCK_SIZE);
		if (zeros) {
			result = blocks_write(store, STORE_JOURNAL, 1, zeros);
			store->memory->release(zeros, STORE_BLOCK_SIZE);
		}
		store->written = true;
	}
	if (result == TWZ_OK) {
		store->journal_at = 0;
		blocks_reuse(store, true);
	}
	return result;
}

twz_result store_barrier(struct store *store)
{
	twz_result result = TWZ_OK;

	if (store->region || store->readonly)
		return TWZ_OK;
	bool fresh = store->written;
	if (store->batch.count != 0)
		result = cache_write(store, false, &fresh);
	if (result == TWZ_OK && fresh)
		result = blocks_flush(store);
	if (result != TWZ_OK)
		return result;
	store->written = false;
	if (store->batch.count != 0)
		result = write_record(store);
	if (result != TWZ_OK)
		return result;
	blocks_reuse(store, false);
	/* A record takes half of the journal at most, and cannot wait for the journal to become
	 * empty: the cache is ahead of it then. So there is always room for one. */
	if (store->journal_at > store->journal_blocks / 2)
		result = empty_journal(store);
	return result;
}

twz_result store_checkpoint(struct store *store)
{
	twz_result result = store_barrier(store);

	if (result == TWZ_OK && !store->region && !store->readonly)
		result = empty_journal(store);
	return result;
}

static twz_result check_words(const struct store *store, const struct store_journal *record)
{
	for (uint64_t i = 0; i < record->count; i++) {
		uint64_t offset = record->words[i].offset, block = offset / STORE_BLOCK_SIZE;
		bool in_roots = block == STORE_ROOTS;
		if (offset % 8 != 0 || block >= store->blocks ||
		    (block < store->first_bitmap && !in_roots))
			return -TWZ_ERR_CORRUPT;
	}
	return TWZ_OK;
}

static twz_result replay_to_cache(struct store *store, const struct store_journal *record)
{
	for (uint64_t i = 0; i < record->count; i++) {
		uint64_t offset = record->words[i].offset;
		twz_result result;
		bool *verified;
		uint64_t *words = cache_get(store, offset / STORE_BLOCK_SIZE, &verified, &result);
		if (!words)
			return result;
		words[offset % STORE_BLOCK_SIZE / 8] = record->words[i].value;
		*verified = false;
		cache_dirty(store, offset / STORE_BLOCK_SIZE);
	}
	return TWZ_OK;
}

static twz_result replay(struct store *store, const struct store_journal *record)
{
	twz_result result = check_words(store, record);

	if (result != TWZ_OK)
		return result;
	if (!store->region)
		return replay_to_cache(store, record);
	if (!store->readonly)
		apply(store, record->words, record->count);
	return TWZ_OK;
}

/* Makes sure that nothing is replayed again. */
static twz_result erase(struct store *store, void *block)
{
	struct store_journal *journal = store->region ? store_block(store, STORE_JOURNAL) : block;

	if (store->region) {
		twz_commit_word(&journal->committed, 0);
		if (journal->magic != STORE_JOURNAL_MEMORY) {
			journal->magic = STORE_JOURNAL_MEMORY;
			twz_persist(journal, sizeof(*journal));
		}
		return TWZ_OK;
	}
	twz_result result = empty_journal(store);
	__builtin_memset(block, 0, STORE_BLOCK_SIZE);
	if (result == TWZ_OK)
		result = blocks_write(store, STORE_JOURNAL, 1, block);
	return result == TWZ_OK ? blocks_flush(store) : result;
}

/* The records of a disk from the second on. */
static twz_result replay_chain(struct store *store, const struct store_journal *all)
{
	uint64_t at = 0, sequence = all->sequence;

	while (at < store->journal_blocks) {
		const struct store_journal *record =
			(const void *)((const uint8_t *)all + at * STORE_BLOCK_SIZE);
		uint64_t room = (store->journal_blocks - at) * STORE_BLOCK_SIZE -
				sizeof(struct store_journal);
		if (record->magic != STORE_JOURNAL_DISK || record->sequence != sequence ||
		    record->count > room / sizeof(struct store_word) ||
		    record->checksum != record_checksum(record, record->count))
			break;
		twz_result result = replay(store, record);
		if (result != TWZ_OK)
			return result;
		at += record_blocks(record->count);
		sequence++;
	}
	return TWZ_OK;
}

static twz_result recover(struct store *store, struct store_journal *all)
{
	twz_result result = TWZ_OK;

	if (all->magic == STORE_JOURNAL_DISK) {
		result = replay_chain(store, all);
	} else if (all->committed != 0) {
		if (all->magic != STORE_JOURNAL_MEMORY || all->committed != all->sequence ||
		    all->count > store->journal_words ||
		    all->checksum != record_checksum(all, all->count))
			return -TWZ_ERR_CORRUPT;
		result = replay(store, all);
	} else if (all->magic != STORE_JOURNAL_MEMORY || !store->region) {
		return TWZ_OK;
	}
	if (store->region && all->magic == STORE_JOURNAL_MEMORY)
		store->sequence = all->sequence;
	if (result == TWZ_OK && !store->readonly &&
	    (all->committed != 0 || all->magic == STORE_JOURNAL_DISK))
		result = erase(store, all);
	return result;
}

twz_result journal_recover(struct store *store)
{
	uint64_t bytes = store->journal_blocks * STORE_BLOCK_SIZE;

	if (store->region)
		return recover(store, store_block(store, STORE_JOURNAL));
	/* the first block says whether there is anything */
	struct store_journal *first = store->memory->allocate(STORE_BLOCK_SIZE);
	struct store_journal *all = NULL;
	twz_result result =
		first ? blocks_read(store, STORE_JOURNAL, 1, first) : -TWZ_ERR_OUT_OF_MEMORY;
	bool any =
		result == TWZ_OK && (first->magic == STORE_JOURNAL_DISK || first->committed != 0);
	if (any) {
		all = store->memory->allocate(bytes);
		result = all ? blocks_read(store, STORE_JOURNAL, store->journal_blocks, all)
			     : -TWZ_ERR_OUT_OF_MEMORY;
	}
	if (any && result == TWZ_OK)
		result = recover(store, all);
	if (all)
		store->memory->release(all, bytes);
	if (first)
		store->memory->release(first, STORE_BLOCK_SIZE);
	if (result == TWZ_OK)
		store->sequence = (roots_get(store, ROOT_WORD(epoch)) + 1) << 32;
	return result;
}
