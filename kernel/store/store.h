/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The persistent store, on byte-addressable memory or on a disk: what the kernel, the handlers and
 * twzstore call. Plain C over a medium, so that it also builds on the host. The caller holds one
 * lock around every call. Format: format.h.
 *
 * Each call that changes the store is one transaction: complete when it returns TWZ_OK, without any
 * effect when it returns an error, one or the other after a crash. In memory it is durable at
 * return. On a disk transactions become durable in their order, at the latest with store_barrier,
 * which store_commit ends with.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <twizzler/object.h>
#include <twizzler/syscall.h>

#define STORE_RUN 64u /* pages of one request to a disk */

/* What the store lies on. */
struct store_medium {
	uint64_t size;	 /* bytes */
	uint8_t *memory; /* byte-addressable persistent memory, mapped; NULL: a disk, by these: */
	/* Blocks of 4096 bytes from `block` on. 0, or an error (-TWZ_ERR_IO). */
	twz_result (*read)(void *context, uint64_t block, uint64_t count, void *buffer);
	twz_result (*write)(void *context, uint64_t block, uint64_t count, const void *buffer);
	/* Returns when all that was written before is durable. */
	twz_result (*flush)(void *context);
	/* The same for blocks that lie behind each other and not in memory, at most STORE_RUN;
	 * NULL: one by one. */
	twz_result (*read_pages)(void *context, uint64_t block, uint64_t count, void *const *pages);
	twz_result (*write_pages)(void *context, uint64_t block, uint64_t count,
				  const void *const *pages);
	/* Returns when what write_pages was given is written, OK if all of it is; until then the
	 * pages are in use. NULL: they are written when write_pages returns. */
	twz_result (*settle)(void *context);
	void *context;
};

/* Where the store gets its working memory. A block of 4096 bytes is 4096-aligned. */
struct store_memory {
	void *(*allocate)(size_t size); /* zeroed; NULL when there is none */
	void (*release)(void *memory, size_t size);
};

struct store_vector {
	uint64_t *items;
	uint64_t count, room;
};

/* What is in memory of a group of blocks, from its first use on. */
struct store_group {
	uint64_t *used;	    /* in use, or free but not to be used yet */
	uint64_t *verified; /* metadata whose checksum was seen to be right (in memory) */
	uint64_t full[8];   /* words of `used` without a free bit */
	uint32_t free;
};

struct store {
	uint8_t *region; /* mapped, the whole medium; NULL on a disk */
	struct store_medium medium;
	uint64_t blocks;
	uint64_t journal_blocks;
	uint64_t journal_words; /* how many fit into the journal as one record */
	uint64_t first_bitmap, first_data, zero_block;
	struct twz_id id;
	bool made;     /* this open has made the store: it is empty */
	bool readonly; /* nothing may be written: a check */
	bool mending;  /* what deleted objects left is looked at before it is freed: a repair */

	struct store_group *groups;
	uint64_t group_count;
	uint64_t free_blocks; /* that can be allocated */
	uint64_t hint;	      /* group where the search for a free block goes on */
	uint64_t next_block;  /* to be allocated before others, if it is free; 0: none */
	uint64_t sequence;    /* of the last journal record */
	uint64_t journal_at;  /* disk: block of the journal for the next record */

	/* the running transaction */
	struct store_vector words;     /* pairs of offset and value */
	struct store_vector index;     /* by offset: number of the pair + 1 */
	struct store_vector allocated; /* blocks */
	struct store_vector released;  /* blocks, shifted by 1; 1: metadata */
	struct store_vector pages;     /* disk: pairs of a page's block and checksum */
	twz_result error;	       /* its first error */

	/* disk: what is not durable or not in its place yet */
	struct store_vector batch;     /* pairs of the transactions since the last barrier */
	struct store_vector vouched;   /* blocks written since the last flush, as `pages` */
	struct store_vector free_data; /* free from the next barrier on */
	struct store_vector free_meta; /* free from the next checkpoint on */
	bool written;		       /* blocks were, since the last flush */
	bool flush_first;	       /* and some of them not in `vouched` */
	struct store_cache *cache;

	const struct store_memory *memory;
};

/*
 * Opens the store: finishes what was committed, frees what deleted objects left. An all-zero medium
 * becomes a new store with the given id. Errors, each with a one-line message in *message that
 * names the mend; the medium is then untouched: BAD_FORMAT (something else is there),
 * VERSION_MISMATCH, CORRUPT, NO_SPACE (too small), OUT_OF_MEMORY, IO.
 */
twz_result store_open_medium(struct store *store, const struct store_medium *medium,
			     struct twz_id id, const struct store_memory *memory,
			     const char **message);
/* The same in memory. */
twz_result store_open(struct store *store, void *region, uint64_t size, struct twz_id id,
		      const struct store_memory *memory, const char **message);
/* The same, and nothing is written: NOT_FOUND when the medium is all zero. */
twz_result store_open_readonly(struct store *store, const struct store_medium *medium,
			       const struct store_memory *memory, const char **message);
/* For store_repair: a damaged list of deleted objects is no reason to refuse. NOT_FOUND as above.
 */
twz_result store_open_to_repair(struct store *store, const struct store_medium *medium,
				const struct store_memory *memory, const char **message);

/* Releases the working memory. On a disk what is not durable yet is lost: store_barrier first. */
void store_close(struct store *store);

/* Returns when all transactions so far are durable. */
twz_result store_barrier(struct store *store);
/* A barrier, and all is in its place: the journal is empty. For a clean end. */
twz_result store_checkpoint(struct store *store);

/* ---- objects ---- */

struct store_object {
	uint64_t record; /* block number: the handle */
	struct twz_id id, nonce, owner;
	uint32_t flags, kind, protections;
};

/* NO_SUCH_OBJECT; CORRUPT when its record is damaged. */
twz_result store_find(struct store *store, struct twz_id id, struct store_object *out);

/*
 * Creates an object with spec->{id,nonce,owner,flags,kind,protections}; one that is not raw gets
 * its meta page. EXISTS, NO_SPACE. Sets spec->record.
 */
twz_result store_create(struct store *store, struct store_object *spec);

/* Takes the object out of the table; its blocks stay until store_free, at the latest the next open.
 */
twz_result store_unlink(struct store *store, const struct store_object *object);
twz_result store_free(struct store *store, const struct store_object *object);

/* Calls `visit` for every object until it returns other than TWZ_OK, and returns that. */
typedef twz_result (*store_visitor)(void *context, struct store *store, uint64_t record);
twz_result store_visit(struct store *store, store_visitor visit, void *context);
/* What the table says of a record, for visitors. CORRUPT. */
twz_result store_describe(struct store *store, uint64_t record, struct store_object *out);

/* ---- pages ---- */

/* The block of a page; 0 for a hole, or with `allocate` (in memory only) a new zeroed one. */
twz_result store_page(struct store *store, const struct store_object *object, uint64_t page,
		      bool allocate, uint64_t *block);
/*
 * The same for a program that is going to read or `write` the block in place. *sealed: it has a
 * checksum (it was written to a disk), which holds only as long as nobody writes it. CORRUPT when
 * it is wrong.
 */
twz_result store_fetch(struct store *store, const struct store_object *object, uint64_t page,
		       bool write, uint64_t *block, bool *sealed);
/*
 * In memory: gives the holes from `page` on blocks of zeros, in one transaction, up to `count` of
 * them or the first page that is none; *filled: how many.
 */
twz_result store_fill(struct store *store, const struct store_object *object, uint64_t page,
		      uint64_t count, uint64_t *filled);
/* Copies a page; *present: it is not a hole (zeros). CORRUPT when its checksum is wrong. */
twz_result store_read(struct store *store, const struct store_object *object, uint64_t page,
		      void *contents, bool *present);
/* Pages of an object that lie behind each other on the medium. */
struct store_run {
	uint64_t block, count;
	uint32_t checksums[STORE_RUN];
};
/* The run of at most `most` pages from `page` on; count 0: that page is a hole. */
twz_result store_find_run(struct store *store, const struct store_object *object, uint64_t page,
			  uint64_t most, struct store_run *run);
/* Copies its pages to `pages`; count becomes that of those in front of a damaged one. CORRUPT when
 * that is the first. */
twz_result store_read_run(struct store *store, struct store_run *run, void *const *pages);
/* Calls `visit` for each page that is no hole, in ascending order. */
twz_result store_visit_pages(struct store *store, const struct store_object *object,
			     twz_result (*visit)(void *context, uint64_t page), void *context);

/* Frees the pages [first, first + count). No translation to them may be left. */
twz_result store_discard(struct store *store, const struct store_object *object, uint64_t first,
			 uint64_t count);

/* Memory: makes what programs stored into the pages [first, first + count) durable. */
twz_result store_flush(struct store *store, const struct store_object *object, uint64_t first,
		       uint64_t count);

/* In memory. */
static inline void *store_block(const struct store *store, uint64_t block)
{
	return store->region + block * 4096;
}

/* ---- one transaction over pages and words of several objects ---- */

struct store_swap {
	const struct store_object *object;
	uint64_t page;
	const void *contents; /* 4096 bytes, not in the page itself */
	uint64_t block;	      /* out: where the page is now */
};

struct store_update {
	const struct store_object *object;
	uint64_t
		offset; /* of an 8-byte word in the object; its page must not be swapped here too */
	uint64_t value;
};

/*
 * Gives all pages their new contents, in fresh blocks, and all words their new values: all or
 * nothing, durable at return. `moved` is called for each swap (on a disk for each update's page
 * too) after it is durable and before the old block can be used again, so that translations to it
 * can be dropped. NO_SPACE; TOO_MANY when it does not fit into the journal.
 */
twz_result store_commit(struct store *store, struct store_swap *swaps, uint64_t swap_count,
			const struct store_update *updates, uint64_t update_count,
			void (*moved)(void *context, const struct store_swap *swap), void *context);

/* ---- roots ---- */

enum store_root { STORE_ROOT_NAMES, STORE_ROOT_HANDLERS };
struct twz_id store_root(struct store *store, enum store_root root);
twz_result store_set_root(struct store *store, enum store_root root, struct twz_id id);

/* Bytes that are free; objects in the table. */
uint64_t store_free_bytes(const struct store *store);
uint64_t store_object_count(struct store *store);

/*
 * Reads everything and compares it: every block that something uses is used once and marked so,
 * none else is; every checksum is right. OK, or CORRUPT with the reason in *message. For tests and
 * host tools.
 */
twz_result store_check(struct store *store, const char **message);

/* What is wrong with an object (page ~0: with its record or maps), or with the store (object NULL).
 */
typedef void (*store_complaint)(void *context, const struct store_object *object, uint64_t page,
				const char *text);
/* Goes on behind what is wrong and tells all; *wrong: how many. OK unless it cannot go on. */
twz_result store_check_all(struct store *store, store_complaint complain, void *context,
			   uint64_t *wrong);
/*
 * Takes damaged objects out of the table, makes damaged pages holes, and marks blocks free or used
 * by what was found: on demand only, never by an open. *lost: how much is gone.
 */
twz_result store_repair(struct store *store, store_complaint complain, void *context,
			uint64_t *lost);

/*
 * Offline: gives the store the size of the medium or `blocks`, whichever is less. NO_SPACE when
 * blocks beyond it are in use. The store is closed behind it.
 */
twz_result store_resize(struct store *store, uint64_t blocks);

#endif
