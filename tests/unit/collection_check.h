/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether collections are whole: their order, levels and counts, and each block of the heap owned
 * by one of them or free, once. One collection an object. */
#ifndef COLLECTION_CHECK_H
#define COLLECTION_CHECK_H

#include <string.h>
#include <twz/alloc.h>
#include <twz/append_log.h>
#include <twz/btree.h>
#include <twz/hashmap.h>
#include <twz/list.h>

#define BLOCKS (64u << 10) /* of 16 bytes: how much of the object a check can follow */

struct collection_check {
	const struct twz_object *object;
	const char *wrong;
	uint64_t keys, used;		    /* used: blocks */
	uint8_t is_used[BLOCKS];	    /* of the 16 bytes at which a block begins */
	const struct twz_btree_item *last;  /* key, in order */
	const struct twz_btree_item *least; /* separator that the keys from here on are not below */
};

static inline int item_order(const struct twz_btree_item *a, const struct twz_btree_item *b)
{
	uint32_t least = a->key_length < b->key_length ? a->key_length : b->key_length;
	int order = memcmp(a->bytes, b->bytes, least);

	return order ? order : (int)a->key_length - (int)b->key_length;
}

static inline void check_block(struct collection_check *check, twz_iptr word)
{
	uint64_t index = (word - TWZ_BASE_OFFSET) / 16;

	if (word < TWZ_BASE_OFFSET || word % 16 != 0 || index >= BLOCKS)
		check->wrong = "a pointer leads nowhere";
	else if (check->is_used[index]++)
		check->wrong = "a block is used twice";
	check->used++;
}

static inline void check_btree_node(struct collection_check *check,
				    const struct twz_btree_node *node, uint32_t level)
{
	if (!node || node->level != level || node->count == 0 || node->count > TWZ_BTREE_ENTRIES) {
		check->wrong = "a node is wrong";
		return;
	}
	for (uint32_t i = 0; i < node->count && !check->wrong; i++) {
		const struct twz_btree_entry *entry = &node->entries[i];
		const struct twz_btree_item *item = twz_deref(&entry->item);
		if (level == 0 || i > 0)
			check_block(check, entry->item.word);
		else if (entry->item.word != 0)
			check->wrong = "a first child has a key";
		if (check->wrong)
			return;
		if (item && check->last && item_order(check->last, item) >= 0)
			check->wrong = "keys out of order";
		if (level == 0) {
			if (entry->child.word != 0)
				check->wrong = "a leaf has a child";
			if (check->least && item_order(check->least, item) > 0)
				check->wrong = "a key is below its separator";
			check->last = item;
			check->keys++;
			continue;
		}
		if (item)
			check->least = item;
		check_block(check, entry->child.word);
		if (!check->wrong)
			check_btree_node(check, twz_deref(&entry->child), level - 1);
	}
}

/* Every block of the heap is in the list of owned ones or free. */
static inline const char *check_blocks(struct collection_check *check)
{
	const struct twz_object *object = check->object;
	const struct twz_heap *heap = (void *)(object->start + twz_object_meta(object)->heap);
	uint64_t at = ((uint64_t)((uint8_t *)(heap + 1) - object->start) + 15) / 16 * 16;
	uint64_t total = 0;

	if (check->wrong)
		return check->wrong;
	for (int i = 0; i < TWZ_HEAP_CLASSES; i++) {
		for (uint64_t free = heap->free[i]; free != 0;
		     free = ((struct twz_block *)(object->start + free))[-1].next) {
			check_block(check, free);
			if (check->wrong)
				return check->wrong;
		}
	}
	for (; at < heap->end; total++) {
		const struct twz_block *block = (void *)(object->start + at);
		uint64_t power = 32ull << ((block->size_class & 0xffff) / 2);
		if ((block->size_class & ~0xffffull) != TWZ_BLOCK_MAGIC)
			return "a block's header is torn";
		at += block->size_class & 1 ? power + power / 2 : power;
	}
	return total == check->used ? NULL : "a block is lost";
}

static inline const char *check_btree(const struct twz_object *object)
{
	static struct collection_check check;
	const struct twz_btree *tree = twz_object_base(object);

	check = (struct collection_check){.object = object};
	if (tree->root.word != 0) {
		const struct twz_btree_node *root = twz_deref(&tree->root);
		check_block(&check, tree->root.word);
		check_btree_node(&check, root, root->level);
	}
	if (!check.wrong && check.keys != tree->count)
		check.wrong = "the count of keys is wrong";
	return check_blocks(&check);
}

static inline uint64_t reversed(uint64_t x)
{
	uint64_t out = 0;

	for (int i = 0; i < 64; i++)
		out |= (x >> i & 1) << (63 - i);
	return out;
}

static inline const char *check_hashmap(const struct twz_object *object)
{
	static struct collection_check check;
	const struct twz_hashmap *map = twz_object_base(object);
	uint64_t bucket = 0, base = 64;

	check = (struct collection_check){.object = object};
	while (base * 2 <= map->buckets)
		base *= 2;
	for (uint64_t first = 0; bucket < map->buckets; first += first ? first : 64) {
		const twz_hashmap_bucket *heads =
			twz_deref(&map->segments[first ? 58 - __builtin_clzll(first) : 0]);
		check_block(&check, map->segments[first ? 58 - __builtin_clzll(first) : 0].word);
		if (check.wrong)
			return check.wrong;
		for (; bucket < (first ? 2 * first : 64) && bucket < map->buckets; bucket++) {
			const twz_hashmap_bucket *link = &heads[bucket - first];
			uint64_t last = 0;
			for (; link->word != 0 && !check.wrong; check.keys++) {
				const struct twz_hashmap_item *item = twz_deref(link);
				uint64_t belongs = reversed(item->order) & (2 * base - 1);
				if (belongs >= map->buckets)
					belongs &= base - 1;
				if (belongs != bucket || item->order < last)
					return "an item is in a wrong place";
				last = item->order;
				check_block(&check, link->word);
				link = &item->next;
			}
		}
	}
	if (!check.wrong && check.keys != map->count)
		check.wrong = "the count of keys is wrong";
	return check_blocks(&check);
}

/* Each level leads over just the items that have so many ways. */
static inline const char *check_list_ways(const struct twz_list *list)
{
	for (unsigned level = 0; level < TWZ_LIST_LEVELS; level++) {
		const struct twz_list_item *item = twz_deref(&list->first), *last = NULL;
		const twz_iptr *way = &list->ways[level].word;
		for (; item; item = twz_deref(&item->next)) {
			if (twz_list_height(item->number) <= level)
				continue;
			if (twz_deref_word(way) != item)
				return "a way is wrong";
			way = (const twz_iptr *)(item->bytes + ((item->length + 7) & ~7ull)) +
			      level;
			last = item;
		}
		if (*way != 0 || twz_deref(&list->last_ways[level]) != last)
			return "a last way is wrong";
	}
	return NULL;
}

static inline const char *check_list(const struct twz_object *object)
{
	static struct collection_check check;
	const struct twz_list *list = twz_object_base(object);
	const struct twz_list_item *before = NULL, *item = twz_deref(&list->first);

	check = (struct collection_check){.object = object};
	for (; item && !check.wrong; before = item, item = twz_deref(&item->next), check.keys++) {
		check_block(&check, (twz_iptr)((const uint8_t *)item - object->start));
		if (!check.wrong && twz_deref(&item->previous) != before)
			check.wrong = "a way back is wrong";
		if (!check.wrong && before && item->number <= before->number)
			check.wrong = "numbers out of order";
	}
	if (!check.wrong && twz_deref(&list->last) != before)
		check.wrong = "the last item is wrong";
	if (!check.wrong && check.keys != list->count)
		check.wrong = "the count of items is wrong";
	if (!check.wrong)
		check.wrong = check_list_ways(list);
	return check_blocks(&check);
}

/* Its records are for twz_append_log_next to check. */
static inline const char *check_append_log(const struct twz_object *object)
{
	static struct collection_check check;
	const struct twz_append_log *log = twz_object_base(object);
	const struct twz_append_log_segment *before = NULL, *at = twz_deref(&log->first);

	check = (struct collection_check){.object = object};
	for (; at && !check.wrong; before = at, at = twz_deref(&at->next)) {
		check_block(&check, (twz_iptr)((const uint8_t *)at - object->start));
		if (before && twz_deref(&at->previous) != before)
			check.wrong = "a way back is wrong";
		if (before && at->position != before->position + before->used)
			check.wrong = "a segment does not go on where the last one ends";
		if (!before && at->position > log->begin)
			check.wrong = "the first record has gone";
	}
	if (!check.wrong && twz_deref(&log->last) != before)
		check.wrong = "the last segment is wrong";
	return check_blocks(&check);
}

#endif
