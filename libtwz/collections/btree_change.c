/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: putting and removing keys within a transaction; see <twz/btree.h>. */
#include "btree_change.h"

#define ITEM_LEAST 48 /* so that separators' blocks are whole cache lines, as nodes' are */
#define HEADER	   offsetof(struct twz_btree_node, kinds)

void btree_count(struct twz_stage *stage, struct twz_btree *tree, int keys)
{
	uint64_t *counts = twz_stage_bytes(stage, &tree->count, 2 * sizeof(uint64_t));

	counts[0] += (uint64_t)(int64_t)keys;
	counts[1]++;
}

uint8_t btree_fill(struct twz_stage *stage, const struct btree_at *at, union twz_btree_slot *slot,
		   struct bytes key, struct bytes value)
{
	__builtin_memset(slot, 0, sizeof(*slot));
	if (at->skip == 0 && key.length <= 8 && value.length <= sizeof(slot->value)) {
		copy_bytes(slot->value, sizeof(slot->value), value);
		return (uint8_t)TWZ_BTREE_HERE(key.length, value.length);
	}
	slot->item.word = item_make(stage, ITEM_LEAST, key, value);
	return 0;
}

union twz_btree_slot *btree_add(struct twz_stage *stage, const struct btree_at *at, uint32_t index,
				struct bytes key, uint8_t **kind)
{
	struct twz_btree_node *node = at->node;
	uint32_t slot =
		at->count < TWZ_BTREE_ENTRIES ? btree_slot(node, at->count) : TWZ_BTREE_ENTRIES;

	if (slot >= TWZ_BTREE_ENTRIES || index > at->count)
		return NULL;
	struct twz_btree_node *header = twz_stage_bytes(stage, node, HEADER);
	__builtin_memmove(&header->order[index + 1], &header->order[index], at->count - index);
	header->order[index] = (uint8_t)slot;
	header->count = (uint16_t)(at->count + 1);
	uint64_t *prefix = twz_stage_bytes(stage, &node->prefixes[slot], sizeof(*prefix));
	*prefix = btree_prefix(key, at->skip);
	*kind = twz_stage_bytes(stage, &node->kinds[slot], 1);
	return twz_stage_bytes(stage, &node->slots[slot], sizeof(node->slots[slot]));
}

struct twz_btree_node *btree_make(struct twz_stage *stage, uint32_t level, uint32_t count)
{
	struct twz_btree_node *node = twz_stage_alloc(
		stage, sizeof(*node), offsetof(struct twz_btree_node, prefixes[count]));

	if (!node)
		return NULL;
	twz_stage_fresh(stage, node->slots, count * sizeof(node->slots[0]));
	node->level = level;
	node->count = (uint16_t)count;
	node->skip = 0;
	for (uint32_t i = 0; i < TWZ_BTREE_ENTRIES; i++)
		node->order[i] = (uint8_t)i;
	return node;
}

/* A tree of one key. */
static twz_result make_root(struct btree_work *work, struct bytes key, struct bytes value)
{
	struct btree_at at = {0};
	struct twz_stage stage;

	twz_stage_begin(&stage, work->tx);
	at.node = btree_make(&stage, 0, 1);
	if (!at.node)
		return stage.result;
	at.node->prefixes[0] = btree_prefix(key, 0);
	at.node->kinds[0] = btree_fill(&stage, &at, &at.node->slots[0], key, value);
	twz_stage_word(&stage, &work->tree->root.word, twz_stage_offset(&stage, at.node));
	btree_count(&stage, work->tree, 1);
	return twz_stage_apply(&stage);
}

/* A step down. */
static twz_result go_down(const struct btree_work *work, struct bytes key, struct btree_path *at,
			  struct btree_path *child)
{
	bool equal;
	twz_result result = btree_place(work->start, &at->at, key, &equal);

	if (result < 0)
		return result;
	at->index = (uint32_t)result - 1;
	if (!btree_child(work->start, &at->at, at->index, &child->at))
		return -TWZ_ERR_CORRUPT;
	child->low = at->low;
	child->high = at->high;
	if (at->index > 0)
		child->low = (struct btree_bound){at->at.node, btree_slot(at->at.node, at->index)};
	if (at->index + 1 < at->at.count)
		child->high =
			(struct btree_bound){at->at.node, btree_slot(at->at.node, at->index + 1)};
	return TWZ_OK;
}

/* The leaf for a new key, with room: full nodes on the way are split. No node for an empty tree. */
static twz_result descend(struct btree_work *work, struct bytes key, struct btree_path *at)
{
	struct btree_path child;

	*at = (struct btree_path){0};
	twz_result result = btree_root(work->start, work->tree, &at->at);
	if (result >= 0 && at->at.node && at->at.count == TWZ_BTREE_ENTRIES) {
		result = btree_grow(work, at);
		if (result >= 0)
			result = btree_root(work->start, work->tree, &at->at);
	}
	if (result < 0)
		return result;
	while (at->at.level > 0) {
		result = go_down(work, key, at, &child);
		if (result >= 0 && child.at.count == TWZ_BTREE_ENTRIES) {
			result = btree_split(work, at, &child);
			at->at.count++;
			if (result >= 0) /* the key belongs to one of the halves */
				result = go_down(work, key, at, &child);
			if (result >= 0 && child.at.count == TWZ_BTREE_ENTRIES)
				result = -TWZ_ERR_CORRUPT;
		}
		if (result < 0)
			return result;
		*at = child;
	}
	return TWZ_OK;
}

/* Short values are changed in their place; a longer one is written elsewhere once, instead of to
 * the log and then to its place. */
static twz_result replace(struct btree_work *work, const struct btree_at *at, uint32_t slot,
			  struct bytes key, struct bytes value)
{
	struct twz_btree_node *node = at->node;
	struct bytes old_key, old;
	struct twz_stage stage;
	uint8_t buffer[8];
	twz_result result;

	if (!btree_read(work->start, node, slot, buffer, &old_key, &old))
		return -TWZ_ERR_CORRUPT;
	twz_stage_begin(&stage, work->tx);
	if (item_replace(&stage, old, value, &result))
		return result;
	if (node->kinds[slot] == 0)
		twz_stage_free(&stage, node->slots[slot].item.word);
	union twz_btree_slot *to =
		twz_stage_bytes(&stage, &node->slots[slot], sizeof(node->slots[slot]));
	uint8_t *kind = twz_stage_bytes(&stage, &node->kinds[slot], 1);
	*kind = btree_fill(&stage, at, to, key, value);
	return twz_stage_apply(&stage);
}

static twz_result put(struct btree_work *work, struct bytes key, struct bytes value)
{
	struct twz_stage stage;
	struct btree_path leaf;
	uint8_t *kind;
	bool equal;
	twz_result place = descend(work, key, &leaf);

	if (place >= 0 && !leaf.at.node)
		return make_root(work, key, value);
	if (place >= 0)
		place = btree_place(work->start, &leaf.at, key, &equal);
	if (place < 0)
		return place;
	if (equal)
		return replace(work, &leaf.at, btree_slot(leaf.at.node, (uint32_t)place - 1), key,
			       value);
	twz_stage_begin(&stage, work->tx);
	union twz_btree_slot *slot = btree_add(&stage, &leaf.at, (uint32_t)place, key, &kind);
	if (!slot)
		return -TWZ_ERR_CORRUPT;
	*kind = btree_fill(&stage, &leaf.at, slot, key, value);
	btree_count(&stage, work->tree, 1);
	return twz_stage_apply(&stage);
}

/* Takes an entry out of a node with what it owns, its child, which is empty, included. */
static twz_result drop_entry(struct btree_work *work, const struct btree_path *at)
{
	struct twz_btree_node *node = at->at.node;
	uint32_t slot = btree_slot(node, at->index);
	struct twz_stage stage;

	if (slot >= TWZ_BTREE_ENTRIES || at->index >= at->at.count)
		return -TWZ_ERR_CORRUPT;
	twz_stage_begin(&stage, work->tx);
	const union twz_btree_slot *held = &node->slots[slot];
	if (node->kinds[slot] == 0 && (at->at.level == 0 || held->item.word != 0))
		twz_stage_free(&stage, held->item.word);
	if (at->at.level != 0)
		twz_stage_free(&stage, held->child.word);
	struct twz_btree_node *header = twz_stage_bytes(&stage, node, HEADER);
	__builtin_memmove(&header->order[at->index], &header->order[at->index + 1],
			  at->at.count - at->index - 1);
	header->order[at->at.count - 1] = (uint8_t)slot;
	header->count = (uint16_t)(at->at.count - 1);
	if (at->at.level == 0)
		btree_count(&stage, work->tree, -1);
	return twz_stage_apply(&stage);
}

/* A root with a single child gives way to it; an empty one goes. */
static twz_result shrink(struct btree_work *work)
{
	for (;;) {
		struct twz_stage stage;
		struct btree_at root;
		twz_result result = btree_root(work->start, work->tree, &root);
		if (result < 0 || !root.node ||
		    (root.count != 0 && (root.level == 0 || root.count != 1)))
			return result;
		uint32_t slot = btree_slot(root.node, 0);
		if (slot >= TWZ_BTREE_ENTRIES)
			return -TWZ_ERR_CORRUPT;
		const union twz_btree_slot *only = &root.node->slots[slot];
		twz_stage_begin(&stage, work->tx);
		if (root.count != 0 && root.node->kinds[slot] == 0 && only->item.word != 0)
			twz_stage_free(&stage, only->item.word);
		twz_stage_free(&stage, twz_stage_offset(&stage, root.node));
		twz_stage_word(&stage, &work->tree->root.word,
			       root.count != 0 ? only->child.word : 0);
		result = twz_stage_apply(&stage);
		if (result < 0)
			return result;
	}
}

static twz_result remove_key(struct btree_work *work, struct bytes key)
{
	struct btree_path path[TWZ_BTREE_LEVELS], *at = path;
	bool equal;
	twz_result result;

	*at = (struct btree_path){0};
	result = btree_root(work->start, work->tree, &at->at);
	if (result < 0)
		return result;
	if (!at->at.node)
		return -TWZ_ERR_NOT_FOUND;
	for (; at->at.level != 0; at++) {
		result = go_down(work, key, at, at + 1);
		if (result < 0)
			return result;
	}
	result = btree_place(work->start, &at->at, key, &equal);
	if (result < 0)
		return result;
	if (!equal)
		return -TWZ_ERR_NOT_FOUND;
	at->index = (uint32_t)result - 1;
	if (at->at.count > 1)
		return drop_entry(work, at);
	/* empty nodes go, all or none */
	twz_stage_undoable(work->tx);
	for (;; at--) {
		result = drop_entry(work, at);
		if (result < 0)
			return result;
		if (at->at.count > 1 || at == path)
			return shrink(work);
	}
}

twz_result twz_btree_put(const struct twz_object *object, struct twz_btree *tree, const void *key,
			 size_t key_length, const void *value, size_t value_length)
{
	twz_result result = item_check(key_length, value_length);
	struct twz_tx tx;

	if (result < 0)
		return result;
	__builtin_prefetch(&tree->count,
			   1); /* which the last change's flush took out of the cache */
	TWZ_TX(&tx, object)
	{
		struct btree_work work = {&tx, object->start, tree};
		end_change(&tx, put(&work, (struct bytes){key, key_length},
				    (struct bytes){value, value_length}));
	}
	return tx.result;
}

twz_result twz_btree_remove(const struct twz_object *object, struct twz_btree *tree,
			    const void *key, size_t key_length)
{
	struct twz_tx tx;

	__builtin_prefetch(&tree->count,
			   1); /* which the last change's flush took out of the cache */
	TWZ_TX(&tx, object)
	{
		struct btree_work work = {&tx, object->start, tree};
		end_change(&tx, remove_key(&work, (struct bytes){key, key_length}));
	}
	return tx.result;
}
