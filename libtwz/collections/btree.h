/* SPDX-License-Identifier: BSD-2-Clause */
/* What the B+tree's lookups and changes share. */
#ifndef LIBTWZ_BTREE_INTERNAL_H
#define LIBTWZ_BTREE_INTERNAL_H

#include "bytes.h"
#include <twz/btree.h>

/* The node that a word of the object points to, checked: inside the heap's part, of this level, its
 * count in bounds (read once, into *count). NULL: CORRUPT. */
struct twz_btree_node *btree_node(const uint8_t *start, twz_iptr word, uint32_t level,
				  uint32_t *count);

/* The root, or NULL for an empty tree (OK) or a broken one (CORRUPT). */
twz_result btree_root(const uint8_t *start, const struct twz_btree *tree,
		      struct twz_btree_node **root, uint32_t *level, uint32_t *count);

/* An item's key and value, checked to lie in the object. */
bool btree_item(const uint8_t *start, twz_iptr word, struct bytes *key, struct bytes *value);

uint64_t btree_prefix(struct bytes key);

/*
 * The first of `count` entries whose key is greater than `key`; *equal: the one before it is equal.
 * skip: entry 0 is less than every key (nodes above leaves). CORRUPT.
 */
twz_result btree_place(const uint8_t *start, const struct twz_btree_node *node, uint32_t count,
		       bool skip, struct bytes key, bool *equal);

/* The leaf where a key is or belongs. NULL with OK for an empty tree. */
twz_result btree_leaf(const uint8_t *start, const struct twz_btree *tree, struct bytes key,
		      struct twz_btree_node **leaf, uint32_t *count);

#endif
