/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash map in an object: keys and values are byte strings. Linear hashing (Litwin, VLDB 1980):
 * the table grows by a bucket at a time, so no call pays for a rehash. A bucket is two cache lines
 * side by side, and holds short keys and values itself, so that most look-ups touch nothing else
 * (as in Dash, Lu et al., VLDB 2020): the first line says whether and where a key is there. Going
 * through the map is by the hash with its bits reversed (Shalev and Shavit's split order, PODC
 * 2003), so that a bucket that splits keeps its place, and a cursor needs no more than the last
 * key.
 *
 * A map is the struct below anywhere in an object with a heap (alloc.h) that has been opened by
 * twz_tx_open; all zero is an empty map. Each call is a transaction and joins the caller's on the
 * same object. Every field is hostile until checked: CORRUPT. The table does not shrink. A map of
 * another format than TWZ_HASHMAP_FORMAT: VERSION_MISMATCH.
 */
#ifndef TWZ_HASHMAP_H
#define TWZ_HASHMAP_H

#include <twz/item.h>
#include <twz/ptr.h>
#include <twz/tx.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_HASHMAP_KEY_MAX  TWZ_ITEM_KEY_MAX
#define TWZ_HASHMAP_SEGMENTS 20 /* the first of 8 buckets; each doubles the table */
#define TWZ_HASHMAP_SLOTS    5
#define TWZ_HASHMAP_FORMAT   2 /* 1 had buckets of 192 bytes, and nothing here */

/* What a slot holds, in seven bits. 0: nothing. */
#define TWZ_HASHMAP_ITEM 1 /* an item, whose key's hash, bits reversed, is the slot's key */
/* 2 to 8: an item, for the value; the key is as long, and in the slot with zeros behind it. */
/* From here on key and value are in the slot: 2 to 8 bytes, and up to 16. */
#define TWZ_HASHMAP_HERE(length, value) (9 + 17 * ((length)-2) + (value))

union twz_hashmap_value {
	uint8_t bytes[16];
	twz_ptr(struct twz_item) item;
};

/* What does not fit is in a bucket behind, in a block of the heap, from the block's first 64-byte
 * line on. */
struct twz_hashmap_bucket {
	uint64_t head; /* seven bits for each slot, then 26: the block's offset / 16, or 0 */
	uint64_t keys[TWZ_HASHMAP_SLOTS];
	union twz_hashmap_value values[TWZ_HASHMAP_SLOTS];
};
TWZ_STATIC_ASSERT(sizeof(struct twz_hashmap_bucket) == 128, "hash map layout");

struct twz_hashmap {
	uint64_t buckets; /* in use; 0: none yet */
	uint64_t seed;	  /* of the hash */
	/* blocks, in which the buckets begin at the first 128 bytes' line; each is as large as all
	 * before it */
	twz_ptr(void) segments[TWZ_HASHMAP_SEGMENTS];
	uint64_t format;      /* TWZ_HASHMAP_FORMAT */
	uint64_t reserved[7]; /* each change flushes the count, and what is flushed leaves the
				 cache: not the segments */
	uint64_t count;	      /* keys */
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
