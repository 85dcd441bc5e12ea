/* SPDX-License-Identifier: BSD-2-Clause */
/* What the directory's readers (directory.c) and writers (directory_change.c) share. */
#ifndef LAYOUT_DIRECTORY_INTERNAL_H
#define LAYOUT_DIRECTORY_INTERNAL_H

#include <twz/directory.h>

#define HASH_BITS    63 /* so that a cursor is a non-negative off_t */
#define HASH_VARIANT 16 /* names of equal hash that are told apart by the low bits */

#define RECORD_SIZE(length) (sizeof(struct twz_directory_record) + (((length) + 7ull) & ~7ull))

/* A directory whose header and table have been checked; every field read once. */
struct directory {
	uint8_t *start;
	uint64_t limit;
	uint64_t seed;
	uint64_t table_word;
	uint64_t table; /* offset */
	uint64_t size;
	uint64_t buckets;
	unsigned shift;		  /* hash >> shift is the bucket */
	uint64_t records;	  /* offset of the first record */
	uint64_t end;		  /* of the records; set by a writer when it makes room */
	struct twz_change change; /* an unfinished one, or the one being made: seen as if stored */
};

/* Where a name stands: the link word that reaches the record, and the record. */
struct directory_place {
	uint64_t link;
	uint64_t record; /* offset, 0: not there (link: the end of the chain) */
	uint64_t next;
	uint64_t hash;
	struct twz_directory_entry entry;
};

twz_result twz_directory_open(struct directory *d, const void *start, uint64_t limit);

/* OK when what was read since twz_directory_open belongs together; BUSY when a rebuild came
 * between. */
twz_result twz_directory_settled(const struct directory *d, twz_result result);

/* The word at `offset`, with the intent applied. The offset has been checked. */
uint64_t twz_directory_word(const struct directory *d, uint64_t offset);

uint64_t twz_directory_hash(const struct directory *d, const char *name, size_t length);
uint64_t twz_directory_bucket(const struct directory *d, uint64_t hash);

/* Reads and checks the record at `offset` into place->{next,hash,entry}. */
twz_result twz_directory_read(const struct directory *d, uint64_t offset,
			      struct directory_place *place);

/* NOT_FOUND leaves place->hash a hash that no record has. */
twz_result twz_directory_find(const struct directory *d, const char *name, size_t length,
			      struct directory_place *place);

int twz_directory_name_is_valid(const char *name, size_t length);

/* Opens for a change: an interrupted one is finished first; 1 when there was one. An unfinished
 * move is left alone. */
twz_result twz_directory_open_to_change(struct directory *d, void *start, uint64_t limit);

/*
 * Puts the change together that enters a name, or with `replace` gives it another object: a record
 * is written and made durable; the change itself waits for its commit. *old may be NULL.
 */
twz_result twz_directory_enter(struct directory *d, const char *name, size_t length,
			       struct twz_id id, uint32_t kind, int replace,
			       struct twz_directory_entry *old);

#endif
