/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories, read: open and check, look up, enumerate. Lock-free; see <twz/directory.h>. */
#include "directory_internal.h"
#include <twz/id.h>

/* A reader that meets this many rebuilds in a row gives up; each is one that a writer completed. */
#define RETRIES 1000

#define HEADER(field) (TWZ_BASE_OFFSET + offsetof(struct twz_directory_header, field))
#define TABLE_OFFSET  ((1ull << 40) - 1)

static uint64_t load(const uint8_t *start, uint64_t offset)
{
	return __atomic_load_n((const uint64_t *)(start + offset), __ATOMIC_ACQUIRE);
}

uint64_t twz_directory_word(const struct directory *d, uint64_t offset)
{
	return twz_change_load(&d->change, d->start, offset);
}

twz_result twz_directory_open(struct directory *d, const void *start, uint64_t limit)
{
	d->start = (uint8_t *)(uintptr_t)start;
	d->limit = limit;
	if (limit > TWZ_META_OFFSET ||
	    limit < TWZ_BASE_OFFSET + sizeof(struct twz_directory_header))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (load(d->start, HEADER(magic)) != TWZ_DIRECTORY_MAGIC)
		return -TWZ_ERR_CORRUPT;
	if ((uint32_t)load(d->start, HEADER(version)) != TWZ_DIRECTORY_VERSION)
		return -TWZ_ERR_VERSION_MISMATCH;
	const struct twz_directory_header *header = (const void *)(d->start + TWZ_BASE_OFFSET);
	twz_result result = twz_intent_read(&header->intent, limit, &d->change);
	if (result != TWZ_OK)
		return result;

	d->seed = load(d->start, HEADER(seed));
	d->table_word = load(d->start, HEADER(table));
	d->table = d->table_word & TABLE_OFFSET;
	uint64_t first = TWZ_BASE_OFFSET + sizeof(struct twz_directory_header);
	if (d->table % 8 != 0 || d->table < first || d->table > limit ||
	    limit - d->table < sizeof(struct twz_directory_table))
		return -TWZ_ERR_CORRUPT;
	d->size = load(d->start, d->table + offsetof(struct twz_directory_table, size));
	d->buckets = load(d->start, d->table + offsetof(struct twz_directory_table, buckets));
	if (d->size > limit - d->table || d->size % 8 != 0 || d->buckets == 0 ||
	    (d->buckets & (d->buckets - 1)) != 0 || d->buckets > d->size / 8 ||
	    sizeof(struct twz_directory_table) + d->buckets * 8 > d->size)
		return -TWZ_ERR_CORRUPT;
	d->shift = HASH_BITS - (unsigned)__builtin_ctzll(d->buckets);
	d->records = d->table + sizeof(struct twz_directory_table) + d->buckets * 8;
	return TWZ_OK;
}

twz_result twz_directory_settled(const struct directory *d, twz_result result)
{
	return load(d->start, HEADER(table)) == d->table_word ? result : -TWZ_ERR_BUSY;
}

uint64_t twz_directory_hash(const struct directory *d, const char *name, size_t length)
{
	uint64_t hash = twz_fnv1a(TWZ_FNV_START ^ d->seed, name, length);

	/* FNV mixes upwards only; the bucket comes from the top (the finaliser of MurmurHash3). */
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
	hash ^= hash >> 33;
	return hash >> 1 & ~(uint64_t)(HASH_VARIANT - 1);
}

uint64_t twz_directory_bucket(const struct directory *d, uint64_t hash)
{
	return d->table + sizeof(struct twz_directory_table) + (hash >> d->shift) * 8;
}

twz_result twz_directory_read(const struct directory *d, uint64_t offset,
			      struct directory_place *place)
{
	uint64_t end = d->table + d->size;

	if (offset % 8 != 0 || offset < d->records || offset > end ||
	    end - offset < sizeof(struct twz_directory_record))
		return -TWZ_ERR_CORRUPT;
	const struct twz_directory_record *record = (const void *)(d->start + offset);
	uint32_t length = __atomic_load_n(&record->length, __ATOMIC_RELAXED);
	if (length == 0 || length > TWZ_NAME_MAX || end - offset < RECORD_SIZE(length))
		return -TWZ_ERR_CORRUPT;
	place->record = offset;
	place->next = twz_directory_word(d, offset);
	place->hash = __atomic_load_n(&record->hash, __ATOMIC_RELAXED);
	place->entry.id.hi = __atomic_load_n(&record->id.hi, __ATOMIC_RELAXED);
	place->entry.id.lo = __atomic_load_n(&record->id.lo, __ATOMIC_RELAXED);
	place->entry.kind = __atomic_load_n(&record->kind, __ATOMIC_RELAXED);
	place->entry.length = length;
	__builtin_memcpy(place->entry.name, record->name, length);
	place->entry.name[length] = 0;
	return place->hash >> HASH_BITS == 0 ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

int twz_directory_name_is_valid(const char *name, size_t length)
{
	if (length == 0 || length > TWZ_NAME_MAX)
		return 0;
	for (size_t i = 0; i < length; i++)
		if (name[i] == '/' || name[i] == 0)
			return 0;
	return !(name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')));
}

/* More steps than records fit into the table mean that a chain runs in a circle. */
static uint64_t step_limit(const struct directory *d)
{
	return d->size / sizeof(struct twz_directory_record) + 1;
}

twz_result twz_directory_find(const struct directory *d, const char *name, size_t length,
			      struct directory_place *place)
{
	uint64_t hash = twz_directory_hash(d, name, length);
	uint64_t link = twz_directory_bucket(d, hash);
	uint64_t offset = twz_directory_word(d, link);
	uint32_t taken = 0;

	for (uint64_t steps = step_limit(d); offset != 0; steps--) {
		twz_result result = twz_directory_read(d, offset, place);
		if (result != TWZ_OK)
			return result;
		if (steps == 0)
			return -TWZ_ERR_CORRUPT;
		if (place->hash - hash < HASH_VARIANT) {
			taken |= 1u << (place->hash - hash);
			if (place->entry.length == length &&
			    __builtin_memcmp(place->entry.name, name, length) == 0) {
				place->link = link;
				return TWZ_OK;
			}
		}
		link = offset;
		offset = place->next;
	}
	place->link = link;
	place->record = 0;
	place->next = 0;
	if (taken == (1u << HASH_VARIANT) - 1)
		return -TWZ_ERR_TOO_MANY;
	place->hash = hash + (uint64_t)__builtin_ctz(~taken);
	return -TWZ_ERR_NOT_FOUND;
}

twz_result twz_directory_lookup(const void *start, uint64_t limit, const char *name, size_t length,
				struct twz_directory_entry *out)
{
	struct directory d;
	struct directory_place place;

	if (!twz_directory_name_is_valid(name, length))
		return length > TWZ_NAME_MAX ? -TWZ_ERR_NAME_TOO_LONG : -TWZ_ERR_INVALID_ARGUMENT;
	for (int i = 0; i < RETRIES; i++) {
		twz_result result = twz_directory_open(&d, start, limit);
		if (result != TWZ_OK)
			return result;
		result = twz_directory_settled(&d, twz_directory_find(&d, name, length, &place));
		if (result == -TWZ_ERR_BUSY)
			continue;
		if (result == TWZ_OK)
			*out = place.entry;
		return result == -TWZ_ERR_TOO_MANY ? -TWZ_ERR_NOT_FOUND : result;
	}
	return -TWZ_ERR_BUSY;
}

/* The entry of the least hash that is at least `from`; 1, or 0 when there is none. */
static twz_result next_entry(const struct directory *d, uint64_t from, struct directory_place *best)
{
	struct directory_place place;

	for (uint64_t bucket = from >> d->shift; bucket < d->buckets; bucket++) {
		uint64_t offset =
			twz_directory_word(d, twz_directory_bucket(d, bucket << d->shift));
		int found = 0;

		for (uint64_t steps = step_limit(d); offset != 0; steps--) {
			twz_result result = twz_directory_read(d, offset, &place);
			if (result != TWZ_OK)
				return result;
			if (steps == 0 || place.hash >> d->shift != bucket)
				return -TWZ_ERR_CORRUPT;
			if (place.hash >= from && (!found || place.hash < best->hash)) {
				*best = place;
				found = 1;
			}
			offset = place.next;
		}
		if (found)
			return 1;
	}
	return 0;
}

twz_result twz_directory_next(const void *start, uint64_t limit, uint64_t *cursor,
			      struct twz_directory_entry *out)
{
	struct directory d;
	struct directory_place best = {0};

	if (*cursor >> HASH_BITS != 0)
		return 0;
	for (int i = 0; i < RETRIES; i++) {
		twz_result result = twz_directory_open(&d, start, limit);
		if (result != TWZ_OK)
			return result;
		result = twz_directory_settled(&d, next_entry(&d, *cursor, &best));
		if (result == -TWZ_ERR_BUSY)
			continue;
		if (result == 1) {
			*cursor = best.hash + 1;
			*out = best.entry;
		}
		return result;
	}
	return -TWZ_ERR_BUSY;
}

twz_result twz_directory_is_empty(const void *start, uint64_t limit)
{
	uint64_t cursor = 0;
	struct twz_directory_entry entry;
	twz_result result = twz_directory_next(start, limit, &cursor, &entry);

	return result < 0 ? result : !result;
}

twz_result twz_directory_parent(const void *start, uint64_t limit, struct twz_id *parent)
{
	struct directory d;
	twz_result result = twz_directory_open(&d, start, limit);

	if (result != TWZ_OK)
		return result;
	parent->hi = twz_directory_word(&d, HEADER(parent.hi));
	parent->lo = twz_directory_word(&d, HEADER(parent.lo));
	return TWZ_OK;
}

twz_result twz_directory_extent(const void *start, uint64_t limit)
{
	struct directory d;
	twz_result result = twz_directory_open(&d, start, limit);

	return result == TWZ_OK ? (twz_result)(d.table + d.size) : result;
}
