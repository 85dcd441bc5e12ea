/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash map: putting and removing keys within a transaction; see <twz/hashmap.h>. */
#include "hashmap.h"

#define FILL	    3 /* keys a bucket, on average, when the table grows */
#define SPLIT_LIMIT 8 /* buckets of a chain that is split */

/* The value that a slot is to hold, and its kind; 0: see the stage's result. */
static uint32_t fill(struct twz_stage *stage, union twz_hashmap_value *to, struct bytes key,
		     struct bytes value)
{
	bool is_short = hashmap_is_short(key.length);

	if (is_short && value.length <= sizeof(to->bytes)) {
		__builtin_memset(to->bytes, 0, sizeof(to->bytes));
		copy_bytes(to->bytes, sizeof(to->bytes), value);
		return (uint32_t)TWZ_HASHMAP_HERE(key.length, value.length);
	}
	__builtin_memset(to, 0, sizeof(*to));
	to->item.word = item_make(stage, 0, key, value);
	if (to->item.word == 0)
		return 0;
	return is_short ? (uint32_t)key.length : TWZ_HASHMAP_ITEM;
}

/* The slot's kind, once for each bucket and stage. */
static void set_kind(struct twz_stage *stage, struct twz_hashmap_bucket *bucket, unsigned slot,
		     uint32_t kind)
{
	twz_stage_word(stage, &bucket->head, hashmap_with_kind(bucket->head, slot, kind));
}

static twz_result replace(struct twz_stage *stage, const struct hashmap_wanted *wanted,
			  const struct hashmap_place *place, struct bytes value)
{
	union twz_hashmap_value *held = &place->bucket->values[place->slot];
	struct bytes key, old;
	twz_result result;

	if (!hashmap_read(stage->tx->log.start, place->bucket, place->slot, place->kind, &key,
			  &old))
		return -TWZ_ERR_CORRUPT;
	if (item_replace(stage, old, value, &result))
		return result;
	if (place->kind < TWZ_HASHMAP_HERE(2, 0))
		twz_stage_free(stage, held->item.word);
	uint32_t kind =
		fill(stage, twz_stage_bytes(stage, held, sizeof(*held)), wanted->key, value);
	set_kind(stage, place->bucket, place->slot, kind);
	return twz_stage_apply(stage);
}

/* A bucket in a block of its own, that nobody sees yet; *block: the block's offset. NULL: see the
 * stage's result. */
static struct twz_hashmap_bucket *make_bucket(struct twz_stage *stage, uint64_t *block)
{
	const uint64_t size = sizeof(struct twz_hashmap_bucket) + HASHMAP_LINE - 16;
	void *data = twz_stage_alloc(stage, size, size);

	if (!data)
		return NULL;
	__builtin_memset(data, 0, size);
	*block = twz_stage_offset(stage, data);
	return (void *)(stage->tx->log.start + hashmap_line(*block, HASHMAP_LINE));
}

/* Into a free slot, or a bucket more. */
static twz_result insert(struct twz_stage *stage, struct twz_hashmap *map,
			 const struct hashmap_wanted *wanted, const struct hashmap_place *place,
			 struct bytes value)
{
	struct twz_hashmap_bucket *bucket = place->room;
	uint64_t block;

	if (!bucket) {
		bucket = make_bucket(stage, &block);
		if (!bucket)
			return stage->result;
		bucket->keys[0] = wanted->word;
		bucket->head = fill(stage, &bucket->values[0], wanted->key, value);
		twz_stage_word(stage, &place->last->head,
			       hashmap_with_next(place->last->head, block));
	} else {
		unsigned slot = hashmap_free_slot(bucket->head);
		if (slot == TWZ_HASHMAP_SLOTS)
			return -TWZ_ERR_CORRUPT;
		union twz_hashmap_value *to =
			twz_stage_bytes(stage, &bucket->values[slot], sizeof(bucket->values[slot]));
		uint32_t kind = fill(stage, to, wanted->key, value);
		twz_stage_word(stage, &bucket->keys[slot], wanted->word);
		set_kind(stage, bucket, slot, kind);
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
	unsigned free = hashmap_free_slot(to->head);
	uint64_t block;

	if (free == TWZ_HASHMAP_SLOTS) {
		struct twz_hashmap_bucket *more = make_bucket(stage, &block);
		if (!more)
			return NULL;
		to->head = hashmap_with_next(to->head, block);
		to = more;
		free = 0;
	}
	to->head = hashmap_with_kind(to->head, free, hashmap_kind(from->head, slot));
	to->keys[free] = from->keys[slot];
	to->values[free] = from->values[slot];
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
	uint64_t heads[SPLIT_LIMIT]; /* without what is moved */
	unsigned length = 0, stays = 0;
	bool broken = false;

	for (struct twz_hashmap_bucket *at = head; at; at = hashmap_behind(start, at, &broken)) {
		if (length == SPLIT_LIMIT)
			return -TWZ_ERR_TOO_MANY;
		heads[length] = at->head;
		for (unsigned slot = 0; slot < TWZ_HASHMAP_SLOTS; slot++) {
			uint32_t kind = hashmap_kind(at->head, slot);
			if (kind == 0)
				continue;
			uint64_t order = hashmap_order(map, at, slot, kind);
			if (hashmap_bucket(buckets + 1, order) == buckets) {
				heads[length] = hashmap_with_kind(heads[length], slot, 0);
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
	if (shorten) {
		twz_stage_free(stage, hashmap_next(head->head));
		__builtin_memcpy(twz_stage_bytes(stage, head, sizeof(kept)), &kept, sizeof(kept));
	}
	for (unsigned i = 0; i < length && !shorten; i++)
		if (heads[i] != chain[i]->head)
			twz_stage_word(stage, &chain[i]->head, heads[i]);
	return TWZ_OK;
}

/* A segment of so many buckets, of which the first `used` are empty; *block: its block's offset.
 * NULL: see the stage's result. */
static struct twz_hashmap_bucket *make_segment(struct twz_stage *stage, uint64_t buckets,
					       uint64_t used, uint64_t *block)
{
	const uint64_t space = HASHMAP_LINES - 16;
	used = used * sizeof(struct twz_hashmap_bucket) + space;
	void *data =
		twz_stage_alloc(stage, buckets * sizeof(struct twz_hashmap_bucket) + space, used);

	if (!data)
		return NULL;
	__builtin_memset(data, 0, used);
	*block = twz_stage_offset(stage, data);
	return (void *)(stage->tx->log.start + hashmap_line(*block, HASHMAP_LINES));
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
		uint64_t block;
		to = make_segment(&stage, hashmap_segment_size(segment), 1, &block);
		if (!to) /* no space for so many: the same */
			return stage.result == -TWZ_ERR_NO_SPACE ? TWZ_OK : stage.result;
		twz_stage_word(&stage, &map->segments[segment].word, block);
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
	struct twz_stage stage;
	uint64_t block;

	twz_stage_begin(&stage, tx);
	if (!make_segment(&stage, HASHMAP_FIRST, HASHMAP_FIRST, &block))
		return stage.result;
	twz_stage_word(&stage, &map->segments[0].word, block);
	/* differs by object, so that keys that are slow in one are not in another */
	twz_stage_word(&stage, &map->seed, meta->nonce.hi ^ meta->nonce.lo * 0x9e3779b97f4a7c15ull);
	twz_stage_word(&stage, &map->format, TWZ_HASHMAP_FORMAT);
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
	else if (map->format != TWZ_HASHMAP_FORMAT)
		result = -TWZ_ERR_VERSION_MISMATCH;
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
	if (place.kind < TWZ_HASHMAP_HERE(2, 0))
		twz_stage_free(&stage, place.bucket->values[place.slot].item.word);
	set_kind(&stage, place.bucket, place.slot, 0);
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
