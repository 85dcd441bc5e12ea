/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store's files share: metadata blocks, transactions, blocks, the object table, maps. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <twz/persist.h>
#include "crc32c.h"
#include "format.h"
#include "store.h"

#define STORE_VOUCHED \
	128u /* blocks that a record vouches for, at most; with more a flush costs less */

#define WORD_OF(structure, field) (offsetof(structure, field) / 8)
#define ROOT_WORD(field)	  WORD_OF(struct store_roots, field)
#define RECORD_WORD(field)	  WORD_OF(struct store_record, field)

static inline bool block_is_data(const struct store *store, uint64_t block)
{
	return block >= store->first_data && block < store->blocks;
}

/* ---- vectors (vector.c) ---- */

/* Room for `count` items; false: out of memory. */
bool vector_reserve(struct store *store, struct store_vector *vector, uint64_t count);
bool vector_push(struct store *store, struct store_vector *vector, uint64_t item);
void vector_free(struct store *store, struct store_vector *vector);

/* ---- blocks of metadata (node.c) ---- */

/* A block of metadata in memory: on a disk in the cache, until the end of the call of the store. */
struct node {
	uint64_t block;
	uint64_t *words; /* as on the medium; read through node_get */
};

/* False and *result: CORRUPT (not of that kind, checksum), IO, OUT_OF_MEMORY. */
bool node_read(struct store *store, uint64_t block, uint32_t kind, struct node *node,
	       twz_result *result);
/* A zeroed one in a block that this transaction has allocated. False: the transaction has failed.
 */
bool node_make(struct store *store, uint64_t block, uint32_t kind, struct node *node);
/* A word as it is after the running transaction. */
uint64_t node_get(struct store *store, const struct node *node, unsigned word);
/* Gives a word a new value, and the block its checksum, within a transaction. */
void node_set(struct store *store, const struct node *node, unsigned word, uint64_t value);
bool node_is_right(const uint64_t *words, uint64_t block, uint32_t kind);
uint32_t node_checksum(const uint64_t *words);

/* ---- the cache of metadata of a disk (cache.c) ---- */

twz_result cache_open(struct store *store);
void cache_close(struct store *store);
/* The block's contents; *verified can be set by the caller. NULL and *result. */
uint64_t *cache_get(struct store *store, uint64_t block, bool **verified, twz_result *result);
/* Zeros, to be written before the next record of the journal. NULL: out of memory. */
uint64_t *cache_make(struct store *store, uint64_t block);
/* To be written by the next checkpoint. */
void cache_dirty(struct store *store, uint64_t block);
void cache_forget(struct store *store, uint64_t block);
/* Writes the new ones, or all that are to be written, but not those that the running transaction
 * makes; *any: there were some. */
twz_result cache_write(struct store *store, bool all, bool *any);
/* Makes the cache small again; no node may be in use. */
void cache_trim(struct store *store);

/* ---- transactions (transaction.c) ---- */

/*
 * Between begin and commit: allocate and release blocks, fill fresh blocks (in memory flushed, not
 * fenced), and set words. An error in between sticks; commit then undoes everything and returns it.
 */
void transaction_begin(struct store *store);
void transaction_word(struct store *store, uint64_t offset, uint64_t value);
/* The value that the transaction gives the word, or false. */
bool transaction_find(const struct store *store, uint64_t offset, uint64_t *value);
/* Disk: a page was written to a fresh block. */
void transaction_page(struct store *store, uint64_t block, uint32_t checksum);
void transaction_fail(struct store *store, twz_result error);
twz_result transaction_commit(struct store *store);
/* A block that node_make has made in this transaction. */
bool transaction_made(const struct store *store, uint64_t block);
void transaction_close(struct store *store);

/* ---- the journal (journal.c) ---- */

/* Makes the words (pairs) true: durable and in place. */
void journal_commit_memory(struct store *store, const uint64_t *pairs, uint64_t count);
/* Disk: a block was written; the next record vouches for it, or a flush comes before. */
void journal_vouch(struct store *store, uint64_t block, uint32_t checksum);
/* Finishes what had become true. CORRUPT when a record is damaged, IO. */
twz_result journal_recover(struct store *store);

/* ---- blocks (blocks.c) ---- */

twz_result blocks_open(struct store *store);
void blocks_close(struct store *store);

/* A free block, marked used; 0 and the transaction failed with NO_SPACE when there is none. */
uint64_t block_allocate(struct store *store);
/* The next blocks that are allocated, `count` of them or the first 32, lie behind each other where
 * there is room; 0: no more of them are wanted. */
void blocks_expect(struct store *store, uint64_t count);
/* Memory: the same, filled with zeros and flushed. */
uint64_t block_allocate_zeroed(struct store *store);
/* Marks a block free. It is not allocated again within the transaction. */
void block_release(struct store *store, uint64_t block, bool metadata);
/* The transaction is over: what it released can be used, or what it allocated is free. */
void blocks_settle(struct store *store, bool committed);
/* Lets the blocks of free_data, or free_meta too, be used. */
void blocks_reuse(struct store *store, bool metadata);
/* Memory: flushes a whole block. */
void block_flush(struct store *store, uint64_t block);
/* Memory: whether the block's checksum was seen to be right; NULL: out of memory. */
uint64_t *block_verified(struct store *store, uint64_t block, uint64_t *bit);
/* Whether the block is in use, without what the running transaction does; *result: CORRUPT, IO. */
bool block_is_used(struct store *store, uint64_t block, twz_result *result);
uint64_t group_bitmap(const struct store *store, uint64_t group);
/* A group's bits before anything is allocated. */
void group_start(const struct store *store, uint64_t group, uint64_t used[STORE_GROUP_WORDS]);

/* Writes pages to blocks that follow each other, at most STORE_RUN; the checksums for their
 * entries, 0 in memory. The contents are in use until pages_settle, which fails the transaction if
 * they could not be written. */
twz_result pages_write(struct store *store, uint64_t block, uint64_t count,
		       const void *const *contents, uint32_t *checksums);
void pages_settle(struct store *store);
uint32_t page_checksum(const void *contents);

/* ---- the object table (table.c) ---- */

/* The record's block; NO_SUCH_OBJECT, CORRUPT. */
twz_result table_find(struct store *store, struct twz_id id, uint64_t *record);
/* Sets the words that enter or take out; within a transaction. */
twz_result table_insert(struct store *store, struct twz_id id, uint64_t record);
twz_result table_remove(struct store *store, struct twz_id id);
/*
 * Calls visit(context, block, is_record, problem) for all there is, a problem being an error with
 * which the block cannot be read. A result other than TWZ_OK ends the walk.
 */
typedef twz_result (*table_visitor)(void *context, uint64_t block, bool is_record,
				    twz_result problem);
twz_result table_visit(struct store *store, table_visitor visit, void *context);
/* Takes the slot that names `block` out, wherever it is (repair). Within a transaction. */
twz_result table_drop(struct store *store, uint64_t block);

/* ---- records (record.c) and page maps (map.c) ---- */

bool record_read(struct store *store, uint64_t block, struct node *node, twz_result *result);
bool roots_read(struct store *store, struct node *node, twz_result *result);
uint64_t roots_get(struct store *store, unsigned word);
void roots_set(struct store *store, unsigned word, uint64_t value);

/* The entry of a page, 0 for a hole; CORRUPT. */
twz_result map_get(struct store *store, const struct node *record, uint64_t page, uint64_t *entry);
/* Sets it, within a transaction. */
void map_set(struct store *store, const struct node *record, uint64_t page, uint64_t entry);
/* Visits every block that a record's maps use: maps (page ~0) and pages. A problem: the block or
 * entry cannot be right. */
typedef twz_result (*map_visitor)(void *context, uint64_t entry, uint64_t page, twz_result problem);
twz_result map_visit(struct store *store, const struct node *record, map_visitor visit,
		     void *context);
/* The block of page map n, 0: none. */
uint64_t map_block(struct store *store, const struct node *record, unsigned n);
void map_set_block(struct store *store, const struct node *record, unsigned n, uint64_t block);

/* Frees all that deleted objects left (record.c). */
twz_result orphans_free(struct store *store);

/* open.c */
uint32_t superblock_checksum(const struct store_superblock *superblock);
/* Reads or writes a block of the medium whatever it is; a block's worth of memory. */
twz_result blocks_read(struct store *store, uint64_t block, uint64_t count, void *buffer);
twz_result blocks_write(struct store *store, uint64_t block, uint64_t count, const void *buffer);
twz_result blocks_flush(struct store *store);

#endif
