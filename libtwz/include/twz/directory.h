/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The on-object layout of a directory, a node of the name tree: an object of kind DIRECTORY whose
 * base holds a header and, somewhere behind it, one table: hash buckets and the records that they
 * chain. Pure: no system calls, shared with mkimage and the host.
 *
 * Every change becomes true by one 8-byte store and is durable at return: a new record is written
 * and flushed before the link word that reaches it; a table that is full is rebuilt elsewhere in
 * the object and switched to by the header's `table` word; a change of several words (rename) is
 * first written down as the header's `intent`, which readers apply on the fly and the next writer
 * finishes. A name goes from one directory to another by twz_directory_move_begin and _end; what
 * comes between is told by twz_directory_moving, and changes are then refused: BUSY.
 *
 * Readers need no lock. Writers hold the directory's lock (name.h) or are alone. Every field is
 * hostile until checked: bad bytes give TWZ_ERR_CORRUPT, never an access outside [base, limit).
 *
 * `start` is where the object is mapped; `limit` is the object offset where the space that the
 * directory may use ends (TWZ_DIRECTORY_LIMIT in a whole object).
 */
#ifndef TWZ_DIRECTORY_H
#define TWZ_DIRECTORY_H

#include <twz/intent.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_DIRECTORY_MAGIC   0x5249445a5754ull /* "TWZDIR" */
#define TWZ_DIRECTORY_VERSION 1
#define TWZ_NAME_MAX	      255

/* The last 16 MiB of a whole object are left to the Foreign Object Table. */
#define TWZ_DIRECTORY_LIMIT (TWZ_SLOT_SIZE - (16ull << 20))

/*
 * A name on its way to another directory. The move has happened when the record that arrives is
 * linked in the target: until `leaving` is cleared both directories have the name, and who finds
 * that looks there (twz_directory_move_state). Written before and cleared after the change itself;
 * the target names the source, so that neither is changed before a move is finished.
 */
struct twz_directory_move {
	struct twz_id peer; /* the other directory */
	uint64_t leaving;   /* 0: no move; TWZ_MOVE_TARGET; else the record that leaves here */
	uint64_t arriving;  /* and the record that takes its place in the target */
};
#define TWZ_MOVE_TARGET 1u

/* At the base: 256 bytes. */
struct twz_directory_header {
	uint64_t magic;
	uint32_t version;
	uint32_t waiters;     /* futex waiters on `holder`; a hint */
	struct twz_id holder; /* view that holds the lock, or none; 16-byte aligned */
	struct twz_id parent; /* directory above; the root names itself */
	uint64_t seed;	      /* of the name hash */
	uint64_t table;	  /* offset of struct twz_directory_table (40 bits), times rebuilt (24) */
	uint64_t removed; /* 1: rmdir has happened; nothing can be added any more */
	struct twz_intent intent; /* of a change of several words */
	struct twz_directory_move move;
	uint64_t reserved[6];
};
TWZ_STATIC_ASSERT(sizeof(struct twz_directory_header) == 256, "directory header layout");

/* Then `buckets` words, each the offset of a chain's first record or 0; then the records. */
struct twz_directory_table {
	uint64_t size;	  /* bytes of the whole table */
	uint64_t buckets; /* a power of two; the bucket is the hash's upper bits */
	uint64_t end;	  /* offset in the object of the first byte that no record uses */
	uint64_t count;	  /* entries; after a crash a hint */
};

struct twz_directory_record {
	uint64_t next; /* offset of the next record of the chain, or 0 */
	uint64_t hash;
	struct twz_id id;
	uint32_t kind;	 /* enum twz_object_kind, as when it was entered */
	uint32_t length; /* of the name */
	char name[];	 /* padded to 8 bytes */
};
TWZ_STATIC_ASSERT(sizeof(struct twz_directory_record) == 40, "directory record layout");

struct twz_directory_entry {
	struct twz_id id;
	uint32_t kind;
	uint32_t length;
	char name[TWZ_NAME_MAX + 1]; /* NUL-ended */
};

/*
 * Makes an empty directory in zeroed memory, with room for at least `entries` names of together
 * `name_bytes` bytes before the first rebuild (0, 0: what fits in the first page).
 */
twz_result twz_directory_format(void *start, uint64_t limit, uint64_t seed, struct twz_id parent,
				uint64_t entries, uint64_t name_bytes);

/* Offset behind the last byte in use: how much of the object a copy needs. */
twz_result twz_directory_extent(const void *start, uint64_t limit);

twz_result twz_directory_lookup(const void *start, uint64_t limit, const char *name, size_t length,
				struct twz_directory_entry *out);

/*
 * The entries in hash order: start with *cursor 0. Returns 1 and an entry, or 0 at the end. An
 * entry that is there from the first call to the last comes exactly once, whatever happens
 * meanwhile.
 */
twz_result twz_directory_next(const void *start, uint64_t limit, uint64_t *cursor,
			      struct twz_directory_entry *out);

/* 1 when there is no entry. */
twz_result twz_directory_is_empty(const void *start, uint64_t limit);

twz_result twz_directory_parent(const void *start, uint64_t limit, struct twz_id *parent);

/* Writers: at first whatever an interrupted one left is finished. 1 when something was. */
twz_result twz_directory_recover(void *start, uint64_t limit);

/* Makes all of it durable. Before recovery by who takes over the lock: what the last holder stored
 * need not be, and later changes would outlive it. */
void twz_directory_persist(const void *start, uint64_t limit);

/* EXISTS; NO_SPACE; INVALID_ARGUMENT for an impossible name; NOT_FOUND in a removed directory. */
twz_result twz_directory_insert(void *start, uint64_t limit, const char *name, size_t length,
				struct twz_id id, uint32_t kind);

/* Enters or replaces. old: what was there before, id none if nothing; may be NULL. */
twz_result twz_directory_replace(void *start, uint64_t limit, const char *name, size_t length,
				 struct twz_id id, uint32_t kind, struct twz_directory_entry *old);

twz_result twz_directory_remove(void *start, uint64_t limit, const char *name, size_t length,
				struct twz_directory_entry *old);

/* In one atomic step `name` becomes `to`; what `to` named before is reported in `old`. */
twz_result twz_directory_rename(void *start, uint64_t limit, const char *name, size_t length,
				const char *to, size_t to_length, struct twz_directory_entry *old);

/* 1 and the other directory while a move is not finished. Checks nothing else. */
int twz_directory_moving(const void *start, struct twz_id *peer);

/* Two directories with the same limit, both without an unfinished move. */
struct twz_directory_pair {
	void *from, *to; /* where they are mapped */
	struct twz_id from_id, to_id;
	uint64_t limit;
};

/*
 * Moves `name` to the other directory as `to`, replacing what has the name there (*old, or id
 * none). When it returns OK the move has happened, also after a power loss, and
 * twz_directory_move_end is to follow; on an error nothing has.
 */
twz_result twz_directory_move_begin(const struct twz_directory_pair *pair, const char *name,
				    size_t length, const char *to, size_t to_length,
				    struct twz_directory_entry *moved,
				    struct twz_directory_entry *old);
/* Takes the old name out and ends the move, or when it has not happened forgets it. */
twz_result twz_directory_move_end(const struct twz_directory_pair *pair);
/* 1 and what was moved: a move between them was begun and has happened. 0: not. The pair's
 * directories may stand in it in either order; they are put right. */
twz_result twz_directory_move_state(struct twz_directory_pair *pair,
				    struct twz_directory_entry *moved);
/* The other directory is gone: what was begun has not happened. */
void twz_directory_move_forget(void *start);

/* Sets the directory above (both words in one atomic step). */
twz_result twz_directory_set_parent(void *start, uint64_t limit, struct twz_id parent);

/* Marks an empty directory so that nothing can be added: NOT_EMPTY otherwise. */
twz_result twz_directory_retire(void *start, uint64_t limit);

#ifdef __cplusplus
}
#endif
#endif
