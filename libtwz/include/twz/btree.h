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

#include <twz/item.h>
#include <twz/ptr.h>
#include <twz/tx.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_BTREE_KEY_MAX TWZ_ITEM_KEY_MAX
#define TWZ_BTREE_ENTRIES 38 /* so that a node with its block's header is 1 KiB */
#define TWZ_BTREE_LEVELS  12

struct twz_btree_node;

union twz_btree_slot {
	uint8_t value[16]; /* in a leaf, of a key that the prefix holds */
	struct {
		twz_ptr(struct twz_item) item;	      /* of any other key */
		twz_ptr(struct twz_btree_node) child; /* above leaves: the keys from this one on */
	};
};

/* What a slot holds: 0: an item. Else the key is the prefix and the value in the slot, and these
 * are their lengths, up to 8 and 16; only where nothing is skipped. */
#define TWZ_BTREE_HERE(length, value) (1 + 17 * (length) + (value))

/*
 * Slots are taken in any order, and one line of bytes says which comes when: a key comes or goes by
 * a change of that line, not by moving others (Chen and Jin's wB+tree, VLDB 2015). Most
 * comparisons end in the prefixes, which are without what all keys of the node begin with.
 */
struct twz_btree_node {
	uint32_t level; /* 0: a leaf */
	uint16_t count;
	uint16_t skip;			      /* bytes that all keys here begin with */
	uint8_t order[TWZ_BTREE_ENTRIES + 2]; /* slots in the order of their keys, then free ones */
	uint8_t kinds[TWZ_BTREE_ENTRIES + 2]; /* of each slot */
	uint64_t prefixes[TWZ_BTREE_ENTRIES]; /* of each slot: eight bytes of the key behind what is
						 skipped, big-endian; the first key above leaves
						 means nothing */
	union twz_btree_slot slots[TWZ_BTREE_ENTRIES];
};
TWZ_STATIC_ASSERT(sizeof(struct twz_btree_node) == 1000, "B+tree layout");

struct twz_btree {
	twz_ptr(struct twz_btree_node) root;
	uint64_t reserved[8]; /* each change flushes the count, and what is flushed leaves the
				 cache: not the root */
	uint64_t count;	      /* keys */
	uint64_t changes;     /* a cursor sees by it whether its place still holds */
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
	uint64_t turns;	 /* of the object's lock, at the last peek */
	uint32_t peeked; /* pairs */
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

/* A key and its value where they are: in the object, whatever its bytes say, but for a key of up to
 * eight bytes, which may be in short_key: the pair stays where it is. */
struct twz_btree_pair {
	const void *key, *value;
	uint32_t key_length, value_length;
	uint8_t short_key[8];
};

/*
 * The same without copies:
 *
 *	while ((n = twz_btree_peek(&object, tree, &cursor, pairs, 8)) > 0) {
 *		... read pairs[0] to pairs[n - 1] ...
 *		if (twz_btree_advance(&object, tree, &cursor, pairs, n) == 1)
 *			... what was read counts ...
 *	}
 *
 * Up to `count` pairs that come next, as many as are in one leaf; 0: no more. Others may change the
 * object while the pairs are read, so what was read counts when twz_btree_advance has returned 1.
 * INVALID_ARGUMENT: a count of 0.
 */
twz_result twz_btree_peek(const struct twz_object *object, const struct twz_btree *tree,
			  struct twz_btree_cursor *cursor, struct twz_btree_pair *pairs,
			  size_t count);

/*
 * Takes the cursor behind the first `taken` pairs of the last peek. 1: nobody has changed the
 * object since, so that what was read holds; the last of them is cursor->key. 0: somebody may have;
 * the cursor is where it was, for another peek. In a transaction around both, which does not change
 * the tree between, it is 1. INVALID_ARGUMENT: none, or more than were peeked at.
 */
twz_result twz_btree_advance(const struct twz_object *object, const struct twz_btree *tree,
			     struct twz_btree_cursor *cursor, const struct twz_btree_pair *pairs,
			     size_t taken);

#ifdef __cplusplus
}
#endif
#endif
