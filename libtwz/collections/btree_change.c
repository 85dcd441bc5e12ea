/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: putting and removing keys within a transaction; see <twz/btree.h>. */
#include "btree.h"

#define IN_PLACE 128 /* bytes of a value */

/* A change under way, and its tree. */
struct work {
	struct twz_tx *tx;
	const uint8_t *start;
	struct twz_btree *tree;
};

/* The way down to a leaf: at each level the node, its count and the entry taken. */
struct step {
	struct twz_btree_node *node;
	uint32_t count;
	uint32_t index;
};

static twz_result set_count(struct work *work, struct twz_btree_node *node, uint32_t count)
{
	return twz_tx_set(work->tx, &node->count, count);
}

/* The entries that move are named, with the count. */
static twz_result name_entries(struct work *work, struct twz_btree_node *node, uint32_t from,
			       uint32_t end)
{
	twz_result result = twz_internal_name(work->tx, &node->count, sizeof(node->count));

	return result < 0 ? result
			  : twz_internal_name(work->tx, &node->entries[from],
					      (end - from) * sizeof(node->entries[0]));
}

static twz_result name_gap(struct work *work, struct twz_btree_node *node, uint32_t count,
			   uint32_t index)
{
	return count >= TWZ_BTREE_ENTRIES ? -TWZ_ERR_CORRUPT
					  : name_entries(work, node, index, count + 1);
}

/* Makes room for an entry at `index`, named before; it is zero but for the prefix. */
static void open_gap(struct twz_btree_node *node, uint32_t count, uint32_t index, uint64_t prefix)
{
	struct twz_btree_entry *at = &node->entries[index];

	__builtin_memmove(at + 1, at, (count - index) * sizeof(*at));
	*at = (struct twz_btree_entry){.prefix = prefix};
	node->count = count + 1;
}

static void close_gap(struct twz_btree_node *node, uint32_t count, uint32_t index)
{
	struct twz_btree_entry *at = &node->entries[index];

	__builtin_memmove(at, at + 1, (count - index - 1) * sizeof(*at));
	at[count - index - 1] = (struct twz_btree_entry){0};
	node->count = count - 1;
}

/* A new item for an entry; what it is made of is fresh, so nothing of it is logged. Carrying the
 * plan out gives it to the entry. */
static twz_result plan_item(struct work *work, const struct twz_btree_entry *entry,
			    struct bytes key, struct bytes value, struct twz_heap_plan *plan)
{
	uint64_t size = sizeof(struct twz_btree_item) + key.length + value.length;
	twz_result result = twz_internal_plan_alloc(work->tx, size, &entry->item.word, false, plan);

	if (result < 0)
		return result;
	struct twz_btree_item *item =
		(struct twz_btree_item *)(work->start + plan->fresh + sizeof(struct twz_block));
	item->key_length = (uint32_t)key.length;
	item->value_length = (uint32_t)value.length;
	__builtin_memcpy(item->bytes, key.data, key.length);
	if (value.length != 0)
		__builtin_memcpy(item->bytes + key.length, value.data, value.length);
	return TWZ_OK;
}

static twz_result make_item(struct work *work, struct twz_btree_entry *entry, struct bytes key,
			    struct bytes value)
{
	struct twz_heap_plan plan;
	twz_result result = plan_item(work, entry, key, value, &plan);

	if (result < 0)
		return result;
	twz_internal_settle(work->tx);
	twz_internal_carry_out(work->tx, &plan);
	return TWZ_OK;
}

static twz_result make_node(struct work *work, twz_iptr *into, uint32_t level,
			    struct twz_btree_node **node)
{
	twz_result result = twz_tx_alloc_word(work->tx, sizeof(**node), into);

	if (result < 0)
		return result;
	*node = twz_deref_word(into);
	(*node)->level = level;
	return TWZ_OK;
}

/* The upper half of a full child becomes the entry behind it. The parent has room. */
static twz_result split(struct work *work, struct step *parent, struct twz_btree_node *child)
{
	const uint32_t half = TWZ_BTREE_ENTRIES / 2;
	struct twz_btree_entry *first = &child->entries[half], *entry;
	struct twz_btree_node *right;
	twz_result result = name_gap(work, parent->node, parent->count, parent->index + 1);

	if (result < 0)
		return result;
	twz_internal_settle(work->tx);
	open_gap(parent->node, parent->count, parent->index + 1, first->prefix);
	parent->count++;
	entry = &parent->node->entries[parent->index + 1];
	result = make_node(work, &entry->child.word, child->level, &right);
	if (result < 0)
		return result;
	right->count = TWZ_BTREE_ENTRIES - half;
	__builtin_memcpy(right->entries, first, right->count * sizeof(*first));
	if (child->level != 0) {
		entry->item = right->entries[0].item; /* the key moves up */
		right->entries[0].item.word = 0;
	} else {
		struct bytes key, value, none = {0};
		if (!btree_item(work->start, first->item.word, &key, &value))
			return -TWZ_ERR_CORRUPT;
		result = make_item(work, entry, key, none);
		if (result < 0)
			return result;
	}
	return set_count(work, child, half);
}

/* A root above the root, with it as the only child. */
static twz_result grow(struct work *work, uint32_t level)
{
	twz_iptr old = work->tree->root.word;
	struct twz_btree_node *node;
	twz_result result;

	if (level + 1 >= TWZ_BTREE_LEVELS)
		return -TWZ_ERR_NO_SPACE;
	result = make_node(work, &work->tree->root.word, level + 1, &node);
	if (result < 0)
		return result;
	node->count = 1;
	node->entries[0].child.word = old;
	return TWZ_OK;
}

/* The leaf for a new key, with room: full nodes on the way are split. */
static twz_result descend(struct work *work, struct bytes key, struct step *at)
{
	uint32_t level;
	bool equal;
	twz_result result = btree_root(work->start, work->tree, &at->node, &level, &at->count);

	if (result < 0)
		return result;
	if (!at->node) {
		at->count = 0;
		return make_node(work, &work->tree->root.word, 0, &at->node);
	}
	if (at->count == TWZ_BTREE_ENTRIES) {
		result = grow(work, level);
		if (result >= 0)
			result = btree_root(work->start, work->tree, &at->node, &level, &at->count);
		if (result < 0)
			return result;
	}
	while (level > 0) {
		result = btree_place(work->start, at->node, at->count, true, key, &equal);
		if (result < 0 || at->count == 0)
			return -TWZ_ERR_CORRUPT;
		at->index = (uint32_t)result - 1;
		uint32_t count;
		struct twz_btree_node *child = btree_node(
			work->start, at->node->entries[at->index].child.word, level - 1, &count);
		if (!child)
			return -TWZ_ERR_CORRUPT;
		if (count == TWZ_BTREE_ENTRIES) {
			if (at->count == TWZ_BTREE_ENTRIES)
				return -TWZ_ERR_CORRUPT;
			result = split(work, at, child);
			if (result < 0)
				return result;
			continue; /* the key belongs to one of the halves */
		}
		*at = (struct step){child, count, 0};
		level--;
	}
	return TWZ_OK;
}

static twz_result name_change(struct work *work)
{
	return twz_internal_name(work->tx, &work->tree->count, 2 * sizeof(uint64_t));
}

/* Counts a change, named before, and the keys. */
static void count_change(struct work *work, int64_t keys)
{
	work->tree->count += (uint64_t)keys;
	work->tree->changes++;
}

/* Short values are changed in their place; a longer one is written elsewhere once, instead of the
 * old one to the log and the new one. */
static twz_result replace(struct work *work, struct twz_btree_entry *entry, struct bytes key,
			  struct bytes value)
{
	struct bytes old_key, old;
	struct twz_heap_plan plan = {0};
	twz_iptr word = entry->item.word;
	twz_result result = name_change(work);

	if (!btree_item(work->start, word, &old_key, &old))
		return -TWZ_ERR_CORRUPT;
	bool here = old.length == value.length && value.length <= IN_PLACE;
	if (result >= 0 && here)
		result = twz_internal_name(work->tx, old.data, old.length);
	else if (result >= 0)
		result = plan_item(work, entry, key, value, &plan);
	if (result >= 0 && !here)
		result = twz_internal_name_free(work->tx, word, NULL);
	if (result < 0)
		return result;
	twz_internal_settle(work->tx);
	if (here && value.length != 0)
		__builtin_memcpy((uint8_t *)old.data, value.data, value.length);
	twz_internal_carry_out(work->tx, &plan);
	count_change(work, 0);
	return TWZ_OK;
}

static twz_result put(struct work *work, struct bytes key, struct bytes value)
{
	struct step leaf;
	bool equal;
	twz_result place = descend(work, key, &leaf);

	if (place < 0)
		return place;
	place = btree_place(work->start, leaf.node, leaf.count, false, key, &equal);
	if (place < 0)
		return place;
	struct twz_btree_entry *entry = &leaf.node->entries[place - equal];
	struct twz_heap_plan plan;
	if (equal)
		return replace(work, entry, key, value);
	/* all that changes is known: one wait for it */
	twz_result result = name_change(work);
	if (result >= 0)
		result = name_gap(work, leaf.node, leaf.count, (uint32_t)place);
	if (result >= 0)
		result = plan_item(work, entry, key, value, &plan);
	if (result < 0)
		return result;
	twz_internal_settle(work->tx);
	count_change(work, 1);
	open_gap(leaf.node, leaf.count, (uint32_t)place, btree_prefix(key));
	twz_internal_carry_out(work->tx, &plan);
	return TWZ_OK;
}

/* Takes an entry out of a node with what it owns, its child, which is empty, included. One wait. */
static twz_result drop_entry(struct work *work, const struct step *at)
{
	struct twz_btree_entry *entry = &at->node->entries[at->index];
	/* the first entry of a node above the leaves has no key */
	bool headless = at->index == 0 && at->node->level != 0 && at->count > 1;
	twz_iptr freed[] = {entry->item.word, entry->child.word, headless ? entry[1].item.word : 0};
	twz_result result = name_entries(work, at->node, at->index, at->count);

	for (int i = 0; i < 3 && result >= 0; i++)
		if (freed[i] != 0)
			result = twz_internal_name_free(work->tx, freed[i], NULL);
	if (result < 0)
		return result;
	twz_internal_settle(work->tx);
	close_gap(at->node, at->count, at->index);
	if (headless)
		entry->item.word = 0;
	return TWZ_OK;
}

/* A root with a single child gives way to it. */
static twz_result shrink(struct work *work)
{
	for (;;) {
		struct twz_btree_node *root;
		uint32_t level, count;
		twz_result result = btree_root(work->start, work->tree, &root, &level, &count);
		if (result < 0 || !root || (count != 0 && (level == 0 || count != 1)))
			return result;
		twz_iptr child = count ? root->entries[0].child.word : 0;
		result = twz_tx_free(work->tx, &work->tree->root);
		if (result < 0 || count == 0)
			return result;
		work->tree->root.word = child; /* logged by the free */
	}
}

static twz_result remove_key(struct work *work, struct bytes key)
{
	struct step path[TWZ_BTREE_LEVELS], *at = path;
	uint32_t level;
	bool equal;
	twz_result result = btree_root(work->start, work->tree, &at->node, &level, &at->count);

	if (result < 0)
		return result;
	if (!at->node)
		return -TWZ_ERR_NOT_FOUND;
	for (;; at++, level--) {
		result = btree_place(work->start, at->node, at->count, level != 0, key, &equal);
		if (result < 0)
			return result;
		at->index = (uint32_t)result - 1;
		if (level == 0)
			break;
		if (at->count == 0)
			return -TWZ_ERR_CORRUPT;
		at[1].node = btree_node(work->start, at->node->entries[at->index].child.word,
					level - 1, &at[1].count);
		if (!at[1].node)
			return -TWZ_ERR_CORRUPT;
	}
	if (!equal)
		return -TWZ_ERR_NOT_FOUND;
	result = name_change(work);
	for (bool counted = false; result >= 0; at--) {
		result = drop_entry(work, at);
		if (result >= 0 && !counted)
			count_change(work, -1);
		counted = true;
		if (at->count > 1 || at == path)
			break;
	}
	return result < 0 ? result : shrink(work);
}

twz_result twz_btree_put(const struct twz_object *object, struct twz_btree *tree, const void *key,
			 size_t key_length, const void *value, size_t value_length)
{
	struct twz_tx tx;

	if (key_length > TWZ_BTREE_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (value_length > TWZ_HEAP_LARGEST - TWZ_BTREE_KEY_MAX - sizeof(struct twz_btree_item))
		return -TWZ_ERR_TOO_MANY;
	TWZ_TX(&tx, object)
	{
		struct work work = {&tx, object->start, tree};
		end_change(&tx, put(&work, (struct bytes){key, key_length},
				    (struct bytes){value, value_length}));
	}
	return tx.result;
}

twz_result twz_btree_remove(const struct twz_object *object, struct twz_btree *tree,
			    const void *key, size_t key_length)
{
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	{
		struct work work = {&tx, object->start, tree};
		end_change(&tx, remove_key(&work, (struct bytes){key, key_length}));
	}
	return tx.result;
}
