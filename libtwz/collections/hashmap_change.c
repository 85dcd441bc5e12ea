/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash map: putting and removing keys within a transaction; see <twz/hashmap.h>. */
#include "hashmap.h"

#define FILL	    4 /* keys a bucket, on average, when the table grows */
#define SPLIT_LIMIT 8 /* buckets of a chain that is split */

/* What a slot is to hold, and its kind; 0: see the stage's result. */
static uint8_t fill(struct twz_stage *stage, struct twz_hashmap_slot *slot,
		    const struct hashmap_wanted *wanted, struct bytes value)
{
	if (wanted->key.length <= 8 && value.length <= sizeof(slot->value)) {
		slot->key = wanted->word;
		__builtin_memset(slot->value, 0, sizeof(slot->value));
		copy_bytes(slot->value, sizeof(slot->value), value);
		return (uint8_t)TWZ_HASHMAP_HERE(wanted->key.length, value.length);
	}
	slot->key = hashmap_reverse(wanted->hash);
	slot->item.word = item_make(stage, 0, wanted->key, value);
	if (slot->item.word == 0)
		return 0;
	return TWZ_HASHMAP_ITEM;
}

static twz_result replace(struct twz_stage *stage, const struct hashmap_wanted *wanted,
			  const struct hashmap_place *place, struct bytes value)
{
	struct twz_hashmap_slot *slot = &place->bucket->slots[place->slot];
	uint8_t kind = place->kind, *kinds;
	struct bytes key, old;
	twz_result result;

	if (!hashmap_read(stage->tx->log.start, slot, kind, &key, &old))
		return -TWZ_ERR_CORRUPT;
	if (item_replace(stage, old, value, &result))
		return result;
	if (kind == TWZ_HASHMAP_ITEM)
		twz_stage_free(stage, slot->item.word);
	kind = fill(stage, twz_stage_bytes(stage, slot, sizeof(*slot)), wanted, value);
	kinds = twz_stage_bytes(stage, place->bucket->kinds, sizeof(place->bucket->kinds));
	kinds[place->slot] = kind;
	return twz_stage_apply(stage);
}

/* Into a free slot, or a bucket more. */
static twz_result insert(struct twz_stage *stage, struct twz_hashmap *map,
			 const struct hashmap_wanted *wanted, const struct hashmap_place *place,
			 struct bytes value)
{
	struct twz_hashmap_bucket *bucket = place->room;

	if (!bucket) {
		bucket = twz_stage_alloc(stage, sizeof(*bucket), sizeof(*bucket));
		if (!bucket)
			return stage->result;
		__builtin_memset(bucket, 0, sizeof(*bucket));
		bucket->tags[0] = hashmap_tag(wanted->hash);
		bucket->kinds[0] = fill(stage, &bucket->slots[0], wanted, value);
		twz_stage_word(stage, &place->last->next.word, twz_stage_offset(stage, bucket));
	} else {
		unsigned slot = hashmap_free_slot(bucket);
		if (slot == TWZ_HASHMAP_SLOTS)
			return -TWZ_ERR_CORRUPT;
		uint8_t kind = fill(
			stage,
			twz_stage_bytes(stage, &bucket->slots[slot], sizeof(bucket->slots[slot])),
			wanted, value);
		/* tags and kinds lie together */
		uint8_t *tags = twz_stage_bytes(stage, bucket->tags, 2 * sizeof(bucket->tags));
		tags[slot] = hashmap_tag(wanted->hash);
		tags[sizeof(bucket->tags) + slot] = kind;
	}
	twz_stage_word(stage, &map->count, map->count + 1);
	return twz_stage_apply(stage);
}

/* A copy of a slot to a chain that nobody sees yet, whose last bucket is `to`; returns the last
 * one.
 */
static struct twz_hashmap_bucket *copy_slot(struct twz_stage *stage, struct twz_hashmap_bucket *to,
					    const struct twz_hashmap_bucket *from, unsigned slot)
{
	unsigned free = hashmap_free_slot(to);

	if (free == TWZ_HASHMAP_SLOTS) {
		struct twz_hashmap_bucket *more =
			twz_stage_alloc(stage, sizeof(*more), sizeof(*more));
		if (!more)
			return NULL;
		__builtin_memset(more, 0, sizeof(*more));
		to->next.word = twz_stage_offset(stage, more);
		to = more;
		free = 0;
	}
	to->tags[free] = from->tags[slot];
	to->kinds[free] = from->kinds[slot];
	to->slots[free] = from->slots[slot];
	return to;
}

/* The slots of a chain that belong to bucket number `buckets` go to the one at `to`. If the others
 * fit into the first bucket, they are put there. */
static twz_result split_chain(struct twz_stage *stage, const struct twz_hashmap *map,
			      uint64_t buckets, struct twz_hashmap_bucket *head,
			      struct twz_hashmap_bucket *to)
{
	const uint8_t *start = stage->tx->log.start;
	struct twz_hashmap_bucket *chain[SPLIT_LIMIT], kept = {0};
	uint8_t moved[SPLIT_LIMIT] = {0};
	unsigned length = 0, stays = 0;
	bool broken = false;

	for (struct twz_hashmap_bucket *at = head; at; at = hashmap_behind(start, at, &broken)) {
		if (length == SPLIT_LIMIT)
			return -TWZ_ERR_TOO_MANY;
		for (unsigned slot = 0; slot < TWZ_HASHMAP_SLOTS; slot++) {
			uint64_t order;
			if (at->kinds[slot] == 0)
				continue;
			if (!hashmap_order(start, map, &at->slots[slot], at->kinds[slot], &order))
				return -TWZ_ERR_CORRUPT;
			if (hashmap_bucket(buckets + 1, order) == buckets) {
				moved[length] |= (uint8_t)(1u << slot);
				to = copy_slot(stage, to, at, slot);
				if (!to)
					return stage->result;
			} else if (stays++ < TWZ_HASHMAP_SLOTS) {
				copy_slot(stage, &kept, at, slot);
			}
		}
		chain[length++] = at;
	}
	if (broken)
		return -TWZ_ERR_CORRUPT;
	bool shorten = length == 2 && stays <= TWZ_HASHMAP_SLOTS; /* a step has room for it */
	if (shorten)
		__builtin_memcpy(twz_stage_bytes(stage, head, sizeof(kept)), &kept, sizeof(kept));
	for (unsigned i = 0; i < length; i++) {
		if (shorten && i > 0)
			twz_stage_free(stage, twz_stage_offset(stage, chain[i]));
		if (shorten || moved[i] == 0)
			continue;
		uint8_t *kinds = twz_stage_bytes(stage, chain[i]->kinds, sizeof(chain[i]->kinds));
		for (unsigned slot = 0; slot < TWZ_HASHMAP_SLOTS; slot++)
			if (moved[i] >> slot & 1)
				kinds[slot] = 0;
	}
	return TWZ_OK;
}

/* The next bucket. What it is made of means nothing before the count of buckets does. */
static twz_result split(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map)
{
	uint64_t buckets = map->buckets, first;
	unsigned segment = hashmap_segment(buckets, &first);
	struct twz_hashmap_bucket *head, *to;
	struct twz_stage stage;

	if (segment >= TWZ_HASHMAP_SEGMENTS)
		return TWZ_OK; /* from now on chains grow */
	twz_stage_begin(&stage, tx);
	if (buckets == first) {
		to = twz_stage_alloc(&stage, hashmap_segment_size(segment) * sizeof(*to),
				     sizeof(*to));
		if (!to) /* no space for so many: the same */
			return stage.result == -TWZ_ERR_NO_SPACE ? TWZ_OK : stage.result;
		twz_stage_word(&stage, &map->segments[segment].word, twz_stage_offset(&stage, to));
	} else {
		to = hashmap_head(start, map, buckets);
		if (!to)
			return -TWZ_ERR_CORRUPT;
		to = twz_stage_bytes(&stage, to, sizeof(*to));
	}
	head = hashmap_head(start, map, buckets - hashmap_base(buckets));
	if (!head)
		return -TWZ_ERR_CORRUPT;
	__builtin_memset(to, 0, sizeof(*to));
	twz_result result = split_chain(&stage, map, buckets, head, to);
	if (result < 0)
		return result == -TWZ_ERR_TOO_MANY ? TWZ_OK : result;
	twz_stage_word(&stage, &map->buckets, buckets + 1);
	result = twz_stage_apply(&stage);
	return result == -TWZ_ERR_NO_SPACE ? TWZ_OK : result;
}

static twz_result begin_table(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map)
{
	const struct twz_object_meta *meta = (const void *)(start + TWZ_META_OFFSET);
	const uint64_t size = HASHMAP_FIRST * sizeof(struct twz_hashmap_bucket);
	struct twz_stage stage;

	twz_stage_begin(&stage, tx);
	void *buckets = twz_stage_alloc(&stage, size, size);
	if (!buckets)
		return stage.result;
	__builtin_memset(buckets, 0, size);
	twz_stage_word(&stage, &map->segments[0].word, twz_stage_offset(&stage, buckets));
	/* differs by object, so that keys that are slow in one are not in another */
	twz_stage_word(&stage, &map->seed, meta->nonce.hi ^ meta->nonce.lo * 0x9e3779b97f4a7c15ull);
	twz_stage_word(&stage, &map->buckets, HASHMAP_FIRST);
	return twz_stage_apply(&stage);
}

static twz_result put(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map,
		      struct bytes key, struct bytes value)
{
	struct twz_stage stage;
	struct hashmap_place place;
	twz_result result = TWZ_OK;

	if (map->buckets == 0)
		result = begin_table(tx, start, map);
	else if (map->count / FILL >= map->buckets)
		result = split(tx, start, map);
	if (result < 0)
		return result;
	struct hashmap_wanted wanted = hashmap_want(map, key);
	result = hashmap_find(start, map, &wanted, &place);
	if (result < 0)
		return result;
	twz_stage_begin(&stage, tx);
	return place.bucket ? replace(&stage, &wanted, &place, value)
			    : insert(&stage, map, &wanted, &place, value);
}

twz_result twz_hashmap_put(const struct twz_object *object, struct twz_hashmap *map,
			   const void *key, size_t key_length, const void *value,
			   size_t value_length)
{
	twz_result result = item_check(key_length, value_length);
	struct twz_tx tx;

	if (result < 0)
		return result;
	__builtin_prefetch(&map->count,
			   1); /* which the last change's flush took out of the cache */
	TWZ_TX(&tx, object)
	end_change(&tx, put(&tx, object->start, map, (struct bytes){key, key_length},
			    (struct bytes){value, value_length}));
	return tx.result;
}

static twz_result remove_key(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map,
			     struct bytes key)
{
	struct twz_stage stage;
	struct hashmap_place place;
	twz_result result = hashmap_there(start, map, key, &place);

	if (result < 0)
		return result;
	twz_stage_begin(&stage, tx);
	if (place.kind == TWZ_HASHMAP_ITEM)
		twz_stage_free(&stage, place.bucket->slots[place.slot].item.word);
	uint8_t *kinds = twz_stage_bytes(&stage, place.bucket->kinds, sizeof(place.bucket->kinds));
	kinds[place.slot] = 0;
	twz_stage_word(&stage, &map->count, map->count - 1);
	return twz_stage_apply(&stage);
}

twz_result twz_hashmap_remove(const struct twz_object *object, struct twz_hashmap *map,
			      const void *key, size_t key_length)
{
	struct twz_tx tx;

	__builtin_prefetch(&map->count,
			   1); /* which the last change's flush took out of the cache */
	TWZ_TX(&tx, object)
	end_change(&tx, remove_key(&tx, object->start, map, (struct bytes){key, key_length}));
	return tx.result;
}
