/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories, changed: format, insert, replace, remove, rename, rebuild. See <twz/directory.h>. */
#include "directory_internal.h"
#include <twz/persist.h>

#define FIRST_TABLE (TWZ_BASE_OFFSET + sizeof(struct twz_directory_header))
#define REBUILT_ONE (1ull << 40) /* the count of rebuilds in header.table */

static struct twz_directory_header *header_of(const struct directory *d)
{
	return (struct twz_directory_header *)(d->start + TWZ_BASE_OFFSET);
}

static struct twz_directory_table *table_of(const struct directory *d)
{
	return (struct twz_directory_table *)(d->start + d->table);
}

static uint64_t *word_at(const struct directory *d, uint64_t offset)
{
	return (uint64_t *)(d->start + offset);
}

/* Adds a store to the change that is being put together. */
static void intend(struct directory *d, uint64_t offset, uint64_t value)
{
	twz_change_add(&d->change, offset, value);
}

static void commit(struct directory *d)
{
	twz_change_commit(&d->change, d->start, &header_of(d)->intent);
}

twz_result twz_directory_open_to_change(struct directory *d, void *start, uint64_t limit)
{
	twz_result result = twz_directory_open(d, start, limit);

	if (result != TWZ_OK || d->change.count == 0)
		return result;
	twz_change_finish(&d->change, d->start, &header_of(d)->intent);
	result = twz_directory_open(d, start, limit);
	return result == TWZ_OK ? 1 : result;
}

static twz_result open_to_change(struct directory *d, void *start, uint64_t limit)
{
	twz_result result = twz_directory_open_to_change(d, start, limit);

	return result >= 0 && header_of(d)->move.leaving != 0 ? -TWZ_ERR_BUSY : result;
}

twz_result twz_directory_recover(void *start, uint64_t limit)
{
	struct directory d;

	return twz_directory_open_to_change(&d, start, limit);
}

void twz_directory_persist(const void *start, uint64_t limit)
{
	const struct twz_directory_header *header =
		(const void *)((const uint8_t *)start + TWZ_BASE_OFFSET);
	struct directory d;

	twz_flush(header, sizeof(*header));
	if (twz_directory_open(&d, start, limit) == TWZ_OK) {
		uint64_t end = __atomic_load_n(&table_of(&d)->end, __ATOMIC_RELAXED);
		/* the rest is not used yet */
		twz_flush(table_of(&d),
			  end > d.table && end - d.table < d.size ? end - d.table : d.size);
	}
	twz_fence();
}

static uint64_t power_of_two_at_least(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return power;
}

twz_result twz_directory_format(void *start, uint64_t limit, uint64_t seed, struct twz_id parent,
				uint64_t entries, uint64_t name_bytes)
{
	struct twz_directory_header *header = (void *)((uint8_t *)start + TWZ_BASE_OFFSET);
	struct twz_directory_table *table = (void *)((uint8_t *)start + FIRST_TABLE);
	uint64_t buckets, size;

	if (limit > TWZ_META_OFFSET || limit < TWZ_BASE_OFFSET + TWZ_PAGE_SIZE)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (entries > limit / sizeof(struct twz_directory_record) || name_bytes > limit)
		return -TWZ_ERR_NO_SPACE;
	buckets = power_of_two_at_least(entries < 16 ? 16 : entries);
	size = sizeof(*table) + buckets * 8 + entries * (sizeof(struct twz_directory_record) + 7) +
	       name_bytes;
	size = ((FIRST_TABLE + size + TWZ_PAGE_SIZE - 1) & ~(TWZ_PAGE_SIZE - 1)) - FIRST_TABLE;
	if (size > limit - FIRST_TABLE)
		return -TWZ_ERR_NO_SPACE;

	table->size = size;
	table->buckets = buckets;
	table->end = FIRST_TABLE + sizeof(*table) + buckets * 8;
	table->count = 0;
	header->version = TWZ_DIRECTORY_VERSION;
	header->parent = parent;
	header->seed = seed;
	header->table = FIRST_TABLE;
	twz_persist(header, sizeof(*header) + sizeof(*table) + buckets * 8);
	twz_commit_word(&header->magic, TWZ_DIRECTORY_MAGIC);
	return TWZ_OK;
}

/* ---- rebuilding ---- */

struct live {
	uint64_t records;
	uint64_t bytes;
};

/* Calls for each record: counts it, and copies it when `into` is not NULL. */
static twz_result walk(const struct directory *d, struct live *live, const struct directory *into)
{
	struct directory_place place;
	uint64_t end = into ? into->records : 0;

	live->records = live->bytes = 0;
	for (uint64_t bucket = 0; bucket < d->buckets; bucket++) {
		uint64_t offset =
			twz_directory_word(d, twz_directory_bucket(d, bucket << d->shift));

		while (offset != 0) {
			twz_result result = twz_directory_read(d, offset, &place);
			if (result != TWZ_OK)
				return result;
			uint64_t size = RECORD_SIZE(place.entry.length);
			live->records++;
			live->bytes += size;
			if (live->bytes > d->size || place.hash >> d->shift != bucket)
				return -TWZ_ERR_CORRUPT;
			if (into && into->table + into->size - end < size)
				return -TWZ_ERR_CORRUPT;
			if (into) {
				struct twz_directory_record *copy = (void *)(into->start + end);
				uint64_t *link =
					word_at(into, twz_directory_bucket(into, place.hash));
				__builtin_memcpy(copy, d->start + offset, size);
				copy->next = *link;
				*link = end;
				end += size;
			}
			offset = place.next;
		}
	}
	return TWZ_OK;
}

/* Where a table of `size` bytes fits beside the present one; 0: nowhere. */
static uint64_t place_table(const struct directory *d, uint64_t size)
{
	uint64_t behind = d->table + d->size;

	if (d->table - FIRST_TABLE >= size)
		return FIRST_TABLE;
	return d->limit - behind >= size ? behind : 0;
}

/*
 * Rebuilds the table so that `extra` more bytes of records fit: twice the live bytes where there is
 * room, just enough where not. The present table stays whole until the one store that switches.
 */
static twz_result rebuild(struct directory *d, uint64_t extra)
{
	struct directory to = *d;
	struct live live;
	twz_result result = walk(d, &live, NULL);

	if (result != TWZ_OK)
		return result;
	to.buckets = power_of_two_at_least(live.records < 16 ? 16 : live.records * 2);
	uint64_t fixed = sizeof(struct twz_directory_table) + to.buckets * 8;
	to.size = (fixed + (live.bytes + extra) * 2 + TWZ_PAGE_SIZE - 1) & ~(TWZ_PAGE_SIZE - 1);
	to.table = place_table(d, to.size);
	if (to.table == 0) {
		to.size = fixed + live.bytes + extra;
		to.table = place_table(d, to.size);
	}
	if (to.table == 0)
		return -TWZ_ERR_NO_SPACE;
	to.shift = HASH_BITS - (unsigned)__builtin_ctzll(to.buckets);
	to.records = to.table + fixed;
	to.table_word = (d->table_word & ~(REBUILT_ONE - 1)) + REBUILT_ONE + to.table;

	struct twz_directory_table *table = table_of(&to);
	__builtin_memset(table, 0, fixed);
	table->size = to.size;
	table->buckets = to.buckets;
	result = walk(d, &live, &to);
	if (result != TWZ_OK)
		return result;
	to.end = to.records + live.bytes;
	table->end = to.end;
	table->count = live.records;
	twz_persist(table, fixed + live.bytes);
	twz_commit_word(&header_of(d)->table, to.table_word);
	*d = to;
	return TWZ_OK;
}

/* ---- changes ---- */

/* Makes room for one record; the place of a name found before is no longer valid when it returns 1.
 */
static twz_result make_room(struct directory *d, size_t length)
{
	struct twz_directory_table *table = table_of(d);
	uint64_t end = __atomic_load_n(&table->end, __ATOMIC_RELAXED);

	if (end % 8 != 0 || end < d->records || end > d->table + d->size)
		return -TWZ_ERR_CORRUPT;
	d->end = end;
	if (d->table + d->size - end >= RECORD_SIZE(length) && table->count < d->buckets * 2)
		return TWZ_OK;
	twz_result result = rebuild(d, RECORD_SIZE(length));
	return result == TWZ_OK ? 1 : result;
}

/* Writes a record behind the last one, durably, linked from nowhere. Room has been made. */
static uint64_t write_record(struct directory *d, const char *name, size_t length, uint64_t hash,
			     struct twz_id id, uint32_t kind, uint64_t next)
{
	struct twz_directory_table *table = table_of(d);
	uint64_t offset = d->end;
	struct twz_directory_record *record = (void *)(d->start + offset);

	record->next = next;
	record->hash = hash;
	record->id = id;
	record->kind = kind;
	record->length = (uint32_t)length;
	__builtin_memcpy(record->name, name, length);
	__builtin_memset(record->name + length, 0, RECORD_SIZE(length) - sizeof(*record) - length);
	d->end = offset + RECORD_SIZE(length);
	table->end = d->end;
	twz_flush(record, RECORD_SIZE(length));
	twz_persist(&table->end, sizeof(table->end));
	return offset;
}

static twz_result check_name(const char *name, size_t length)
{
	if (twz_directory_name_is_valid(name, length))
		return TWZ_OK;
	return length > TWZ_NAME_MAX ? -TWZ_ERR_NAME_TOO_LONG : -TWZ_ERR_INVALID_ARGUMENT;
}

twz_result twz_directory_enter(struct directory *d, const char *name, size_t length,
			       struct twz_id id, uint32_t kind, int replace,
			       struct twz_directory_entry *old)
{
	struct directory_place place;
	twz_result result = check_name(name, length);

	if (result != TWZ_OK)
		return result;
	if (header_of(d)->removed != 0)
		return -TWZ_ERR_NOT_FOUND;
	result = twz_directory_find(d, name, length, &place);
	if (result == TWZ_OK && !replace)
		return -TWZ_ERR_EXISTS;
	if (result != TWZ_OK && result != -TWZ_ERR_NOT_FOUND)
		return result;
	result = make_room(d, length);
	if (result < 0)
		return result;
	if (result == 1)
		result = twz_directory_find(d, name, length, &place);
	else
		result = place.record ? TWZ_OK : -TWZ_ERR_NOT_FOUND;

	if (result == TWZ_OK) {
		if (old)
			*old = place.entry;
		intend(d, place.link,
		       write_record(d, name, length, place.hash, id, kind, place.next));
	} else if (result == -TWZ_ERR_NOT_FOUND) {
		uint64_t link = twz_directory_bucket(d, place.hash);
		if (old)
			old->id = TWZ_ID_NONE;
		intend(d, link,
		       write_record(d, name, length, place.hash, id, kind,
				    twz_directory_word(d, link)));
		table_of(d)->count++;
	} else {
		return result;
	}
	return TWZ_OK;
}

static twz_result enter(void *start, uint64_t limit, const char *name, size_t length,
			struct twz_id id, uint32_t kind, int replace,
			struct twz_directory_entry *old)
{
	struct directory d;
	twz_result result = open_to_change(&d, start, limit);

	if (result < 0)
		return result;
	result = twz_directory_enter(&d, name, length, id, kind, replace, old);
	if (result == TWZ_OK)
		commit(&d);
	return result;
}

twz_result twz_directory_insert(void *start, uint64_t limit, const char *name, size_t length,
				struct twz_id id, uint32_t kind)
{
	return enter(start, limit, name, length, id, kind, 0, NULL);
}

twz_result twz_directory_replace(void *start, uint64_t limit, const char *name, size_t length,
				 struct twz_id id, uint32_t kind, struct twz_directory_entry *old)
{
	return enter(start, limit, name, length, id, kind, 1, old);
}

static void count_down(const struct directory *d)
{
	if (table_of(d)->count > 0)
		table_of(d)->count--;
}

twz_result twz_directory_remove(void *start, uint64_t limit, const char *name, size_t length,
				struct twz_directory_entry *old)
{
	struct directory d;
	struct directory_place place;
	twz_result result = open_to_change(&d, start, limit);

	if (result < 0)
		return result;
	result = check_name(name, length);
	if (result == TWZ_OK)
		result = twz_directory_find(&d, name, length, &place);
	if (result != TWZ_OK)
		return result == -TWZ_ERR_TOO_MANY ? -TWZ_ERR_NOT_FOUND : result;
	if (old)
		*old = place.entry;
	intend(&d, place.link, place.next);
	commit(&d);
	count_down(&d);
	return TWZ_OK;
}

twz_result twz_directory_rename(void *start, uint64_t limit, const char *name, size_t length,
				const char *to, size_t to_length, struct twz_directory_entry *old)
{
	struct directory d;
	struct directory_place from;
	twz_result result = open_to_change(&d, start, limit);

	if (result < 0)
		return result;
	if ((result = check_name(name, length)) != TWZ_OK ||
	    (result = check_name(to, to_length)) != TWZ_OK)
		return result;
	if (old)
		old->id = TWZ_ID_NONE;
	result = twz_directory_find(&d, name, length, &from);
	if (result != TWZ_OK)
		return result == -TWZ_ERR_TOO_MANY ? -TWZ_ERR_NOT_FOUND : result;
	if (length == to_length && __builtin_memcmp(name, to, length) == 0)
		return TWZ_OK;
	/*
	 * The new name is entered first, in the words of the intent; then the old one is looked up
	 * again as the directory looks with those words, so that neighbours in one chain come
	 * right.
	 */
	result = twz_directory_enter(&d, to, to_length, from.entry.id, from.entry.kind, 1, old);
	if (result != TWZ_OK)
		return result;
	result = twz_directory_find(&d, name, length, &from);
	if (result != TWZ_OK)
		return result;
	intend(&d, from.link, from.next);
	commit(&d);
	count_down(&d);
	return TWZ_OK;
}

twz_result twz_directory_set_parent(void *start, uint64_t limit, struct twz_id parent)
{
	struct directory d;
	twz_result result = open_to_change(&d, start, limit);
	uint64_t at = TWZ_BASE_OFFSET + offsetof(struct twz_directory_header, parent);

	if (result < 0)
		return result;
	intend(&d, at, parent.hi);
	intend(&d, at + 8, parent.lo);
	commit(&d);
	return TWZ_OK;
}

twz_result twz_directory_retire(void *start, uint64_t limit)
{
	struct directory d;
	twz_result result = open_to_change(&d, start, limit);

	if (result < 0)
		return result;
	result = twz_directory_is_empty(start, limit);
	if (result < 0)
		return result;
	if (result == 0)
		return -TWZ_ERR_NOT_EMPTY;
	twz_commit_word(&header_of(&d)->removed, 1);
	return TWZ_OK;
}
