/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: a full node becomes two; see <twz/btree.h>. */
#include "btree_change.h"

static uint32_t common_length(struct bytes a, struct bytes b)
{
	uint64_t least = a.length < b.length ? a.length : b.length, i = 0;

	while (i < least && a.data[i] == b.data[i])
		i++;
	return (uint32_t)i;
}

/* What all keys between two bounds begin with: of keys in the prefix nothing is skipped. */
static uint32_t skip_of(const struct btree_work *work, const struct btree_bound *bound,
			struct bytes other, uint32_t skip, bool any_here)
{
	uint8_t buffer[8];
	struct bytes key, value;

	if (any_here || !bound->node ||
	    !btree_read(work->start, bound->node, bound->slot, buffer, &key, &value))
		return skip;
	uint32_t common = common_length(key, other);
	return common > skip ? common : skip;
}

/* Whether any of the entries holds its key itself. */
static bool any_here(const struct btree_at *from, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		if (from->node->kinds[btree_slot(from->node, i) % TWZ_BTREE_ENTRIES] != 0)
			return true;
	return false;
}

/* A copy of some entries. */
static struct twz_btree_node *copy_entries(struct twz_stage *stage, const struct btree_at *from,
					   uint32_t first, uint32_t end, uint32_t skip)
{
	struct twz_btree_node *to = btree_make(stage, from->level, end - first);

	if (!to)
		return NULL;
	to->skip = (uint16_t)skip;
	for (uint32_t i = 0; i < end - first; i++) {
		uint32_t slot = btree_slot(from->node, first + i);
		struct bytes key, value;
		uint8_t buffer[8];
		if (slot >= TWZ_BTREE_ENTRIES)
			return NULL;
		to->kinds[i] = from->node->kinds[slot];
		to->slots[i] = from->node->slots[slot];
		to->prefixes[i] = from->node->prefixes[slot];
		if (skip == from->skip || (from->level != 0 && first + i == 0))
			continue;
		if (!btree_read(stage->tx->log.start, from->node, slot, buffer, &key, &value))
			return NULL;
		to->prefixes[i] = btree_prefix(key, skip);
	}
	return to;
}

/* What a full node becomes: two, and the key between them. */
struct halves {
	struct twz_btree_node *left, *right;
	struct bytes key;
	twz_iptr item; /* the key's, if there is one already */
	uint8_t buffer[8];
};

/*
 * The halves of a full node. The right one is new; the left one is the node itself, whose count is
 * all that changes, unless more of its keys can be skipped now: then it is new too, and the node
 * goes.
 */
static twz_result halve(struct btree_work *work, struct twz_stage *stage,
			const struct btree_path *full, struct halves *halves)
{
	const uint32_t half = TWZ_BTREE_ENTRIES / 2;
	const struct btree_at *at = &full->at;
	uint32_t slot = btree_slot(at->node, half);
	struct bytes before, value;
	uint8_t buffer[8];

	if (!btree_read(work->start, at->node, slot, halves->buffer, &halves->key, &value))
		return -TWZ_ERR_CORRUPT;
	halves->item = 0;
	if (at->level == 0) { /* as much of it as tells the halves apart */
		if (!btree_read(work->start, at->node, btree_slot(at->node, half - 1), buffer,
				&before, &value))
			return -TWZ_ERR_CORRUPT;
		uint64_t length = common_length(before, halves->key) + 1;
		if (length < halves->key.length)
			halves->key.length = length;
	} else if (at->node->kinds[slot] == 0) {
		halves->item = at->node->slots[slot].item.word; /* the key moves up */
	}
	uint32_t skip = skip_of(work, &full->low, halves->key, at->skip,
				any_here(at, at->level != 0, half));
	halves->left = at->node;
	if (skip != at->skip) {
		halves->left = copy_entries(stage, at, 0, half, skip);
		twz_stage_free(stage, twz_stage_offset(stage, at->node));
	} else { /* the other slots are free, where the order ends */
		struct twz_btree_node *header =
			twz_stage_bytes(stage, at->node, offsetof(struct twz_btree_node, order));
		header->count = half;
	}
	halves->right = copy_entries(
		stage, at, half, at->count,
		skip_of(work, &full->high, halves->key, at->skip, any_here(at, half, at->count)));
	if (!halves->left || !halves->right)
		return stage->result < 0 ? stage->result : -TWZ_ERR_CORRUPT;
	if (at->level != 0) {
		halves->right->kinds[0] = TWZ_BTREE_HERE(0, 0);
		halves->right->slots[0].item.word = 0;
	}
	return TWZ_OK;
}

/* The key between two halves and the right one, into a slot above them. */
static uint8_t fill_separator(struct twz_stage *stage, const struct btree_at *at,
			      union twz_btree_slot *slot, const struct halves *halves)
{
	uint8_t kind = 0;

	if (halves->item == 0) {
		kind = btree_fill(stage, at, slot, halves->key, (struct bytes){0});
	} else {
		slot->item.word = halves->item;
	}
	slot->child.word = twz_stage_offset(stage, halves->right);
	return kind;
}

twz_result btree_split(struct btree_work *work, const struct btree_path *parent,
		       const struct btree_path *child)
{
	struct twz_stage stage;
	struct halves halves;
	uint8_t *kind;

	twz_stage_begin(&stage, work->tx);
	twz_result result = halve(work, &stage, child, &halves);
	if (result < 0)
		return result;
	uint32_t left = btree_slot(parent->at.node, parent->index);
	union twz_btree_slot *slot =
		btree_add(&stage, &parent->at, parent->index + 1, halves.key, &kind);
	if (!slot || left >= TWZ_BTREE_ENTRIES)
		return -TWZ_ERR_CORRUPT;
	*kind = fill_separator(&stage, &parent->at, slot, &halves);
	if (halves.left != child->at.node)
		twz_stage_word(&stage, &parent->at.node->slots[left].child.word,
			       twz_stage_offset(&stage, halves.left));
	btree_count(&stage, work->tree, 0);
	return twz_stage_apply(&stage);
}

twz_result btree_grow(struct btree_work *work, const struct btree_path *root)
{
	struct btree_at above = {.level = root->at.level + 1, .count = 2};
	struct twz_stage stage;
	struct halves halves;

	if (above.level >= TWZ_BTREE_LEVELS)
		return -TWZ_ERR_NO_SPACE;
	twz_stage_begin(&stage, work->tx);
	twz_result result = halve(work, &stage, root, &halves);
	if (result < 0)
		return result;
	above.node = btree_make(&stage, above.level, above.count);
	if (!above.node)
		return stage.result;
	above.node->kinds[0] = TWZ_BTREE_HERE(0, 0);
	above.node->prefixes[0] = 0;
	above.node->slots[0].item.word = 0;
	above.node->slots[0].child.word = twz_stage_offset(&stage, halves.left);
	above.node->prefixes[1] = btree_prefix(halves.key, 0);
	above.node->kinds[1] = fill_separator(&stage, &above, &above.node->slots[1], &halves);
	twz_stage_word(&stage, &work->tree->root.word, twz_stage_offset(&stage, above.node));
	btree_count(&stage, work->tree, 0);
	return twz_stage_apply(&stage);
}
