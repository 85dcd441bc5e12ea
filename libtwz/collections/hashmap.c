/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash map: looking, and going through it; see <twz/hashmap.h>. */
#include "hashmap.h"
#include "optimistic.h"

#define CHAIN_LIMIT 4096 /* buckets; longer is a circle */
#define ONES	    0x0101010101010101ull

uint64_t hashmap_reverse(uint64_t x)
{
	x = (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
	x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
	x = (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
	return __builtin_bswap64(x);
}

/* The last bytes of a key, fewer than 8, zeros behind them. */
static inline uint64_t tail_of(const uint8_t *bytes, uint64_t count)
{
	uint64_t word = 0;

	for (uint64_t i = 0; i < count; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

static inline uint64_t fold(uint64_t hash, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ word) * 0xd6e8feb86659fd93ull;

	return (uint64_t)product ^ (uint64_t)(product >> 64) ^ word << 32;
}

/* Folds 128-bit products, eight bytes at a time, the seed and the length in. */
static inline uint64_t hash_of(struct bytes key, uint64_t seed)
{
	uint64_t hash = seed ^ 0x9e3779b97f4a7c15ull * (key.length + 1), at = 0;

	for (; at + 8 <= key.length; at += 8)
		hash = fold(hash, load_bytes(key.data + at));
	if (at < key.length)
		hash = fold(hash, tail_of(key.data + at, key.length - at));
	hash = (hash ^ hash >> 32) * 0xff51afd7ed558ccdull;
	return hash ^ hash >> 29;
}

static inline struct hashmap_wanted want(const struct twz_hashmap *map, struct bytes key)
{
	return (struct hashmap_wanted){key, hash_of(key, map->seed),
				       key.length >= 8 ? load_bytes(key.data)
						       : tail_of(key.data, key.length)};
}

struct hashmap_wanted hashmap_want(const struct twz_hashmap *map, struct bytes key)
{
	return want(map, key);
}

/* How many buckets there would be without the splits since the last doubling. */
uint64_t hashmap_base(uint64_t buckets)
{
	return 1ull << (63 - __builtin_clzll(buckets));
}

static inline uint64_t bucket_of(uint64_t buckets, uint64_t hash)
{
	uint64_t base = hashmap_base(buckets), bucket = hash & (2 * base - 1);

	return bucket - (bucket < buckets ? 0 : base);
}

uint64_t hashmap_bucket(uint64_t buckets, uint64_t order)
{
	return bucket_of(buckets, hashmap_reverse(order));
}

unsigned hashmap_segment(uint64_t bucket, uint64_t *first)
{
	unsigned segment = bucket < HASHMAP_FIRST ? 0 : 61u - (unsigned)__builtin_clzll(bucket);

	*first = segment ? (uint64_t)HASHMAP_FIRST << (segment - 1) : 0;
	return segment;
}

uint64_t hashmap_segment_size(unsigned segment)
{
	return segment ? (uint64_t)HASHMAP_FIRST << (segment - 1) : HASHMAP_FIRST;
}

/* The head of a bucket's chain; NULL: CORRUPT. */
struct twz_hashmap_bucket *hashmap_head(const uint8_t *start, const struct twz_hashmap *map,
					uint64_t bucket)
{
	uint64_t first;
	unsigned segment = hashmap_segment(bucket, &first);

	if (segment >= TWZ_HASHMAP_SEGMENTS)
		return NULL;
	struct twz_hashmap_bucket *buckets =
		part_of(start, load64(&map->segments[segment].word),
			hashmap_segment_size(segment) * sizeof(struct twz_hashmap_bucket));
	return buckets ? buckets + (bucket - first) : NULL;
}

/* The bucket behind, or NULL; *broken: the word leads nowhere. */
struct twz_hashmap_bucket *hashmap_behind(const uint8_t *start,
					  const struct twz_hashmap_bucket *bucket, bool *broken)
{
	twz_iptr word = load64(&bucket->next.word);
	struct twz_hashmap_bucket *next = word ? part_of(start, word, sizeof(*next)) : NULL;

	*broken |= word != 0 && !next;
	return next;
}

/* The key and value of a slot that is not free; false: CORRUPT. */
inline bool hashmap_read(const uint8_t *start, const struct twz_hashmap_slot *slot, uint8_t kind,
			 struct bytes *key, struct bytes *value)
{
	if (kind == TWZ_HASHMAP_ITEM)
		return item_read(start, load64(&slot->item.word), key, value);
	kind -= TWZ_HASHMAP_HERE(0, 0);
	*key = (struct bytes){(const uint8_t *)&slot->key, kind / 17};
	*value = (struct bytes){slot->value, kind % 17};
	return key->length <= 8;
}

static inline twz_result is_wanted(const uint8_t *start, const struct twz_hashmap_slot *slot,
				   uint8_t kind, const struct hashmap_wanted *wanted)
{
	struct bytes key, value;

	if (kind == 0)
		return false;
	if (kind != TWZ_HASHMAP_ITEM)
		return load64(&slot->key) == wanted->word &&
		       (kind - TWZ_HASHMAP_HERE(0, 0)) / 17u == wanted->key.length;
	if (load64(&slot->key) != hashmap_reverse(wanted->hash))
		return false;
	if (!item_read(start, load64(&slot->item.word), &key, &value))
		return -TWZ_ERR_CORRUPT;
	return compare_bytes(key, wanted->key) == 0;
}

/* The slots whose tags are the wanted one's, and maybe others: bit 7 of a slot's byte. */
static inline uint64_t candidates(const struct twz_hashmap_bucket *bucket, uint8_t tag)
{
	uint64_t tags;

	__builtin_memcpy(&tags, bucket->tags, sizeof(tags));
	tags ^= tag * ONES;
	return (tags - ONES) & ~tags & (ONES << 7 & ~0ull >> 8);
}

bool hashmap_order(const uint8_t *start, const struct twz_hashmap *map,
		   const struct twz_hashmap_slot *slot, uint8_t kind, uint64_t *order)
{
	struct bytes key, value;

	*order = load64(&slot->key);
	if (kind == TWZ_HASHMAP_ITEM)
		return true;
	if (!hashmap_read(start, slot, kind, &key, &value))
		return false;
	*order = hashmap_reverse(hash_of(key, map->seed));
	return true;
}

static inline __attribute__((always_inline)) twz_result
find(const uint8_t *start, const struct twz_hashmap *map, const struct hashmap_wanted *wanted,
     bool for_room, struct hashmap_place *place)
{
	uint64_t buckets = load64(&map->buckets);
	struct twz_hashmap_bucket *at =
		buckets >= HASHMAP_FIRST
			? hashmap_head(start, map, bucket_of(buckets, wanted->hash))
			: NULL;
	bool broken = !at;

	*place = (struct hashmap_place){0};
	for (int i = 0; at && i < CHAIN_LIMIT; i++) {
		__builtin_prefetch(&at->slots[2]);
		__builtin_prefetch(&at->slots[5]);
		for (uint64_t left = candidates(at, hashmap_tag(wanted->hash)); left != 0;
		     left &= left - 1) {
			unsigned slot = (unsigned)__builtin_ctzll(left) / 8;
			uint8_t kind = at->kinds[slot];
			twz_result same = is_wanted(start, &at->slots[slot], kind, wanted);
			if (same < 0)
				return same;
			if (same) {
				place->bucket = at;
				place->slot = slot;
				place->kind = kind;
				return TWZ_OK;
			}
		}
		if (for_room && !place->room && hashmap_free_slot(at) < TWZ_HASHMAP_SLOTS)
			place->room = at;
		place->last = at;
		at = hashmap_behind(start, at, &broken);
	}
	return broken || at ? -TWZ_ERR_CORRUPT : TWZ_OK;
}

twz_result hashmap_find(const uint8_t *start, const struct twz_hashmap *map,
			const struct hashmap_wanted *wanted, struct hashmap_place *place)
{
	return find(start, map, wanted, true, place);
}

static inline twz_result there(const uint8_t *start, const struct twz_hashmap *map,
			       struct bytes key, struct hashmap_place *place)
{
	struct hashmap_wanted wanted = want(map, key);

	if (map->buckets == 0)
		return -TWZ_ERR_NOT_FOUND;
	twz_result result = find(start, map, &wanted, false, place);
	return result >= 0 && !place->bucket ? -TWZ_ERR_NOT_FOUND : result;
}

twz_result hashmap_there(const uint8_t *start, const struct twz_hashmap *map, struct bytes key,
			 struct hashmap_place *place)
{
	return there(start, map, key, place);
}

static inline twz_result get(const uint8_t *start, const void *map, struct bytes key, void *value,
			     size_t size)
{
	struct bytes found, held;
	struct hashmap_place place;
	twz_result result = there(start, map, key, &place);

	if (result < 0)
		return result;
	if (!hashmap_read(start, &place.bucket->slots[place.slot], place.kind, &found, &held))
		return -TWZ_ERR_CORRUPT;
	return (twz_result)copy_out(value, size, held);
}

twz_result twz_hashmap_get(const struct twz_object *object, const struct twz_hashmap *map,
			   const void *key, size_t key_length, void *value, size_t size)
{
	return optimistic(object, map, get, (struct bytes){key, key_length}, value, size);
}

/* The least order that belongs to the bucket behind the one of this order; 0: that was the last. */
static uint64_t next_bucket(uint64_t buckets, uint64_t order)
{
	uint64_t base = hashmap_base(buckets), low = hashmap_reverse(order) & (base - 1);
	/* a bucket that is split, or the new one of it, is told by one bit more */
	unsigned bits = (unsigned)__builtin_ctzll(base) + (low + base < buckets);

	return ((order >> (64 - bits)) + 1) << (64 - bits);
}

/* A key on the way through the map. */
struct spot {
	uint64_t order;
	struct bytes key, value;
};

static int compare_spots(const struct spot *a, const struct spot *b)
{
	int order = (a->order > b->order) - (a->order < b->order);

	return order ? order : compare_bytes(a->key, b->key);
}

/* The first key of a bucket's chain behind `from`, or at it, into *found. 1; 0: none. */
static twz_result first_behind(const uint8_t *start, const struct twz_hashmap *map,
			       const struct spot *from, bool at_it, struct spot *found)
{
	const struct twz_hashmap_bucket *bucket =
		hashmap_head(start, map, hashmap_bucket(load64(&map->buckets), from->order));
	bool broken = !bucket;
	twz_result is_found = 0;

	for (int i = 0; bucket && i < CHAIN_LIMIT;
	     i++, bucket = hashmap_behind(start, bucket, &broken)) {
		for (unsigned slot = 0; slot < TWZ_HASHMAP_SLOTS; slot++) {
			uint8_t kind = bucket->kinds[slot];
			struct spot spot;
			if (kind == 0)
				continue;
			if (!hashmap_read(start, &bucket->slots[slot], kind, &spot.key,
					  &spot.value) ||
			    !hashmap_order(start, map, &bucket->slots[slot], kind, &spot.order))
				return -TWZ_ERR_CORRUPT;
			int order = compare_spots(&spot, from);
			if (order < 0 || (order == 0 && !at_it) ||
			    (is_found && compare_spots(&spot, found) >= 0))
				continue;
			*found = spot;
			is_found = 1;
		}
	}
	return broken || bucket ? -TWZ_ERR_CORRUPT : is_found;
}

static twz_result next(const uint8_t *start, const struct twz_hashmap *map,
		       struct twz_hashmap_cursor *cursor, void *value, size_t size)
{
	struct spot from = {cursor->order, {cursor->key, cursor->key_length}, {0}};
	struct spot found = {0};
	uint64_t buckets = load64(&map->buckets);
	bool at_it = !cursor->begun;

	if (buckets == 0)
		return 0;
	if (buckets < HASHMAP_FIRST)
		return -TWZ_ERR_CORRUPT;
	if (from.key.length > TWZ_HASHMAP_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	for (;;) {
		twz_result result = first_behind(start, map, &from, at_it, &found);
		if (result < 0)
			return result;
		if (result == 1) {
			cursor->order = found.order;
			cursor->begun = true;
			cursor->key_length =
				(uint32_t)copy_bytes(cursor->key, sizeof(cursor->key), found.key);
			cursor->value_length = (uint32_t)copy_bytes(value, size, found.value);
			return 1;
		}
		uint64_t order = next_bucket(buckets, from.order);
		if (order == 0)
			return 0;
		from = (struct spot){order, {cursor->key, 0}, {0}};
		at_it = true;
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
