/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: looking, and going through it in order; see <twz/btree.h>. */
#include "btree.h"

struct twz_btree_node *btree_node(const uint8_t *start, twz_iptr word, uint32_t level,
				  uint32_t *count)
{
	struct twz_btree_node *node = part_of(start, word, sizeof(*node));

	if (!node)
		return NULL;
	/* a search looks at a few of the lines, one after the other: they come at once */
	for (size_t line = 64; line < sizeof(*node); line += 64)
		__builtin_prefetch((const uint8_t *)node + line);
	*count = load32(&node->count);
	return load32(&node->level) == level && *count <= TWZ_BTREE_ENTRIES ? node : NULL;
}

twz_result btree_root(const uint8_t *start, const struct twz_btree *tree,
		      struct twz_btree_node **root, uint32_t *level, uint32_t *count)
{
	twz_iptr word = tree->root.word;
	const struct twz_btree_node *node = part_of(start, word, sizeof(*node));

	*root = NULL;
	if (word == 0)
		return TWZ_OK;
	if (!node)
		return -TWZ_ERR_CORRUPT;
	*level = load32(&node->level);
	if (*level >= TWZ_BTREE_LEVELS)
		return -TWZ_ERR_CORRUPT;
	*root = btree_node(start, word, *level, count);
	return *root ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

bool btree_item(const uint8_t *start, twz_iptr word, struct bytes *key, struct bytes *value)
{
	const struct twz_btree_item *item = part_of(start, word, sizeof(*item));

	if (!item)
		return false;
	key->data = item->bytes;
	key->length = load32(&item->key_length);
	value->data = item->bytes + key->length;
	value->length = load32(&item->value_length);
	return key->length <= TWZ_BTREE_KEY_MAX &&
	       key->length + value->length <= HEAP_LIMIT - word - sizeof(*item);
}

uint64_t btree_prefix(struct bytes key)
{
	uint64_t prefix = 0;

	for (unsigned i = 0; i < 8; i++)
		prefix = prefix << 8 | (i < key.length ? key.data[i] : 0);
	return prefix;
}

twz_result btree_place(const uint8_t *start, const struct twz_btree_node *node, uint32_t count,
		       bool skip, struct bytes key, bool *equal)
{
	uint64_t prefix = btree_prefix(key);
	uint32_t low = skip, high = count;

	*equal = false;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		const struct twz_btree_entry *entry = &node->entries[middle];
		int order = (prefix > entry->prefix) - (prefix < entry->prefix);
		if (order == 0) {
			struct bytes other, value;
			if (!btree_item(start, entry->item.word, &other, &value))
				return -TWZ_ERR_CORRUPT;
			order = compare_bytes(key, other);
		}
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

twz_result btree_leaf(const uint8_t *start, const struct twz_btree *tree, struct bytes key,
		      struct twz_btree_node **leaf, uint32_t *count)
{
	uint32_t level;
	bool equal;
	twz_result result = btree_root(start, tree, leaf, &level, count);

	if (result < 0 || !*leaf)
		return result;
	while (level-- > 0) {
		if (*count == 0)
			return -TWZ_ERR_CORRUPT;
		result = btree_place(start, *leaf, *count, true, key, &equal);
		if (result < 0)
			return result;
		*leaf = btree_node(start, (*leaf)->entries[result - 1].child.word, level, count);
		if (!*leaf)
			return -TWZ_ERR_CORRUPT;
	}
	return TWZ_OK;
}

static twz_result get(const uint8_t *start, const struct twz_btree *tree, struct bytes key,
		      void *value, size_t size)
{
	struct twz_btree_node *leaf;
	struct bytes found, held;
	uint32_t count;
	bool equal;
	twz_result result = btree_leaf(start, tree, key, &leaf, &count);

	if (result < 0)
		return result;
	if (!leaf)
		return -TWZ_ERR_NOT_FOUND;
	result = btree_place(start, leaf, count, false, key, &equal);
	if (result < 0)
		return result;
	if (!equal)
		return -TWZ_ERR_NOT_FOUND;
	if (!btree_item(start, leaf->entries[result - 1].item.word, &found, &held))
		return -TWZ_ERR_CORRUPT;
	return (twz_result)copy_bytes(value, size, held);
}

twz_result twz_btree_get(const struct twz_object *object, const struct twz_btree *tree,
			 const void *key, size_t key_length, void *value, size_t size)
{
	struct bytes wanted = {key, key_length};
	twz_result result = -TWZ_ERR_NOT_FOUND;
	struct twz_tx tx;
	uint64_t turns;

	if (twz_internal_read_begin(object, &turns)) {
		result = get(object->start, tree, wanted, value, size);
		if (twz_internal_read_end(object, turns))
			return result;
	}
	TWZ_TX(&tx, object)
	result = get(object->start, tree, wanted, value, size);
	return tx.result < 0 ? tx.result : result;
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

/*
 * The entry behind the cursor's last key, or at it when it has not begun. At a leaf's end the
 * search goes on above, at the first ancestor that has a child further right.
 */
static twz_result find_next(const uint8_t *start, const struct twz_btree *tree,
			    struct twz_btree_cursor *cursor, uint32_t *count)
{
	struct bytes key = {cursor->key, cursor->key_length};
	struct twz_btree_node *node;
	twz_iptr right = 0; /* the nearest child to the right of the path */
	uint32_t level, right_level = 0;
	bool equal;
	twz_result result = btree_root(start, tree, &node, &level, count);

	cursor->leaf = NULL;
	if (result < 0 || !node)
		return result;
	for (; level > 0; level--) {
		result = btree_place(start, node, *count, true, key, &equal);
		if (result < 0 || *count == 0)
			return -TWZ_ERR_CORRUPT;
		if (result < *count) {
			right = node->entries[result].child.word;
			right_level = level - 1;
		}
		node = btree_node(start, node->entries[result - 1].child.word, level - 1, count);
		if (!node)
			return -TWZ_ERR_CORRUPT;
	}
	result = btree_place(start, node, *count, false, key, &equal);
	if (result < 0)
		return result;
	cursor->index = (uint64_t)result - (equal && !cursor->begun);
	if (cursor->index >= *count && right != 0) {
		cursor->index = 0;
		for (level = right_level;; level--) {
			node = btree_node(start, right, level, count);
			if (!node || *count == 0)
				return -TWZ_ERR_CORRUPT;
			if (level == 0)
				break;
			right = node->entries[0].child.word;
		}
	}
	cursor->leaf = node;
	cursor->changes = tree->changes;
	return TWZ_OK;
}

static twz_result next(const uint8_t *start, const struct twz_btree *tree,
		       struct twz_btree_cursor *cursor, void *value, size_t size)
{
	uint32_t count = 0;
	struct bytes key, held;

	if (cursor->leaf && cursor->changes == tree->changes) {
		/* most steps: the same leaf, no search */
		cursor->index++;
		count = load32(&cursor->leaf->count);
	}
	if (cursor->index >= count || count > TWZ_BTREE_ENTRIES) {
		twz_result result = find_next(start, tree, cursor, &count);
		if (result < 0)
			return result;
	}
	if (!cursor->leaf || cursor->index >= count)
		return 0;
	if (!btree_item(start, cursor->leaf->entries[cursor->index].item.word, &key, &held))
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
