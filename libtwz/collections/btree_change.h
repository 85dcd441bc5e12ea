/* SPDX-License-Identifier: BSD-2-Clause */
/* What the B+tree's changes share: a change under way, entries and nodes that are put together. */
#ifndef LIBTWZ_BTREE_CHANGE_H
#define LIBTWZ_BTREE_CHANGE_H

#include "btree.h"

/* A change under way, and its tree. */
struct btree_work {
	struct twz_tx *tx;
	const uint8_t *start;
	struct twz_btree *tree;
};

/* A key that separates children; no node: there is none on that side. */
struct btree_bound {
	const struct twz_btree_node *node;
	uint32_t slot;
};

/* The way down: a node, the entry taken, and what its keys lie between. */
struct btree_path {
	struct btree_at at;
	uint32_t index;
	struct btree_bound low, high;
};

/* Stages the counts of keys and changes. */
void btree_count(struct twz_stage *stage, struct twz_btree *tree, int keys);

/* What a slot of the node is to hold for a key and value; returns its kind. */
uint8_t btree_fill(struct twz_stage *stage, const struct btree_at *at, union twz_btree_slot *slot,
		   struct bytes key, struct bytes value);

/* Stages an entry more, in a free slot. NULL: CORRUPT; else where what it holds goes, and its kind.
 */
union twz_btree_slot *btree_add(struct twz_stage *stage, const struct btree_at *at, uint32_t index,
				struct bytes key, uint8_t **kind);

/* A node that nobody sees yet, of so many entries in the first slots, which the caller fills. What
 * is behind them means nothing, and is neither written nor flushed. */
struct twz_btree_node *btree_make(struct twz_stage *stage, uint32_t level, uint32_t count);

/* A full child of a node with room becomes two; a full root two nodes below a new one. */
twz_result btree_split(struct btree_work *work, const struct btree_path *parent,
		       const struct btree_path *child);
twz_result btree_grow(struct btree_work *work, const struct btree_path *root);

#endif
