/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a B+tree is whole: order, separators, levels, counts, and each block of the heap owned by
 * it or free, once. */
#ifndef BTREE_CHECK_H
#define BTREE_CHECK_H

#include <string.h>
#include <twz/alloc.h>
#include <twz/btree.h>

#define BLOCKS 8192

struct btree_check {
	const struct twz_object *object;
	const char *wrong;
	uint64_t keys, used; /* used: blocks */
	uint64_t blocks[BLOCKS];
	const struct twz_btree_item *last;  /* key, in order */
	const struct twz_btree_item *least; /* separator that the keys from here on are not below */
};

static inline int btree_item_order(const struct twz_btree_item *a, const struct twz_btree_item *b)
{
	uint32_t least = a->key_length < b->key_length ? a->key_length : b->key_length;
	int order = memcmp(a->bytes, b->bytes, least);

	return order ? order : (int)a->key_length - (int)b->key_length;
}

static inline void btree_check_block(struct btree_check *check, twz_iptr word)
{
	if (word == 0 || word >= TWZ_SLOT_SIZE)
		check->wrong = "a pointer leads nowhere";
	else if (check->used == BLOCKS)
		check->wrong = "too many blocks for the test";
	else
		check->blocks[check->used++] = word;
}

static inline void btree_check_node(struct btree_check *check, const struct twz_btree_node *node,
				    uint32_t level)
{
	if (!node || node->level != level || node->count == 0 || node->count > TWZ_BTREE_ENTRIES) {
		check->wrong = "a node is wrong";
		return;
	}
	for (uint32_t i = 0; i < node->count && !check->wrong; i++) {
		const struct twz_btree_entry *entry = &node->entries[i];
		const struct twz_btree_item *item = twz_deref(&entry->item);
		if (level == 0 || i > 0)
			btree_check_block(check, entry->item.word);
		else if (entry->item.word != 0)
			check->wrong = "a first child has a key";
		if (check->wrong)
			return;
		if (item && check->last && btree_item_order(check->last, item) >= 0)
			check->wrong = "keys out of order";
		if (level == 0) {
			if (entry->child.word != 0)
				check->wrong = "a leaf has a child";
			if (check->least && btree_item_order(check->least, item) > 0)
				check->wrong = "a key is below its separator";
			check->last = item;
			check->keys++;
			continue;
		}
		if (item)
			check->least = item;
		btree_check_block(check, entry->child.word);
		if (!check->wrong)
			btree_check_node(check, twz_deref(&entry->child), level - 1);
	}
}

static inline const char *btree_check(const struct twz_object *object, const struct twz_btree *tree)
{
	static struct btree_check check;
	const struct twz_heap *heap = (void *)(object->start + twz_object_meta(object)->heap);
	uint64_t at = ((uint64_t)((uint8_t *)(heap + 1) - object->start) + 15) / 16 * 16;
	uint64_t total = 0;

	check = (struct btree_check){.object = object};
	if (tree->root.word != 0) {
		const struct twz_btree_node *root = twz_deref(&tree->root);
		btree_check_block(&check, tree->root.word);
		btree_check_node(&check, root, root->level);
	}
	if (check.wrong)
		return check.wrong;
	if (check.keys != tree->count)
		return "the count of keys is wrong";
	for (int i = 0; i < TWZ_HEAP_CLASSES; i++) {
		for (uint64_t free = heap->free[i]; free != 0;
		     free = ((struct twz_block *)(object->start + free))[-1].next) {
			btree_check_block(&check, free);
			if (check.wrong)
				return check.wrong;
		}
	}
	/* as many blocks as owners, and no owner twice: each once */
	for (; at < heap->end; total++) {
		const struct twz_block *block = (void *)(object->start + at);
		uint64_t power = 32ull << ((block->size_class & 0xffff) / 2);
		if ((block->size_class & ~0xffffull) != TWZ_BLOCK_MAGIC)
			return "a block's header is torn";
		at += block->size_class & 1 ? power + power / 2 : power;
	}
	if (total != check.used)
		return total < check.used ? "a block is used twice" : "a block is lost";
	return NULL;
}

#endif
