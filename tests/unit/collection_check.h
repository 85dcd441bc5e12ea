/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether collections are whole: their order, levels and counts, and each block of the heap owned
 * by one of them or free, once. One collection an object. */
#ifndef COLLECTION_CHECK_H
#define COLLECTION_CHECK_H

#include <collections/btree.h>
#include <collections/hashmap.h>
#include <string.h>
#include <twz/alloc.h>
#include <twz/append_log.h>
#include <twz/list.h>

#define BLOCKS (64u << 10) /* of 16 bytes: how much of the object a check can follow */

struct collection_check {
	const struct twz_object *object;
	const char *wrong;
	uint64_t keys, used;	 /* used: blocks */
	uint8_t is_used[BLOCKS]; /* of the 16 bytes at which a block begins */
};

static inline void check_block(struct collection_check *check, twz_iptr word)
{
	uint64_t index = (word - TWZ_BASE_OFFSET) / 16;

	if (word < TWZ_BASE_OFFSET || word % 16 != 0 || index >= BLOCKS)
		check->wrong = "a pointer leads nowhere";
	else if (check->is_used[index]++)
		check->wrong = "a block is used twice";
	check->used++;
}

/* A key that was read, in a buffer of its own: those in slots are put together there. */
struct key_seen {
	bool there;
	struct bytes key;
	uint8_t buffer[8];
};

static inline bool read_key(const struct twz_object *object, const struct twz_btree_node *node,
			    uint32_t slot, struct key_seen *seen, struct bytes *value)
{
	seen->there = btree_read(object->start, node, slot, seen->buffer, &seen->key, value);
	return seen->there;
}

/* Keys are from `low` on and below `high`. */
static inline void check_btree_node(struct collection_check *check,
				    const struct twz_btree_node *node, uint32_t level,
				    const struct key_seen *low, const struct key_seen *high)
{
	struct key_seen keys[TWZ_BTREE_ENTRIES + 1] = {0};
	uint64_t slots = 0;

	if (!node || node->level != level || node->count == 0 || node->count > TWZ_BTREE_ENTRIES) {
		check->wrong = "a node is wrong";
		return;
	}
	for (uint32_t i = 0; i < TWZ_BTREE_ENTRIES; i++)
		slots |= 1ull << (node->order[i] & 63);
	if (slots != (1ull << TWZ_BTREE_ENTRIES) - 1)
		check->wrong = "a slot is twice in the order";
	for (uint32_t i = 0; i < node->count && !check->wrong; i++) {
		uint32_t slot = node->order[i];
		const union twz_btree_slot *held = &node->slots[slot];
		struct bytes value;
		if (node->kinds[slot] == 0 && (level == 0 || held->item.word != 0))
			check_block(check, held->item.word);
		if (level != 0)
			check_block(check, held->child.word);
		if (check->wrong || (level != 0 && i == 0))
			continue;
		if (!read_key(check->object, node, slot, &keys[i], &value))
			check->wrong = "an entry has no key";
		else if (i > 0 && keys[i - 1].there &&
			 compare_bytes(keys[i - 1].key, keys[i].key) >= 0)
			check->wrong = "keys out of order";
		else if ((low->there && compare_bytes(keys[i].key, low->key) < 0) ||
			 (high->there && compare_bytes(keys[i].key, high->key) >= 0))
			check->wrong = "a key is outside its node";
		else if (btree_prefix(keys[i].key, node->skip) != node->prefixes[slot] ||
			 (node->kinds[slot] != 0 && node->skip != 0))
			check->wrong = "a prefix is wrong";
		else if (level == 0)
			check->keys++;
	}
	for (uint32_t i = 0; level != 0 && i < node->count && !check->wrong; i++)
		check_btree_node(check, twz_deref(&node->slots[node->order[i]].child), level - 1,
				 i > 0 ? &keys[i] : low, i + 1 < node->count ? &keys[i + 1] : high);
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
	const struct key_seen none = {0};

	check = (struct collection_check){.object = object};
	if (tree->root.word != 0) {
		const struct twz_btree_node *root = twz_deref(&tree->root);
		check_block(&check, tree->root.word);
		check_btree_node(&check, root, root->level, &none, &none);
	}
	if (!check.wrong && check.keys != tree->count)
		check.wrong = "the count of keys is wrong";
	return check_blocks(&check);
}

static inline void check_chain(struct collection_check *check, const struct twz_hashmap *map,
			       uint64_t number, const struct twz_hashmap_bucket *bucket)
{
	bool broken = false;

	for (; bucket && !check->wrong;
	     bucket = hashmap_behind(check->object->start, bucket, &broken)) {
		if (bucket->head >> 61 != 0)
			check->wrong = "a bucket's head is too long";
		if (hashmap_next(bucket->head) != 0)
			check_block(check, hashmap_next(bucket->head));
		for (unsigned slot = 0; slot < TWZ_HASHMAP_SLOTS && !check->wrong; slot++) {
			uint32_t kind = hashmap_kind(bucket->head, slot);
			struct bytes key, value;
			if (kind == 0)
				continue;
			check->keys++;
			if (kind < TWZ_HASHMAP_HERE(2, 0))
				check_block(check, bucket->values[slot].item.word);
			if (check->wrong)
				return;
			uint64_t order = hashmap_order(map, bucket, slot, kind);
			if (!hashmap_read(check->object->start, bucket, slot, kind, &key, &value) ||
			    hashmap_bucket(map->buckets, order) != number ||
			    hashmap_reverse(hashmap_want(map, key).hash) != order ||
			    hashmap_want(map, key).word != bucket->keys[slot])
				check->wrong = "a key is in a wrong place";
		}
	}
	if (broken)
		check->wrong = "a chain leads nowhere";
}

static inline const char *check_hashmap(const struct twz_object *object)
{
	static struct collection_check check;
	const struct twz_hashmap *map = twz_object_base(object);

	check = (struct collection_check){.object = object};
	for (uint64_t bucket = 0; bucket < map->buckets && !check.wrong; bucket++) {
		uint64_t first;
		unsigned segment = hashmap_segment(bucket, &first);
		if (bucket == first)
			check_block(&check, map->segments[segment].word);
		if (!check.wrong)
			check_chain(&check, map, bucket, hashmap_head(object->start, map, bucket));
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
