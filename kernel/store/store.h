/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The persistent store on byte-addressable memory: what the kernel core and the handlers call.
 * Plain C over a mapped region, twz_flush and twz_fence, so that it also builds on the host. The
 * caller holds one lock around every call. Format: format.h.
 *
 * Each call that changes the store is one transaction: durable and complete when it returns TWZ_OK,
 * without any effect when it returns an error, one or the other after a crash.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <twizzler/object.h>
#include <twizzler/syscall.h>

struct store {
	uint8_t *region; /* mapped, the whole medium */
	uint64_t blocks;
	uint64_t journal_words; /* how many fit into the journal */
	uint64_t bitmap;	/* offset of the bitmap */
	uint64_t bitmap_words;
	uint64_t first_data;
	uint64_t zero_block;
	struct twz_id id;
	bool made; /* this open has made the store: it is empty */

	uint64_t *used;	 /* the bitmap as it is after the running transaction */
	uint64_t *dirty; /* one bit for each word of `used` that differs from the medium */
	uint64_t free_blocks;
	uint64_t hint;	      /* word of the bitmap where the search for a free block goes on */
	uint64_t sequence;    /* of the last journal record */
	uint64_t pending;     /* words of the running transaction, in the journal's area */
	uint64_t free_before; /* free_blocks when it began */
	twz_result error;     /* first error of the running transaction */

	const struct store_memory *memory;
};

/* Where the store gets its working memory: 1 bit and a little for each block. */
struct store_memory {
	void *(*allocate)(size_t size); /* zeroed; NULL when there is none */
	void (*release)(void *memory, size_t size);
};

/*
 * Opens the store in `region`: finishes an interrupted transaction, frees what deleted objects
 * left. An all-zero region becomes a new store with the given id. Errors, each with a one-line
 * message in *message that names the mend; the region is then untouched: BAD_FORMAT (something else
 * is there), VERSION_MISMATCH, CORRUPT, NO_SPACE (too small), OUT_OF_MEMORY.
 */
twz_result store_open(struct store *store, void *region, uint64_t size, struct twz_id id,
		      const struct store_memory *memory, const char **message);

/* Releases the working memory. Nothing needs to be written. */
void store_close(struct store *store);

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

/* ---- pages ---- */

/* The block of a page; 0 for a hole, or with `allocate` a new zeroed one. */
twz_result store_page(struct store *store, const struct store_object *object, uint64_t page,
		      bool allocate, uint64_t *block);

/* Frees the pages [first, first + count). No translation to them may be left. */
twz_result store_discard(struct store *store, const struct store_object *object, uint64_t first,
			 uint64_t count);

/* Makes what programs stored into the pages [first, first + count) durable. */
twz_result store_flush(struct store *store, const struct store_object *object, uint64_t first,
		       uint64_t count);

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
 * nothing. `moved` is called for each swap after it is durable and before the old block can be used
 * again, so that translations to it can be dropped. NO_SPACE; TOO_MANY when it does not fit into
 * the journal.
 */
twz_result store_commit(struct store *store, struct store_swap *swaps, uint64_t swap_count,
			const struct store_update *updates, uint64_t update_count,
			void (*moved)(void *context, const struct store_swap *swap), void *context);

/* ---- roots ---- */

enum store_root { STORE_ROOT_NAMES, STORE_ROOT_HANDLERS };
struct twz_id store_root(const struct store *store, enum store_root root);
twz_result store_set_root(struct store *store, enum store_root root, struct twz_id id);

/* Bytes that are free. */
uint64_t store_free_bytes(const struct store *store);

/*
 * Reads everything and compares it: every block that something uses is used once and marked so,
 * none else is. OK, or CORRUPT with the reason in *message. For tests and host tools.
 */
twz_result store_check(struct store *store, const char **message);

#endif
