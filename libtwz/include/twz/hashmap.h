/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash map in an object: keys and values are byte strings. Linear hashing (Litwin, VLDB 1980):
 * the table grows by a bucket at a time, so no call pays for a rehash. The chain of a bucket is
 * sorted by the hash with its bits reversed (Shalev and Shavit's split order, PODC 2003), so that a
 * bucket splits into two runs, and going through the map needs no more than the last key.
 *
 * A map is the struct below anywhere in an object with a heap (alloc.h) that has been opened by
 * twz_tx_open; all zero is an empty map. Each call is a transaction and joins the caller's on the
 * same object. Every field is hostile until checked: CORRUPT. The table does not shrink.
 */
#ifndef TWZ_HASHMAP_H
#define TWZ_HASHMAP_H

#include <twz/ptr.h>
#include <twz/tx.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_HASHMAP_KEY_MAX  1024
#define TWZ_HASHMAP_SEGMENTS 20 /* the first of 64 buckets; each doubles the table */

struct twz_hashmap_item;
typedef twz_ptr(struct twz_hashmap_item) twz_hashmap_bucket;

struct twz_hashmap_item {
	twz_hashmap_bucket next;
	uint64_t order; /* the hash of the key, bits reversed */
	uint32_t key_length, value_length;
	uint8_t bytes[]; /* the key, then the value */
};

struct twz_hashmap {
	uint64_t count;	  /* keys */
	uint64_t buckets; /* in use; 0: none yet */
	uint64_t seed;	  /* of the hash */
	uint64_t reserved;
	twz_ptr(twz_hashmap_bucket) segments[TWZ_HASHMAP_SEGMENTS];
};

/* Sets the key's value, new or not. INVALID_ARGUMENT: a key longer than TWZ_HASHMAP_KEY_MAX;
 * NO_SPACE; TOO_MANY: the value does not fit into a block. */
twz_result twz_hashmap_put(const struct twz_object *object, struct twz_hashmap *map,
			   const void *key, size_t key_length, const void *value,
			   size_t value_length);

/* Copies up to `size` bytes of the value; returns its whole length. NOT_FOUND. */
twz_result twz_hashmap_get(const struct twz_object *object, const struct twz_hashmap *map,
			   const void *key, size_t key_length, void *value, size_t size);

/* NOT_FOUND. */
twz_result twz_hashmap_remove(const struct twz_object *object, struct twz_hashmap *map,
			      const void *key, size_t key_length);

/* All keys, in no order; a zeroed cursor begins. A key that is there all the time comes once,
 * whatever changes between two steps. */
struct twz_hashmap_cursor {
	uint64_t order; /* of the last key */
	uint32_t begun;
	uint32_t key_length;
	uint32_t value_length;
	uint8_t key[TWZ_HASHMAP_KEY_MAX];
};

/* 1: cursor->key and key_length are the next key, and up to `size` bytes of its value are copied,
 * whose length is cursor->value_length. 0: no more. */
twz_result twz_hashmap_next(const struct twz_object *object, const struct twz_hashmap *map,
			    struct twz_hashmap_cursor *cursor, void *value, size_t size);

#ifdef __cplusplus
}
#endif
#endif
