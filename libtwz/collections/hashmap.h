/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hash map's look-ups and changes share. */
#ifndef LIBTWZ_HASHMAP_INTERNAL_H
#define LIBTWZ_HASHMAP_INTERNAL_H

#include "item.h"
#include <twz/hashmap.h>

#define HASHMAP_FIRST 8 /* buckets of the first segment */

#define HASHMAP_LINE  64  /* where a bucket behind others begins in its block */
#define HASHMAP_LINES 128 /* where a segment's buckets do */

/* A key that is looked for. */
struct hashmap_wanted {
	struct bytes key;
	uint64_t hash;
	uint64_t word; /* what the key of its slot is */
};

/* Whether a slot holds a key of this length itself. */
static inline bool hashmap_is_short(uint64_t length)
{
	return length - 2 <= 6;
}

/* A hash's order, its bits reversed; and back. */
uint64_t hashmap_reverse(uint64_t hash);

/* Where it is, or could go. */
struct hashmap_place {
	struct twz_hashmap_bucket *bucket; /* NULL: it is not there */
	unsigned slot;
	uint32_t kind;
	struct twz_hashmap_bucket *room; /* the first with a free slot, or NULL: */
	struct twz_hashmap_bucket *last; /* the chain's end */
};

static inline uint32_t hashmap_kind(uint64_t head, unsigned slot)
{
	return (uint32_t)(head >> 7 * slot) & 127;
}

static inline uint64_t hashmap_with_kind(uint64_t head, unsigned slot, uint32_t kind)
{
	return (head & ~(127ull << 7 * slot)) | (uint64_t)kind << 7 * slot;
}

/* The offset of the block of the bucket behind; 0: none. */
static inline uint64_t hashmap_next(uint64_t head)
{
	return (head >> 35 & ((1u << 26) - 1)) * 16;
}

static inline uint64_t hashmap_with_next(uint64_t head, uint64_t block)
{
	return (head & ((1ull << 35) - 1)) | block / 16 << 35;
}

/* In a block at this offset. */
static inline uint64_t hashmap_line(uint64_t block, uint64_t line)
{
	return (block + line - 1) & ~(line - 1);
}

struct hashmap_wanted hashmap_want(const struct twz_hashmap *map, struct bytes key);

/* How many buckets there would be without the splits since the last doubling. */
static inline uint64_t hashmap_base(uint64_t buckets)
{
	return 1ull << (63 - __builtin_clzll(buckets));
}

/* The bucket of a key's order, of so many. */
uint64_t hashmap_bucket(uint64_t buckets, uint64_t order);

/* Where a bucket is: the segment, its first bucket, and how many it has. */
static inline unsigned hashmap_segment(uint64_t bucket, uint64_t *first)
{
	unsigned segment = bucket < HASHMAP_FIRST ? 0 : 61u - (unsigned)__builtin_clzll(bucket);

	*first = segment ? (uint64_t)HASHMAP_FIRST << (segment - 1) : 0;
	return segment;
}

static inline uint64_t hashmap_segment_size(unsigned segment)
{
	return segment ? (uint64_t)HASHMAP_FIRST << (segment - 1) : HASHMAP_FIRST;
}

/* The head of a bucket's chain; NULL: CORRUPT. */
static inline struct twz_hashmap_bucket *
hashmap_head(const uint8_t *start, const struct twz_hashmap *map, uint64_t bucket)
{
	uint64_t first;
	unsigned segment = hashmap_segment(bucket, &first);

	if (segment >= TWZ_HASHMAP_SEGMENTS)
		return NULL;
	twz_iptr block = load64(&map->segments[segment].word);
	struct twz_hashmap_bucket *buckets =
		part_of(start, block ? hashmap_line(block, HASHMAP_LINES) : 0,
			hashmap_segment_size(segment) * sizeof(struct twz_hashmap_bucket));
	return buckets ? buckets + (bucket - first) : NULL;
}

/* The bucket behind, or NULL; *broken: the word leads nowhere. */
static inline struct twz_hashmap_bucket *
hashmap_behind(const uint8_t *start, const struct twz_hashmap_bucket *bucket, bool *broken)
{
	uint64_t block = hashmap_next(load64(&bucket->head));
	struct twz_hashmap_bucket *next =
		block ? part_of(start, hashmap_line(block, HASHMAP_LINE), sizeof(*next)) : NULL;

	*broken |= block != 0 && !next;
	return next;
}

/* The key and value of a slot that is not free; false: CORRUPT. And its key's order. */
bool hashmap_read(const uint8_t *start, const struct twz_hashmap_bucket *bucket, unsigned slot,
		  uint32_t kind, struct bytes *key, struct bytes *value);
uint64_t hashmap_order(const struct twz_hashmap *map, const struct twz_hashmap_bucket *bucket,
		       unsigned slot, uint32_t kind);

/* Where a key is, or, not being there, could go. CORRUPT. */
twz_result hashmap_find(const uint8_t *start, const struct twz_hashmap *map,
			const struct hashmap_wanted *wanted, struct hashmap_place *place);

/* The place of a key that is there. NOT_FOUND, CORRUPT, VERSION_MISMATCH. */
twz_result hashmap_there(const uint8_t *start, const struct twz_hashmap *map, struct bytes key,
			 struct hashmap_place *place);

/* The first free slot; TWZ_HASHMAP_SLOTS: none. */
static inline unsigned hashmap_free_slot(uint64_t head)
{
	unsigned slot = 0;

	while (slot < TWZ_HASHMAP_SLOTS && hashmap_kind(head, slot) != 0)
		slot++;
	return slot;
}

#endif
