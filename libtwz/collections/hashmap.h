/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hash map's look-ups and changes share. */
#ifndef LIBTWZ_HASHMAP_INTERNAL_H
#define LIBTWZ_HASHMAP_INTERNAL_H

#include "item.h"
#include <twz/hashmap.h>

#define HASHMAP_FIRST 8 /* buckets of the first segment */

/* A key that is looked for. */
struct hashmap_wanted {
	struct bytes key;
	uint64_t hash;
	uint64_t word; /* the key's first 8 bytes, zeros behind them */
};

/* What is kept of a hash beside a slot. */
static inline uint8_t hashmap_tag(uint64_t hash)
{
	return (uint8_t)(hash >> 56);
}

/* A hash's order, its bits reversed; and back. */
uint64_t hashmap_reverse(uint64_t hash);

/* Where it is, or could go. */
struct hashmap_place {
	struct twz_hashmap_bucket *bucket; /* NULL: it is not there */
	unsigned slot;
	uint8_t kind;
	struct twz_hashmap_bucket *room; /* the first with a free slot, or NULL: */
	struct twz_hashmap_bucket *last; /* the chain's end */
};

struct hashmap_wanted hashmap_want(const struct twz_hashmap *map, struct bytes key);

/* How many buckets there would be without the splits since the last doubling. */
uint64_t hashmap_base(uint64_t buckets);
/* The bucket of a key's order, of so many. */
uint64_t hashmap_bucket(uint64_t buckets, uint64_t order);
/* Where a bucket is: the segment, its first bucket, and how many it has. */
unsigned hashmap_segment(uint64_t bucket, uint64_t *first);
uint64_t hashmap_segment_size(unsigned segment);
/* The head of a bucket's chain; NULL: CORRUPT. */
struct twz_hashmap_bucket *hashmap_head(const uint8_t *start, const struct twz_hashmap *map,
					uint64_t bucket);
/* The bucket behind, or NULL; *broken: the word leads nowhere. */
struct twz_hashmap_bucket *hashmap_behind(const uint8_t *start,
					  const struct twz_hashmap_bucket *bucket, bool *broken);

/* The key and value of a slot that is not free, or its key's order; false: CORRUPT. */
bool hashmap_read(const uint8_t *start, const struct twz_hashmap_slot *slot, uint8_t kind,
		  struct bytes *key, struct bytes *value);
bool hashmap_order(const uint8_t *start, const struct twz_hashmap *map,
		   const struct twz_hashmap_slot *slot, uint8_t kind, uint64_t *order);

/* Where a key is, or, not being there, could go. CORRUPT. */
twz_result hashmap_find(const uint8_t *start, const struct twz_hashmap *map,
			const struct hashmap_wanted *wanted, struct hashmap_place *place);

/* The place of a key that is there. NOT_FOUND, CORRUPT. */
twz_result hashmap_there(const uint8_t *start, const struct twz_hashmap *map, struct bytes key,
			 struct hashmap_place *place);

/* The first free slot; TWZ_HASHMAP_SLOTS: none. */
static inline unsigned hashmap_free_slot(const struct twz_hashmap_bucket *bucket)
{
	unsigned slot = 0;

	while (slot < TWZ_HASHMAP_SLOTS && bucket->kinds[slot] != 0)
		slot++;
	return slot;
}

#endif
