/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash map: looking, and going through it; see <twz/hashmap.h>. */
#include "hashmap.h"
#include "optimistic.h"

#define CHAIN_LIMIT 4096 /* buckets; longer is a circle */

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
	uint64_t hash = hash_of(key, map->seed), word;

	if (!hashmap_is_short(key.length))
		word = hashmap_reverse(hash);
	else if (key.length == 8)
		word = load_bytes(key.data);
	else
		word = tail_of(key.data, key.length);
	return (struct hashmap_wanted){key, hash, word};
}

struct hashmap_wanted hashmap_want(const struct twz_hashmap *map, struct bytes key)
{
	return want(map, key);
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

bool hashmap_read(const uint8_t *start, const struct twz_hashmap_bucket *bucket, unsigned slot,
		  uint32_t kind, struct bytes *key, struct bytes *value)
{
	const union twz_hashmap_value *held = &bucket->values[slot];

	if (kind >= TWZ_HASHMAP_HERE(2, 0)) {
		kind -= TWZ_HASHMAP_HERE(2, 0);
		*key = (struct bytes){(const uint8_t *)&bucket->keys[slot], kind / 17 + 2};
		*value = (struct bytes){held->bytes, kind % 17};
		return true;
	}
	if (!item_read(start, load64(&held->item.word), key, value))
		return false;
	if (kind != TWZ_HASHMAP_ITEM)
		*key = (struct bytes){(const uint8_t *)&bucket->keys[slot], kind};
	return true;
}

uint64_t hashmap_order(const struct twz_hashmap *map, const struct twz_hashmap_bucket *bucket,
		       unsigned slot, uint32_t kind)
{
	const uint64_t *word = &bucket->keys[slot];

	if (kind == TWZ_HASHMAP_ITEM)
		return load64(word);
	if (kind >= TWZ_HASHMAP_HERE(2, 0))
		kind = (kind - TWZ_HASHMAP_HERE(2, 0)) / 17 + 2;
	return hashmap_reverse(hash_of((struct bytes){(const uint8_t *)word, kind}, map->seed));
}

/* How long the value of a slot is that holds a short key of this length, too; more than 16: it does
 * not. */
static inline uint64_t value_here(uint32_t kind, uint64_t key_length)
{
	return (uint64_t)kind - TWZ_HASHMAP_HERE(key_length, 0);
}

/* Of a slot whose key is the wanted word. Not inline where an item is read: a look-up of a short
 * key is short, so that the processor has begun the next one before this one's memory has come. */
static __attribute__((noinline)) twz_result is_item(const uint8_t *start, twz_iptr item,
						    struct bytes wanted)
{
	struct bytes key, value;

	if (!item_read(start, item, &key, &value))
		return -TWZ_ERR_CORRUPT;
	return compare_bytes(key, wanted) == 0;
}

static inline twz_result is_wanted(const uint8_t *start, const struct twz_hashmap_bucket *bucket,
				   unsigned slot, uint32_t kind,
				   const struct hashmap_wanted *wanted)
{
	uint64_t length = wanted->key.length;

	if (hashmap_is_short(length))
		return value_here(kind, length) <= sizeof(bucket->values[slot]) || kind == length;
	return kind == TWZ_HASHMAP_ITEM
		       ? is_item(start, load64(&bucket->values[slot].item.word), wanted->key)
		       : false;
}

static inline unsigned is_at(const struct twz_hashmap_bucket *bucket, unsigned slot, uint64_t word)
{
	return (unsigned)(load64(&bucket->keys[slot]) == word) << slot;
}

/* The slots whose keys are the word, a bit for each: all are compared, without a branch that would
 * be foreseen wrongly. */
static inline unsigned candidates(const struct twz_hashmap_bucket *bucket, uint64_t word)
{
	TWZ_STATIC_ASSERT(TWZ_HASHMAP_SLOTS == 5, "slots that are compared");
	return is_at(bucket, 0, word) | is_at(bucket, 1, word) | is_at(bucket, 2, word) |
	       is_at(bucket, 3, word) | is_at(bucket, 4, word);
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
		__builtin_prefetch(&at->values[1]);
		uint64_t head = load64(&at->head);
		for (unsigned left = candidates(at, wanted->word); left != 0; left &= left - 1) {
			unsigned slot = (unsigned)__builtin_ctz(left);
			uint32_t kind = hashmap_kind(head, slot);
			twz_result same = is_wanted(start, at, slot, kind, wanted);
			if (same < 0)
				return same;
			if (same) {
				place->bucket = at;
				place->slot = slot;
				place->kind = kind;
				return TWZ_OK;
			}
		}
		if (for_room && !place->room && hashmap_free_slot(head) < TWZ_HASHMAP_SLOTS)
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

static inline __attribute__((always_inline)) twz_result there(const uint8_t *start,
							      const struct twz_hashmap *map,
							      struct bytes key,
							      struct hashmap_place *place)
{
	struct hashmap_wanted wanted = want(map, key);

	if (map->buckets == 0)
		return -TWZ_ERR_NOT_FOUND;
	if (map->format != TWZ_HASHMAP_FORMAT)
		return -TWZ_ERR_VERSION_MISMATCH;
	twz_result result = find(start, map, &wanted, false, place);
	return result >= 0 && !place->bucket ? -TWZ_ERR_NOT_FOUND : result;
}

twz_result hashmap_there(const uint8_t *start, const struct twz_hashmap *map, struct bytes key,
			 struct hashmap_place *place)
{
	return there(start, map, key, place);
}

static inline __attribute__((always_inline)) twz_result
get(const uint8_t *start, const void *map, struct bytes key, void *value, size_t size)
{
	struct bytes found, held;
	struct hashmap_place place;
	twz_result result = there(start, map, key, &place);

	if (result < 0)
		return result;
	const union twz_hashmap_value *at = &place.bucket->values[place.slot];
	if (place.kind >= TWZ_HASHMAP_HERE(2, 0))
		held = (struct bytes){at->bytes, value_here(place.kind, key.length)};
	else if (!item_read(start, load64(&at->item.word), &found, &held))
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
			uint32_t kind = hashmap_kind(load64(&bucket->head), slot);
			struct spot spot;
			if (kind == 0)
				continue;
			if (!hashmap_read(start, bucket, slot, kind, &spot.key, &spot.value))
				return -TWZ_ERR_CORRUPT;
			spot.order = hashmap_order(map, bucket, slot, kind);
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
	if (map->format != TWZ_HASHMAP_FORMAT)
		return -TWZ_ERR_VERSION_MISMATCH;
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
