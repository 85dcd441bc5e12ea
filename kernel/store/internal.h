/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store's files share: transactions, blocks, the object table. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <twz/persist.h>
#include "format.h"
#include "store.h"

static inline uint64_t *word_at(const struct store *store, uint64_t offset)
{
	return (uint64_t *)(store->region + offset);
}

static inline uint64_t offset_of(const struct store *store, const void *address)
{
	return (uint64_t)((const uint8_t *)address - store->region);
}

static inline struct store_roots *roots_of(const struct store *store)
{
	return store_block(store, STORE_ROOTS);
}

static inline bool block_is_data(const struct store *store, uint64_t block)
{
	return block >= store->first_data && block < store->blocks;
}

/* ---- transactions (journal.c) ---- */

/*
 * Between begin and commit: allocate and release blocks, fill fresh blocks (flushed, not fenced),
 * and list the words to store. An error in between sticks; commit then undoes everything and
 * returns it.
 */
void transaction_begin(struct store *store);
void transaction_word(struct store *store, const uint64_t *word, uint64_t value);
void transaction_fail(struct store *store, twz_result error);
twz_result transaction_commit(struct store *store);
void transaction_abort(struct store *store);

/* Finishes a transaction that had become true. CORRUPT when the record is damaged. */
twz_result journal_recover(struct store *store);

/* ---- blocks (blocks.c) ---- */

twz_result blocks_open(struct store *store);
void blocks_close(struct store *store);

/* A free block, marked used; 0 and the transaction failed with NO_SPACE when there is none. */
uint64_t block_allocate(struct store *store);
/* The same, filled with zeros and flushed. */
uint64_t block_allocate_zeroed(struct store *store);
/* Marks a block free. Nothing is allocated behind a release within one transaction. */
void block_release(struct store *store, uint64_t block);
/* Flushes a whole block. */
void block_flush(struct store *store, uint64_t block);

/* Called for each word of the bitmap that the transaction changes, in any order. */
bool block_word_is_bitmap(const struct store *store, uint64_t offset);
/* The value that a bitmap word gets, or back to what the medium has. */
uint64_t block_word_settle(struct store *store, uint64_t offset);
void block_word_revert(struct store *store, uint64_t offset);

/* ---- the object table (table.c) ---- */

/* The record's block; NO_SUCH_OBJECT, CORRUPT. */
twz_result table_find(struct store *store, struct twz_id id, uint64_t *record);
/* Lists the words that enter or take out; within a transaction. */
twz_result table_insert(struct store *store, struct twz_id id, uint64_t record);
twz_result table_remove(struct store *store, struct twz_id id);
/* Calls node(context, block) and record(context, block) for all there is. Either may be NULL. */
twz_result table_visit(struct store *store, twz_result (*node)(void *context, uint64_t block),
		       twz_result (*record)(void *context, uint64_t block), void *context);

/* ---- records (record.c) and page maps (map.c) ---- */

/* The record in a block, or NULL when it is damaged. */
struct store_record *record_read(struct store *store, uint64_t block);
uint64_t record_checksum(const struct store_record *record);

/* The word that holds a page's block, NULL when there is none; CORRUPT. *block: its value, 0 for a
 * hole. */
twz_result map_find(struct store *store, struct store_record *record, uint64_t page,
		    uint64_t **word, uint64_t *block);
/* The value to store into that word for a block. */
uint64_t map_entry(const struct store_record *record, uint64_t page, uint64_t block);
/* Visits every block that a record's map uses: maps (page ~0) and pages. */
twz_result map_visit(struct store *store, struct store_record *record,
		     twz_result (*visit)(void *context, uint64_t block, uint64_t page),
		     void *context);

/* Frees all that deleted objects left (record.c). */
twz_result orphans_free(struct store *store);

#endif
