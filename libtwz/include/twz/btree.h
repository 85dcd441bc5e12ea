/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordered map in an object: keys and values are byte strings, keys in the order of memcmp. A
 * B+tree whose nodes are blocks of the object's heap and linked by invariant pointers; a node whose
 * last entry goes is freed, others are not joined (Johnson and Shasha, "B-trees with inserts and
 * deletes: why free-at-empty is better than merge-at-half", 1993).
 *
 * A tree is the struct below anywhere in an object with a heap (alloc.h) that has been opened by
 * twz_tx_open; all zero is an empty tree. Each call is a transaction and joins the caller's on the
 * same object, so that several calls, and several trees of one object, change together. Every field
 * is hostile until checked: CORRUPT.
 */
#ifndef TWZ_BTREE_H
#define TWZ_BTREE_H

#include <twz/ptr.h>
#include <twz/tx.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_BTREE_KEY_MAX 1024
#define TWZ_BTREE_ENTRIES 41 /* so that a node with its block's header is 1 KiB */
#define TWZ_BTREE_LEVELS  12

struct twz_btree_item {
	uint32_t key_length, value_length;
	uint8_t bytes[]; /* the key, then the value */
};

struct twz_btree_node;

struct twz_btree_entry {
	uint64_t prefix; /* the key's first eight bytes, big-endian, so that most comparisons end
			    here */
	twz_ptr(struct twz_btree_item) item;  /* of a leaf; above, the least key below the child */
	twz_ptr(struct twz_btree_node) child; /* none in a leaf */
};

struct twz_btree_node {
	uint32_t level; /* 0: a leaf */
	uint32_t count;
	struct twz_btree_entry
		entries[TWZ_BTREE_ENTRIES]; /* the first one's key means nothing above leaves */
};

struct twz_btree {
	twz_ptr(struct twz_btree_node) root;
	uint64_t count;	  /* keys */
	uint64_t changes; /* of keys, ever: a cursor sees by it whether its place still holds */
};

/* Sets the key's value, new or not. INVALID_ARGUMENT: a key longer than TWZ_BTREE_KEY_MAX;
 * NO_SPACE; TOO_MANY: the value does not fit into a block. */
twz_result twz_btree_put(const struct twz_object *object, struct twz_btree *tree, const void *key,
			 size_t key_length, const void *value, size_t value_length);

/* Copies up to `size` bytes of the value; returns its whole length. NOT_FOUND. */
twz_result twz_btree_get(const struct twz_object *object, const struct twz_btree *tree,
			 const void *key, size_t key_length, void *value, size_t size);

/* NOT_FOUND. */
twz_result twz_btree_remove(const struct twz_object *object, struct twz_btree *tree,
			    const void *key, size_t key_length);

/*
 * The keys in order, from the first that is not less than the one the cursor is set to. What
 * changes between two steps is seen from the cursor's place on; a key that is there all the time
 * comes once.
 */
struct twz_btree_cursor {
	const struct twz_btree_node *leaf; /* of the last key, while `changes` holds */
	uint64_t index, changes;
	uint32_t begun;
	uint32_t key_length; /* of the last key */
	uint32_t value_length;
	uint8_t key[TWZ_BTREE_KEY_MAX];
};

/* A NULL key: from the first. INVALID_ARGUMENT: too long. */
twz_result twz_btree_seek(struct twz_btree_cursor *cursor, const void *key, size_t key_length);

/* 1: cursor->key and key_length are the next key, and up to `size` bytes of its value are copied,
 * whose length is cursor->value_length. 0: no more. */
twz_result twz_btree_next(const struct twz_object *object, const struct twz_btree *tree,
			  struct twz_btree_cursor *cursor, void *value, size_t size);

#ifdef __cplusplus
}
#endif
#endif
