/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash map; see <twz/hashmap.h>. */
#include "bytes.h"
#include <twz/hashmap.h>

#define FIRST	    64	   /* buckets of the first segment */
#define CHAIN_LIMIT 100000 /* longer is a circle */

/* A key that is looked for. */
struct wanted {
	struct bytes key;
	uint64_t order;
};

/* Where it is or belongs: the pointer that leads there, and the item if the key is there. */
struct place {
	twz_iptr *link;
	struct twz_hashmap_item *item;
};

static uint64_t reverse(uint64_t x)
{
	x = (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
	x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
	x = (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
	return __builtin_bswap64(x);
}

/* Folds 128-bit products, eight bytes at a time, the seed and the length in. */
static uint64_t hash_of(struct bytes key, uint64_t seed)
{
	uint64_t hash = seed ^ 0x9e3779b97f4a7c15ull * (key.length + 1);

	for (uint64_t i = 0; i < key.length; i += 8) {
		uint64_t word = 0, left = key.length - i;
		__builtin_memcpy(&word, key.data + i, left < 8 ? left : 8);
		unsigned __int128 product =
			(unsigned __int128)(hash ^ word) * 0xd6e8feb86659fd93ull;
		hash = (uint64_t)product ^ (uint64_t)(product >> 64) ^ word << 32;
	}
	hash = (hash ^ hash >> 32) * 0xff51afd7ed558ccdull;
	return hash ^ hash >> 29;
}

static struct wanted want(const struct twz_hashmap *map, const void *key, size_t length)
{
	struct bytes bytes = {key, length};

	return (struct wanted){bytes, reverse(hash_of(bytes, map->seed))};
}

/* How many buckets there would be without the splits since the last doubling. */
static uint64_t base_of(uint64_t buckets)
{
	return 1ull << (63 - __builtin_clzll(buckets));
}

static uint64_t bucket_of(uint64_t buckets, uint64_t order)
{
	uint64_t base = base_of(buckets), bucket = reverse(order) & (2 * base - 1);

	return bucket < buckets ? bucket : bucket & (base - 1);
}

static unsigned segment_of(uint64_t bucket, uint64_t *first)
{
	unsigned segment = bucket < FIRST ? 0 : 58u - (unsigned)__builtin_clzll(bucket);

	*first = segment ? (uint64_t)FIRST << (segment - 1) : 0;
	return segment;
}

static uint64_t segment_size(unsigned segment)
{
	return segment ? (uint64_t)FIRST << (segment - 1) : FIRST;
}

/* The head of a bucket's chain; NULL: CORRUPT. */
static twz_iptr *head_of(const uint8_t *start, const struct twz_hashmap *map, uint64_t bucket)
{
	uint64_t first;
	unsigned segment = segment_of(bucket, &first);

	if (segment >= TWZ_HASHMAP_SEGMENTS)
		return NULL;
	twz_iptr *heads = part_of(start, load64(&map->segments[segment].word),
				  segment_size(segment) * sizeof(twz_iptr));
	return heads ? heads + (bucket - first) : NULL;
}

static bool item_at(const uint8_t *start, twz_iptr word, struct twz_hashmap_item **item,
		    struct bytes *key, struct bytes *value)
{
	*item = part_of(start, word, sizeof(**item));
	if (!*item)
		return false;
	key->data = (*item)->bytes;
	key->length = load32(&(*item)->key_length);
	value->data = key->data + key->length;
	value->length = load32(&(*item)->value_length);
	return key->length <= TWZ_HASHMAP_KEY_MAX &&
	       key->length + value->length <= HEAP_LIMIT - word - sizeof(**item);
}

/* Along the chain to the first item that does not come before the wanted. */
static twz_result find(const uint8_t *start, const struct twz_hashmap *map,
		       const struct wanted *wanted, struct place *place)
{
	uint64_t buckets = load64(&map->buckets);
	struct bytes key, value;

	place->link =
		buckets >= FIRST ? head_of(start, map, bucket_of(buckets, wanted->order)) : NULL;
	place->item = NULL;
	if (!place->link)
		return -TWZ_ERR_CORRUPT;
	for (int i = 0; i < CHAIN_LIMIT; i++) {
		twz_iptr word = load64(place->link);
		struct twz_hashmap_item *item;
		if (word == 0)
			return TWZ_OK;
		if (!item_at(start, word, &item, &key, &value))
			return -TWZ_ERR_CORRUPT;
		int order = (item->order > wanted->order) - (item->order < wanted->order);
		if (order == 0)
			order = compare_bytes(key, wanted->key);
		if (order == 0)
			place->item = item;
		if (order >= 0)
			return TWZ_OK;
		place->link = &item->next.word;
	}
	return -TWZ_ERR_CORRUPT;
}

/* The next bucket: the items of an old one that belong to it, which are the end of its chain, move.
 */
static twz_result split(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map)
{
	uint64_t buckets = map->buckets, first;
	unsigned segment = segment_of(buckets, &first);
	twz_result result = TWZ_OK;

	if (segment >= TWZ_HASHMAP_SEGMENTS)
		return TWZ_OK; /* from now on chains grow */
	if (buckets == first)
		result = twz_tx_alloc(tx, segment_size(segment) * sizeof(twz_iptr),
				      &map->segments[segment]);
	if (result < 0)
		return result;
	twz_iptr *link = head_of(start, map, buckets - base_of(buckets));
	twz_iptr *head = head_of(start, map, buckets);
	if (!link || !head)
		return -TWZ_ERR_CORRUPT;
	for (int i = 0; load64(link) != 0; i++) {
		struct twz_hashmap_item *item;
		struct bytes key, value;
		if (i == CHAIN_LIMIT || !item_at(start, *link, &item, &key, &value))
			return -TWZ_ERR_CORRUPT;
		if (bucket_of(buckets + 1, item->order) == buckets)
			break;
		link = &item->next.word;
	}
	struct twz_tx_range ranges[] = {{&map->buckets, sizeof(map->buckets)},
					{&map->count, sizeof(map->count)},
					{link, sizeof(*link)},
					{head, sizeof(*head)}};
	result = twz_tx_add_ranges(tx, ranges, 4);
	if (result < 0)
		return result;
	*head = *link;
	*link = 0;
	map->buckets = buckets + 1;
	return TWZ_OK;
}

static twz_result begin_table(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map)
{
	const struct twz_object_meta *meta = (const void *)(start + TWZ_META_OFFSET);
	struct twz_tx_range ranges[] = {{&map->buckets, 2 * sizeof(uint64_t)}};
	twz_result result = twz_tx_alloc(tx, FIRST * sizeof(twz_iptr), &map->segments[0]);

	if (result >= 0)
		result = twz_tx_add_ranges(tx, ranges, 1);
	if (result < 0)
		return result;
	/* differs by object, so that keys that are slow in one are not in another */
	map->seed = meta->nonce.hi ^ meta->nonce.lo * 0x9e3779b97f4a7c15ull;
	map->buckets = FIRST;
	return TWZ_OK;
}

/* A new item for a place; what is behind it there follows it. Carrying the plan out links it. */
static twz_result plan_item(struct twz_tx *tx, const uint8_t *start, const twz_iptr *link,
			    const struct wanted *wanted, struct bytes value, twz_iptr next,
			    struct twz_heap_plan *plan)
{
	uint64_t size = sizeof(struct twz_hashmap_item) + wanted->key.length + value.length;
	twz_result result = twz_internal_plan_alloc(tx, size, link, false, plan);

	if (result < 0)
		return result;
	struct twz_hashmap_item *item =
		(struct twz_hashmap_item *)(start + plan->fresh + sizeof(struct twz_block));
	item->next.word = next;
	item->order = wanted->order;
	item->key_length = (uint32_t)wanted->key.length;
	item->value_length = (uint32_t)value.length;
	copy_bytes(item->bytes, wanted->key.length, wanted->key);
	copy_bytes(item->bytes + wanted->key.length, value.length, value);
	return TWZ_OK;
}

static twz_result put(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map,
		      struct bytes key, struct bytes value)
{
	struct place place;
	twz_result result = TWZ_OK;

	if (map->buckets == 0)
		result = begin_table(tx, start, map);
	else if (map->count >= map->buckets)
		result = split(tx, start, map);
	struct wanted wanted = want(map, key.data, key.length);
	if (result >= 0)
		result = find(start, map, &wanted, &place);
	if (result < 0)
		return result;
	if (place.item && load32(&place.item->value_length) == value.length) {
		uint8_t *bytes = place.item->bytes + wanted.key.length;
		result = twz_tx_add(tx, bytes, value.length);
		if (result >= 0)
			copy_bytes(bytes, value.length, value);
		return result;
	}
	/* all that changes is known: one wait for it */
	struct twz_heap_plan plan;
	twz_iptr next = load64(place.link), old = next;
	if (place.item)
		next = load64(&place.item->next.word);
	result = twz_internal_name(tx, &map->count, sizeof(map->count));
	if (result >= 0)
		result = plan_item(tx, start, place.link, &wanted, value, next, &plan);
	if (result >= 0 && place.item)
		result = twz_internal_name_free(tx, old, NULL);
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	map->count += !place.item;
	twz_internal_carry_out(tx, &plan);
	return TWZ_OK;
}

twz_result twz_hashmap_put(const struct twz_object *object, struct twz_hashmap *map,
			   const void *key, size_t key_length, const void *value,
			   size_t value_length)
{
	struct twz_tx tx;

	if (key_length > TWZ_HASHMAP_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (value_length > TWZ_HEAP_LARGEST - TWZ_HASHMAP_KEY_MAX - sizeof(struct twz_hashmap_item))
		return -TWZ_ERR_TOO_MANY;
	TWZ_TX(&tx, object)
	end_change(&tx, put(&tx, object->start, map, (struct bytes){key, key_length},
			    (struct bytes){value, value_length}));
	return tx.result;
}

static twz_result remove_key(struct twz_tx *tx, const uint8_t *start, struct twz_hashmap *map,
			     struct bytes key)
{
	struct wanted wanted = want(map, key.data, key.length);
	struct place place;

	if (map->buckets == 0)
		return -TWZ_ERR_NOT_FOUND;
	twz_result result = find(start, map, &wanted, &place);
	if (result < 0)
		return result;
	if (!place.item)
		return -TWZ_ERR_NOT_FOUND;
	result = twz_internal_name(tx, &map->count, sizeof(map->count));
	if (result >= 0)
		result = twz_internal_name_free(tx, *place.link, place.link);
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	*place.link = place.item->next.word;
	map->count--;
	return TWZ_OK;
}

twz_result twz_hashmap_remove(const struct twz_object *object, struct twz_hashmap *map,
			      const void *key, size_t key_length)
{
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	end_change(&tx, remove_key(&tx, object->start, map, (struct bytes){key, key_length}));
	return tx.result;
}

static twz_result get(const uint8_t *start, const struct twz_hashmap *map, struct bytes key,
		      void *value, size_t size)
{
	struct wanted wanted = want(map, key.data, key.length);
	struct place place;

	if (map->buckets == 0)
		return -TWZ_ERR_NOT_FOUND;
	twz_result result = find(start, map, &wanted, &place);
	if (result < 0)
		return result;
	if (!place.item)
		return -TWZ_ERR_NOT_FOUND;
	struct twz_hashmap_item *item;
	struct bytes found, held;
	if (!item_at(start, (twz_iptr)((uint8_t *)place.item - start), &item, &found, &held))
		return -TWZ_ERR_CORRUPT;
	return (twz_result)copy_bytes(value, size, held);
}

twz_result twz_hashmap_get(const struct twz_object *object, const struct twz_hashmap *map,
			   const void *key, size_t key_length, void *value, size_t size)
{
	twz_result result = -TWZ_ERR_NOT_FOUND;
	struct twz_tx tx;
	uint64_t turns;

	if (twz_internal_read_begin(object, &turns)) {
		result = get(object->start, map, (struct bytes){key, key_length}, value, size);
		if (twz_internal_read_end(object, turns))
			return result;
	}
	TWZ_TX(&tx, object)
	result = get(object->start, map, (struct bytes){key, key_length}, value, size);
	return tx.result < 0 ? tx.result : result;
}

/* The least order that belongs to the bucket behind the one of this order; 0: that was the last. */
static uint64_t next_bucket(uint64_t buckets, uint64_t order)
{
	uint64_t base = base_of(buckets), low = reverse(order) & (base - 1);
	/* a bucket that is split, or the new one of it, is told by one bit more */
	unsigned bits = (unsigned)__builtin_ctzll(base) + (low + base < buckets);

	return ((order >> (64 - bits)) + 1) << (64 - bits);
}

static twz_result next(const uint8_t *start, const struct twz_hashmap *map,
		       struct twz_hashmap_cursor *cursor, void *value, size_t size)
{
	struct wanted wanted = {{cursor->key, cursor->key_length}, cursor->order};
	uint64_t buckets = load64(&map->buckets);
	bool skip = cursor->begun; /* the last key itself */
	struct bytes key, held;
	struct place place;

	if (buckets == 0)
		return 0;
	if (wanted.key.length > TWZ_HASHMAP_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	for (;;) {
		struct twz_hashmap_item *item;
		twz_result result = find(start, map, &wanted, &place);
		if (result < 0)
			return result;
		twz_iptr word = load64(place.link);
		if (place.item && skip)
			word = load64(&place.item->next.word);
		if (word != 0) {
			if (!item_at(start, word, &item, &key, &held))
				return -TWZ_ERR_CORRUPT;
			cursor->order = load64(&item->order);
			cursor->begun = true;
			cursor->key_length =
				(uint32_t)copy_bytes(cursor->key, sizeof(cursor->key), key);
			cursor->value_length = (uint32_t)copy_bytes(value, size, held);
			return 1;
		}
		uint64_t order = next_bucket(buckets, wanted.order);
		if (order == 0)
			return 0;
		wanted = (struct wanted){{cursor->key, 0}, order};
		skip = false;
	}
}

twz_result twz_hashmap_next(const struct twz_object *object, const struct twz_hashmap *map,
			    struct twz_hashmap_cursor *cursor, void *value, size_t size)
{
	twz_result result = 0;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	result = next(object->start, map, cursor, value, size);
	return tx.result < 0 ? tx.result : result;
}
