/* SPDX-License-Identifier: BSD-2-Clause */
/* The B+tree: going through it in order, by copies and in place; see <twz/btree.h>. */
#include "btree.h"

#define AHEAD 1 /* items behind the next peek's that are fetched too */

twz_result twz_btree_seek(struct twz_btree_cursor *cursor, const void *key, size_t key_length)
{
	if (key_length > TWZ_BTREE_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	cursor->leaf = NULL;
	cursor->index = 0;
	cursor->begun = false;
	cursor->peeked = 0;
	cursor->key_length = key ? (uint32_t)key_length : 0;
	if (cursor->key_length != 0)
		__builtin_memcpy(cursor->key, key, key_length);
	return TWZ_OK;
}

/* The items of these entries, so that they are there when they are read. */
static void fetch(const uint8_t *start, const struct twz_btree_node *leaf, uint64_t from,
		  uint64_t end, uint32_t count)
{
	for (uint64_t index = from; index < end && index < count; index++)
		btree_fetch_item(start, leaf, btree_slot(leaf, (uint32_t)index));
}

/*
 * In front of the entry behind the cursor's last key, or at it when it has not begun. At a leaf's
 * end the search goes on above, at the first ancestor that has a child further right.
 */
static twz_result find_next(const uint8_t *start, const struct twz_btree *tree,
			    struct twz_btree_cursor *cursor, uint32_t *count)
{
	struct bytes key = {cursor->key, cursor->key_length};
	struct btree_at at,
		right = {0}; /* the nearest node with a child to the right of the path */
	uint32_t right_index = 0;
	bool equal;

	cursor->leaf = NULL;
	cursor->changes = load64(&tree->changes);
	twz_result result = btree_root(start, tree, &at);
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
	uint64_t index = (uint64_t)result - (equal && !cursor->begun);
	if (index >= at.count && right.node) {
		index = 0;
		for (at = right; at.level != 0; right_index = 0)
			if (!btree_child(start, &at, right_index, &at) || at.count == 0)
				return -TWZ_ERR_CORRUPT;
	}
	cursor->leaf = at.node;
	cursor->index = index - 1;
	*count = at.count;
	return TWZ_OK;
}

/* Up to `most` pairs behind the cursor's place, of one leaf, which the cursor knows afterwards. */
static twz_result peek(const uint8_t *start, const struct twz_btree *tree,
		       struct twz_btree_cursor *cursor, struct twz_btree_pair *pairs, uint64_t most)
{
	uint32_t count = 0;
	bool is_new = false;

	if (cursor->leaf && cursor->changes == load64(&tree->changes)) /* mostly: no search */
		count = __atomic_load_n(&cursor->leaf->count, __ATOMIC_RELAXED);
	if (cursor->index + 1 >= count || count > TWZ_BTREE_ENTRIES) {
		twz_result result = find_next(start, tree, cursor, &count);
		if (result < 0 || !cursor->leaf)
			return result;
		is_new = true;
	}
	const struct twz_btree_node *leaf = cursor->leaf;
	uint64_t from = cursor->index + 1, left = count - from;
	if (from >= count)
		return 0;
	most = most < left ? most : left;
	fetch(start, leaf, is_new ? from : from + most + AHEAD, from + 2 * most + AHEAD, count);
	for (uint64_t i = 0; i < most; i++) {
		struct twz_btree_pair *pair = &pairs[i];
		struct bytes key, value;
		if (!btree_read(start, leaf, btree_slot(leaf, (uint32_t)(from + i)),
				pair->short_key, &key, &value))
			return -TWZ_ERR_CORRUPT;
		pair->key = key.data;
		pair->key_length = (uint32_t)key.length;
		pair->value = value.data;
		pair->value_length = (uint32_t)value.length;
	}
	return (twz_result)most;
}

/* The key is the last of so many that are behind the cursor from now on. */
static void pass(struct twz_btree_cursor *cursor, const void *key, uint32_t key_length,
		 uint64_t count)
{
	__builtin_memcpy(cursor->key, key, key_length);
	cursor->key_length = key_length;
	cursor->index += count;
	cursor->begun = true;
}

/* Within a transaction `changes` may go back, and come to a value once more: so a leaf is known no
 * longer than a call. */
static void forget_within(const struct twz_tx *tx, struct twz_btree_cursor *cursor)
{
	if (!tx->outermost)
		cursor->leaf = NULL;
}

twz_result twz_btree_next(const struct twz_object *object, const struct twz_btree *tree,
			  struct twz_btree_cursor *cursor, void *value, size_t size)
{
	struct twz_btree_pair pair;
	twz_result result = 0;
	struct twz_tx tx;
	uint64_t turns;

	if (cursor->key_length > sizeof(cursor->key))
		return -TWZ_ERR_INVALID_ARGUMENT;
	cursor->peeked = 0;
	if (twz_internal_read_begin(object, &turns)) {
		uint8_t key[TWZ_BTREE_KEY_MAX];
		result = peek(object->start, tree, cursor, &pair, 1);
		if (result == 1) {
			__builtin_memcpy(key, pair.key, pair.key_length);
			copy_bytes(value, size, (struct bytes){pair.value, pair.value_length});
		}
		if (twz_internal_read_end(object, turns)) {
			if (result == 1) {
				pass(cursor, key, pair.key_length, 1);
				cursor->value_length = pair.value_length;
			}
			return result;
		}
		cursor->leaf = NULL;
	}
	TWZ_TX(&tx, object)
	{
		forget_within(&tx, cursor);
		result = peek(object->start, tree, cursor, &pair, 1);
		if (result == 1) {
			pass(cursor, pair.key, pair.key_length, 1);
			cursor->value_length = (uint32_t)copy_bytes(
				value, size, (struct bytes){pair.value, pair.value_length});
		}
		forget_within(&tx, cursor);
	}
	return tx.result < 0 ? tx.result : result;
}

twz_result twz_btree_peek(const struct twz_object *object, const struct twz_btree *tree,
			  struct twz_btree_cursor *cursor, struct twz_btree_pair *pairs,
			  size_t count)
{
	twz_result result = 0;
	struct twz_tx tx;

	if (cursor->key_length > sizeof(cursor->key) || count == 0)
		return -TWZ_ERR_INVALID_ARGUMENT;
	cursor->peeked = 0;
	if (twz_internal_read_begin(object, &cursor->turns)) {
		result = peek(object->start, tree, cursor, pairs, count);
		if (twz_internal_read_end(object, cursor->turns)) {
			cursor->peeked = result > 0 ? (uint32_t)result : 0;
			return result;
		}
		cursor->leaf = NULL;
	}
	TWZ_TX(&tx, object)
	{
		forget_within(&tx, cursor);
		cursor->turns = twz_internal_log(object)->turns;
		result = peek(object->start, tree, cursor, pairs, count);
		forget_within(&tx, cursor);
	}
	if (tx.result < 0)
		return tx.result;
	cursor->peeked = result > 0 ? (uint32_t)result : 0;
	return result;
}

/* Nobody but the caller, in a transaction of his, has had the lock since the peek. */
static twz_result is_held(const struct twz_object *object, const struct twz_btree *tree,
			  struct twz_btree_cursor *cursor)
{
	bool is_same = false;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	is_same = !tx.outermost && twz_internal_log(object)->turns == cursor->turns &&
		  tree->changes == cursor->changes;
	return tx.result < 0 ? tx.result : is_same;
}

twz_result twz_btree_advance(const struct twz_object *object, const struct twz_btree *tree,
			     struct twz_btree_cursor *cursor, const struct twz_btree_pair *pairs,
			     size_t taken)
{
	uint8_t key[TWZ_BTREE_KEY_MAX];
	twz_result result = 1;

	if (taken == 0 || taken > cursor->peeked || pairs[taken - 1].key_length > sizeof(key))
		return -TWZ_ERR_INVALID_ARGUMENT;
	const struct twz_btree_pair *last = &pairs[taken - 1];
	__builtin_memcpy(key, last->key, last->key_length);
	cursor->peeked = 0;
	if (!twz_internal_read_end(object, cursor->turns)) {
		cursor->leaf = NULL;
		result = is_held(object, tree, cursor);
	}
	if (result == 1)
		pass(cursor, key, last->key_length, taken);
	return result;
}
