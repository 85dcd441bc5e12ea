/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: looking; see <twz/btree.h>. */
#include "btree.h"
#include "optimistic.h"

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
	btree_fetch_item(start, at->node, btree_slot(at->node, low));
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
