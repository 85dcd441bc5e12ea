/* SPDX-License-Identifier: BSD-2-Clause */
/* What the B+tree's lookups and changes share. */
#ifndef LIBTWZ_BTREE_INTERNAL_H
#define LIBTWZ_BTREE_INTERNAL_H

#include "item.h"
#include <twz/btree.h>

/* A node and its header, read once. */
struct btree_at {
	struct twz_btree_node *node;
	uint32_t level, count, skip;
};

/* The node that a word of the object points to: inside the heap's part, of this level, its count in
 * bounds. False: CORRUPT. */
bool btree_node(const uint8_t *start, twz_iptr word, uint32_t level, struct btree_at *at);

/* The root; a NULL node for an empty tree. CORRUPT. */
twz_result btree_root(const uint8_t *start, const struct twz_btree *tree, struct btree_at *root);

/* The child at an entry of a node above leaves. False: CORRUPT. */
bool btree_child(const uint8_t *start, const struct btree_at *at, uint32_t index,
		 struct btree_at *child);

/* The slot of an entry; TWZ_BTREE_ENTRIES or more: CORRUPT. */
static inline uint32_t btree_slot(const struct twz_btree_node *node, uint32_t index)
{
	return node->order[index];
}

/* A slot's key, maybe in the buffer, and value. False: CORRUPT. */
static inline bool btree_read(const uint8_t *start, const struct twz_btree_node *node,
			      uint32_t slot, uint8_t buffer[8], struct bytes *key,
			      struct bytes *value)
{
	if (slot >= TWZ_BTREE_ENTRIES)
		return false;
	uint32_t kind = node->kinds[slot];
	if (kind != 0) {
		uint64_t prefix = __builtin_bswap64(load64(&node->prefixes[slot]));
		__builtin_memcpy(buffer, &prefix, 8);
		kind -= TWZ_BTREE_HERE(0, 0);
		*key = (struct bytes){buffer, kind / 17};
		*value = (struct bytes){node->slots[slot].value, kind % 17};
		return key->length <= 8;
	}
	return item_read(start, load64(&node->slots[slot].item.word), key, value);
}

/* The first six lines of a slot's item, if it has one, come at once; the processor sees the rest.
 */
static inline void btree_fetch_item(const uint8_t *start, const struct twz_btree_node *node,
				    uint32_t slot)
{
	if (slot >= TWZ_BTREE_ENTRIES || node->kinds[slot] != 0)
		return;
	const uint8_t *item = part_of(start, load64(&node->slots[slot].item.word), 6 * 64);
	if (!item)
		return;
	__builtin_prefetch(item);
	__builtin_prefetch(item + 64);
	__builtin_prefetch(item + 128);
	__builtin_prefetch(item + 192);
	__builtin_prefetch(item + 256);
	__builtin_prefetch(item + 320);
}

/* Eight bytes of the key behind the first `skip`. */
uint64_t btree_prefix(struct bytes key, uint32_t skip);

/*
 * The first of the node's entries whose key is greater than `key`; *equal: the one before it is
 * equal. The first entry of nodes above leaves is less than every key. CORRUPT.
 */
twz_result btree_place(const uint8_t *start, const struct btree_at *at, struct bytes key,
		       bool *equal);

#endif
