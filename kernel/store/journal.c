/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The redo journal. In memory: one record, stored to its places at once. On a disk: a record for
 * each barrier, one behind the other, until a checkpoint has brought all to its place. What was
 * written to fresh blocks is durable before a record that names it, or with it when the record
 * vouches for it: then it is true only if the blocks are as it says. That is looked at for the last
 * record; who has another one behind it was durable before that was written, and what its blocks
 * were may have been freed and used again.
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
		if (words[i].offset & STORE_WORD_VOUCHES)
			continue;
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

void journal_vouch(struct store *store, uint64_t block, uint32_t checksum)
{
	if (store->vouched.count >= 2 * STORE_VOUCHED ||
	    !vector_push(store, &store->vouched, block * STORE_BLOCK_SIZE | STORE_WORD_VOUCHES) ||
	    !vector_push(store, &store->vouched, checksum))
		store->flush_first = true;
}

/* Whether the next record can vouch for all that was written. */
static bool can_vouch(const struct store *store)
{
	return !store->flush_first && store->batch.count != 0 &&
	       (store->batch.count + store->vouched.count) / 2 <= store->journal_words;
}

static twz_result flush(struct store *store)
{
	twz_result result = blocks_flush(store);

	if (result == TWZ_OK) {
		store->written = store->flush_first = false;
		store->vouched.count = 0;
	}
	return result;
}

/* The batch and the blocks that are vouched for; those that are free by now can change before the
 * next record is there. */
static twz_result fill_record(struct store *store, struct store_journal *record)
{
	uint64_t count = store->batch.count / 2;

	__builtin_memcpy(record->words, store->batch.items, count * sizeof(record->words[0]));
	for (uint64_t i = 0; i < store->vouched.count; i += 2) {
		const uint64_t *pair = &store->vouched.items[i];
		twz_result result;
		bool used = block_is_used(store, pair[0] / STORE_BLOCK_SIZE, &result);
		if (result != TWZ_OK)
			return result;
		if (used)
			record->words[count++] = (struct store_word){pair[0], pair[1]};
	}
	record->magic = STORE_JOURNAL_DISK;
	record->sequence = store->sequence + 1;
	record->count = count;
	record->checksum = record_checksum(record, count);
	return TWZ_OK;
}

static twz_result write_record(struct store *store)
{
	uint64_t room = record_blocks((store->batch.count + store->vouched.count) / 2);
	struct store_journal *record = store->memory->allocate(room * STORE_BLOCK_SIZE);

	if (!record)
		return -TWZ_ERR_OUT_OF_MEMORY;
	twz_result result = fill_record(store, record);
	uint64_t blocks = record_blocks(record->count);
	if (result == TWZ_OK)
		result = blocks_write(store, STORE_JOURNAL + store->journal_at, blocks, record);
	store->memory->release(record, room * STORE_BLOCK_SIZE);
	if (result == TWZ_OK)
		result = flush(store);
	if (result != TWZ_OK)
		return result;
	store->sequence++;
	store->journal_at += blocks;
	store->batch.count = 0;
	return TWZ_OK;
}

/*
 * Brings all that the journal holds to its place; it begins anew. Its first record is wiped, so
 * that the next open has nothing to do; when the wiping is lost, doing it again does no harm. But
 * the next record is not written before the wiping is durable: parts of it over parts of the old
 * ones would leave some of those, to be done again without the ones behind them.
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
		store->written = store->flush_first = true;
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
	if (store->batch.count != 0)
		result = cache_write(store, false, &store->written);
	if (result == TWZ_OK && store->written && !can_vouch(store))
		result = flush(store);
	if (result == TWZ_OK && store->batch.count != 0)
		result = write_record(store);
	if (result != TWZ_OK) {
		/* what a lost record vouched for may change before the next */
		store->flush_first = true;
		return result;
	}
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
		bool vouches = record->magic == STORE_JOURNAL_DISK &&
			       offset % STORE_BLOCK_SIZE == STORE_WORD_VOUCHES;
		if ((offset % 8 != 0 && !vouches) || block >= store->blocks ||
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
		if (offset & STORE_WORD_VOUCHES)
			continue;
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

/* Whether the blocks that a record vouches for are as it says. */
static twz_result check_blocks(struct store *store, const struct store_journal *record, bool *right)
{
	void *block = store->memory->allocate(STORE_BLOCK_SIZE);
	twz_result result = block ? check_words(store, record) : -TWZ_ERR_OUT_OF_MEMORY;

	*right = true;
	for (uint64_t i = 0; i < record->count && result == TWZ_OK && *right; i++) {
		const struct store_word *word = &record->words[i];
		if (!(word->offset & STORE_WORD_VOUCHES))
			continue;
		result = blocks_read(store, word->offset / STORE_BLOCK_SIZE, 1, block);
		*right = result == TWZ_OK && page_checksum(block) == word->value;
	}
	if (block)
		store->memory->release(block, STORE_BLOCK_SIZE);
	return result;
}

/* The record at a block of the journal; NULL: there is none with that sequence. */
static const struct store_journal *record_at(const struct store *store,
					     const struct store_journal *all, uint64_t at,
					     uint64_t sequence)
{
	const struct store_journal *record =
		(const void *)((const uint8_t *)all + at * STORE_BLOCK_SIZE);

	if (at >= store->journal_blocks)
		return NULL;
	uint64_t room =
		(store->journal_blocks - at) * STORE_BLOCK_SIZE - sizeof(struct store_journal);
	bool right = record->magic == STORE_JOURNAL_DISK && record->sequence == sequence &&
		     record->count <= room / sizeof(struct store_word) &&
		     record->checksum == record_checksum(record, record->count);
	return right ? record : NULL;
}

/* The records of a disk, as far as they follow each other and the last one's blocks are there. */
static twz_result replay_chain(struct store *store, const struct store_journal *all)
{
	const struct store_journal *record, *last = NULL;
	uint64_t at = 0, sequence = all->sequence;
	twz_result result = TWZ_OK;
	bool right = true;

	while ((record = record_at(store, all, at, sequence)) != NULL) {
		at += record_blocks(record->count);
		sequence++;
		last = record;
	}
	if (last)
		result = check_blocks(store, last, &right);
	at = 0;
	sequence = all->sequence;
	while (result == TWZ_OK && (record = record_at(store, all, at, sequence)) != NULL) {
		if (record == last && !right)
			break;
		result = replay(store, record);
		at += record_blocks(record->count);
		sequence++;
	}
	return result;
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
