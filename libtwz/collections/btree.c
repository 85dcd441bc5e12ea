/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: looking, and going through it in order; see <twz/btree.h>. */
#include "btree.h"
#include "optimistic.h"

#define AHEAD	   2 /* items that a cursor fetches before it comes to them */
#define ITEM_LINES 6 /* of an item, that are fetched at once */

/* The part of a node that a search looks at comes at once; of a leaf what the slots hold too. */
static bool look(struct btree_at *at, struct twz_btree_node *node, bool leaf)
{
	const size_t end = leaf ? sizeof(*node) : offsetof(struct twz_btree_node, slots);

	at->node = node;
	if (!node)
		return false;
	for (size_t line = 64; line < end; line += 64)
		__builtin_prefetch((const uint8_t *)node + line);
	at->level = load32(&node->level);
	at->count = __atomic_load_n(&node->count, __ATOMIC_RELAXED);
	at->skip = __atomic_load_n(&node->skip, __ATOMIC_RELAXED);
	return at->count <= TWZ_BTREE_ENTRIES && at->skip <= TWZ_BTREE_KEY_MAX;
}

bool btree_node(const uint8_t *start, twz_iptr word, uint32_t level, struct btree_at *at)
{
	return look(at, part_of(start, word, sizeof(*at->node)), level == 0) && at->level == level;
}

twz_result btree_root(const uint8_t *start, const struct twz_btree *tree, struct btree_at *root)
{
	twz_iptr word = load64(&tree->root.word);

	*root = (struct btree_at){0};
	if (word == 0)
		return TWZ_OK;
	return look(root, part_of(start, word, sizeof(*root->node)), false) &&
			       root->level < TWZ_BTREE_LEVELS
		       ? TWZ_OK
		       : -TWZ_ERR_CORRUPT;
}

bool btree_child(const uint8_t *start, const struct btree_at *at, uint32_t index,
		 struct btree_at *child)
{
	uint32_t slot = btree_slot(at->node, index);

	return slot < TWZ_BTREE_ENTRIES && at->level != 0 &&
	       btree_node(start, load64(&at->node->slots[slot].child.word), at->level - 1, child);
}

bool btree_read(const uint8_t *start, const struct twz_btree_node *node, uint32_t slot,
		uint8_t buffer[8], struct bytes *key, struct bytes *value)
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

uint64_t btree_prefix(struct bytes key, uint32_t skip)
{
	uint64_t prefix = 0;

	if (key.length >= skip + 8ull) {
		__builtin_memcpy(&prefix, key.data + skip, 8);
		return __builtin_bswap64(prefix);
	}
	for (uint64_t i = skip; i < key.length; i++)
		prefix |= (uint64_t)key.data[i] << (56 - 8 * (i - skip));
	return prefix;
}

/* Any byte of the order leads to a place in the node. */
static uint64_t prefix_at(const struct twz_btree_node *node, uint32_t slot)
{
	const uint64_t *prefixes = node->prefixes;

	return load64(prefixes + (slot & 63));
}
TWZ_STATIC_ASSERT(offsetof(struct twz_btree_node, prefixes) + 64 * 8 <=
			  sizeof(struct twz_btree_node),
		  "slots of 6 bits");

/* A probe behind the order finds bytes of the node all the same, and does not count. */
#define FARTHEST (TWZ_BTREE_ENTRIES + 3 * 16)
TWZ_STATIC_ASSERT(offsetof(struct twz_btree_node, order) + FARTHEST <=
			  sizeof(struct twz_btree_node),
		  "probes behind the order");

/* Whether the entry in front of `end` is there and its prefix less. */
static inline uint32_t is_less(const struct twz_btree_node *node, uint32_t end, uint32_t count,
			       uint64_t prefix)
{
	const uint8_t *order = (const uint8_t *)node + offsetof(struct twz_btree_node, order);

	return (uint32_t)(end <= count) & (uint32_t)(prefix_at(node, order[end - 1]) < prefix);
}

/* How many steps lead to entries that are less: of three probes, which do not wait for each other.
 */
static inline uint32_t steps(const struct twz_btree_node *node, uint32_t from, uint32_t step,
			     uint32_t count, uint64_t prefix)
{
	return is_less(node, from + step, count, prefix) +
	       is_less(node, from + 2 * step, count, prefix) +
	       is_less(node, from + 3 * step, count, prefix);
}

/* The first entry from `low` on whose prefix is not less: three rounds, whatever the count, without
 * branches, of which half would be foreseen wrongly. */
static inline uint32_t first_from(const struct twz_btree_node *node, uint32_t low, uint32_t count,
				  uint64_t prefix)
{
	low += 16 * steps(node, low, 16, count, prefix);
	low += 4 * steps(node, low, 4, count, prefix);
	return low + steps(node, low, 1, count, prefix);
}

/* Of a key to a slot's whose prefix is the same, as memcmp. */
static twz_result compare_key(const uint8_t *start, const struct twz_btree_node *node,
			      uint32_t slot, struct bytes key, int *order)
{
	struct bytes other, value;
	uint8_t buffer[8];

	if (!btree_read(start, node, slot, buffer, &other, &value))
		return -TWZ_ERR_CORRUPT;
	if (other.data == buffer)
		*order = (key.length > other.length) - (key.length < other.length);
	else
		*order = compare_bytes(key, other);
	return TWZ_OK;
}

/* The first lines of a slot's item, if it has one, come at once; the processor sees the rest. */
static void fetch_item(const uint8_t *start, const struct twz_btree_node *node, uint32_t slot)
{
	if (slot >= TWZ_BTREE_ENTRIES || node->kinds[slot] != 0)
		return;
	const uint8_t *item = part_of(start, load64(&node->slots[slot].item.word), ITEM_LINES * 64);
	for (size_t line = 0; item && line < ITEM_LINES; line++)
		__builtin_prefetch(item + line * 64);
}

twz_result btree_place(const uint8_t *start, const struct btree_at *at, struct bytes key,
		       bool *equal)
{
	uint64_t prefix = btree_prefix(key, at->skip);
	uint32_t low = at->level != 0, high;

	*equal = false;
	if (at->count < low)
		return -TWZ_ERR_CORRUPT;
	low = first_from(at->node, low, at->count, prefix);
	if (low == at->count || prefix_at(at->node, at->node->order[low]) != prefix)
		return low;
	fetch_item(start, at->node, btree_slot(at->node, low));
	high = low + 1;
	if (high < at->count && prefix_at(at->node, at->node->order[high]) == prefix)
		high = prefix == ~0ull ? at->count
				       : first_from(at->node, high, at->count, prefix + 1);
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		int order;
		twz_result result =
			compare_key(start, at->node, btree_slot(at->node, middle), key, &order);
		if (result < 0)
			return result;
		if (order == 0) {
			*equal = true;
			return middle + 1;
		}
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static twz_result get(const uint8_t *start, const void *tree, struct bytes key, void *value,
		      size_t size)
{
	struct bytes found, held;
	struct btree_at at;
	uint8_t buffer[8];
	bool equal;
	twz_result result = btree_root(start, tree, &at);

	if (result < 0)
		return result;
	if (!at.node)
		return -TWZ_ERR_NOT_FOUND;
	for (;;) {
		result = btree_place(start, &at, key, &equal);
		if (result < 0)
			return result;
		if (at.level == 0)
			break;
		if (!btree_child(start, &at, (uint32_t)result - 1, &at))
			return -TWZ_ERR_CORRUPT;
	}
	if (!equal)
		return -TWZ_ERR_NOT_FOUND;
	uint32_t slot = btree_slot(at.node, (uint32_t)result - 1);
	if (!btree_read(start, at.node, slot, buffer, &found, &held))
		return -TWZ_ERR_CORRUPT;
	return (twz_result)copy_out(value, size, held);
}

twz_result twz_btree_get(const struct twz_object *object, const struct twz_btree *tree,
			 const void *key, size_t key_length, void *value, size_t size)
{
	return optimistic(object, tree, get, (struct bytes){key, key_length}, value, size);
}

twz_result twz_btree_seek(struct twz_btree_cursor *cursor, const void *key, size_t key_length)
{
	if (key_length > TWZ_BTREE_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	cursor->leaf = NULL;
	cursor->begun = false;
	cursor->key_length = key ? (uint32_t)key_length : 0;
	if (cursor->key_length != 0)
		__builtin_memcpy(cursor->key, key, key_length);
	return TWZ_OK;
}

/* The items that come next, so that they are there when they are read. */
static void fetch_ahead(const uint8_t *start, const struct twz_btree_cursor *cursor, uint32_t count)
{
	uint64_t index = cursor->index + AHEAD;

	if (index < count)
		fetch_item(start, cursor->leaf, btree_slot(cursor->leaf, (uint32_t)index));
}

/*
 * The entry behind the cursor's last key, or at it when it has not begun. At a leaf's end the
 * search goes on above, at the first ancestor that has a child further right.
 */
static twz_result find_next(const uint8_t *start, const struct twz_btree *tree,
			    struct twz_btree_cursor *cursor, uint32_t *count)
{
	struct bytes key = {cursor->key, cursor->key_length};
	struct btree_at at,
		right = {0}; /* the nearest node with a child to the right of the path */
	uint32_t right_index = 0;
	bool equal;
	twz_result result = btree_root(start, tree, &at);

	cursor->leaf = NULL;
	if (result < 0 || !at.node)
		return result;
	for (;;) {
		result = btree_place(start, &at, key, &equal);
		if (result < 0)
			return result;
		if (at.level == 0)
			break;
		if (result < at.count) {
			right = at;
			right_index = (uint32_t)result;
		}
		if (!btree_child(start, &at, (uint32_t)result - 1, &at))
			return -TWZ_ERR_CORRUPT;
	}
	cursor->index = (uint64_t)result - (equal && !cursor->begun);
	if (cursor->index >= at.count && right.node) {
		cursor->index = 0;
		for (at = right; at.level != 0; right_index = 0)
			if (!btree_child(start, &at, right_index, &at) || at.count == 0)
				return -TWZ_ERR_CORRUPT;
	}
	cursor->leaf = at.node;
	cursor->changes = tree->changes;
	*count = at.count;
	return TWZ_OK;
}

static twz_result next(const uint8_t *start, const struct twz_btree *tree,
		       struct twz_btree_cursor *cursor, void *value, size_t size)
{
	uint32_t count = 0;
	uint8_t buffer[8];
	struct bytes key, held;

	if (cursor->leaf && cursor->changes == tree->changes) {
		/* most steps: the same leaf, no search */
		cursor->index++;
		count = cursor->leaf->count;
	}
	if (cursor->index >= count || count > TWZ_BTREE_ENTRIES) {
		count = 0;
		twz_result result = find_next(start, tree, cursor, &count);
		if (result < 0)
			return result;
	}
	if (!cursor->leaf || cursor->index >= count)
		return 0;
	fetch_ahead(start, cursor, count);
	if (!btree_read(start, cursor->leaf, btree_slot(cursor->leaf, (uint32_t)cursor->index),
			buffer, &key, &held))
		return -TWZ_ERR_CORRUPT;
	cursor->key_length = (uint32_t)copy_bytes(cursor->key, sizeof(cursor->key), key);
	cursor->value_length = (uint32_t)copy_bytes(value, size, held);
	cursor->begun = true;
	return 1;
}

twz_result twz_btree_next(const struct twz_object *object, const struct twz_btree *tree,
			  struct twz_btree_cursor *cursor, void *value, size_t size)
{
	twz_result result = 0;
	struct twz_tx tx;
	uint64_t turns;

	if (cursor->key_length > sizeof(cursor->key))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (twz_internal_read_begin(object, &turns)) {
		uint8_t key[TWZ_BTREE_KEY_MAX];
		const struct twz_btree_cursor *was = cursor;
		const struct twz_btree_node *leaf = was->leaf;
		uint64_t index = was->index, changes = was->changes;
		uint32_t begun = was->begun, key_length = was->key_length;
		__builtin_memcpy(key, was->key, key_length);
		result = next(object->start, tree, cursor, value, size);
		if (twz_internal_read_end(object, turns))
			return result;
		cursor->leaf = leaf;
		cursor->index = index;
		cursor->changes = changes;
		cursor->begun = begun;
		cursor->key_length = key_length;
		__builtin_memcpy(cursor->key, key, key_length);
	}
	TWZ_TX(&tx, object)
	{
		result = next(object->start, tree, cursor, value, size);
		/* within a transaction `changes` may go back, and come to a value once more */
		if (!tx.outermost)
			cursor->leaf = NULL;
	}
	return tx.result < 0 ? tx.result : result;
}
