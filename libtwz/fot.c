/* SPDX-License-Identifier: BSD-2-Clause */
/* The Foreign Object Table; see <twz/fot.h>. */
#include "internal.h"
#include <twz/fot.h>
#include <twz/name.h>
#include <twz/persist.h>

#define KINDS	    (TWZ_FOT_ID | TWZ_FOT_NAME)
#define RIGHTS	    (TWZ_FOT_READ | TWZ_FOT_WRITE)
#define CLAIMED	    (1ull << 63) /* being filled; a crash leaves it so, and the entry is lost */
#define CHAIN_LIMIT 16		 /* entries looked at for an equal one */
#define PROBES	    4		 /* released entries looked for, for each insertion */

static struct twz_object_meta *meta_of(const void *start)
{
	return (struct twz_object_meta *)((uintptr_t)start + TWZ_META_OFFSET);
}

/* The hints in an entry's reserved words: head of the bucket that the entry stands for, next in its
 * own chain. */
static uint64_t *head_of(const void *start, uint64_t bucket)
{
	return &twz_fot_entry(start, bucket + 1)->reserved[0];
}

static uint64_t *next_of(const void *start, uint64_t index)
{
	return &twz_fot_entry(start, index)->reserved[1];
}

static uint64_t bucket_of(struct twz_id id, uint64_t name, uint64_t count)
{
	uint64_t hash = (id.hi ^ id.lo ^ name) * 0x9e3779b97f4a7c15ull >> 32;
	uint64_t buckets =
		1ull << (63 - __builtin_clzll(count)); /* a power of two, at most count */

	return hash & (buckets - 1);
}

/* What it means, its flags first: another thread may be filling it, and they say when that is done.
 */
static struct twz_fot_entry load_entry(const void *start, uint64_t index)
{
	const struct twz_fot_entry *entry = twz_fot_entry(start, index);
	struct twz_fot_entry loaded = {.flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE)};

	loaded.id.hi = __atomic_load_n(&entry->id.hi, __ATOMIC_RELAXED);
	loaded.id.lo = __atomic_load_n(&entry->id.lo, __ATOMIC_RELAXED);
	loaded.name_offset = __atomic_load_n(&entry->name_offset, __ATOMIC_RELAXED);
	loaded.resolver = __atomic_load_n(&entry->resolver, __ATOMIC_RELAXED);
	return loaded;
}

/* `to` is claimed by this thread. */
static void fill_entry(struct twz_fot_entry *to, const struct twz_fot_entry *wanted)
{
	__atomic_store_n(&to->id.hi, wanted->id.hi, __ATOMIC_RELAXED);
	__atomic_store_n(&to->id.lo, wanted->id.lo, __ATOMIC_RELAXED);
	__atomic_store_n(&to->name_offset, wanted->name_offset, __ATOMIC_RELAXED);
	__atomic_store_n(&to->resolver, wanted->resolver, __ATOMIC_RELAXED);
	__atomic_store_n(&to->refs, 1, __ATOMIC_RELEASE);
}

static void link_entry(void *start, uint64_t index, uint64_t count)
{
	struct twz_fot_entry entry = load_entry(start, index);
	uint64_t *head = head_of(start, bucket_of(entry.id, entry.name_offset, count));

	__atomic_store_n(next_of(start, index), __atomic_load_n(head, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
	__atomic_store_n(head, index, __ATOMIC_RELAXED);
}

/* The number of buckets doubles with the entries: all are linked anew. Amortised over the
 * insertions between. */
static void rebuild(void *start, uint64_t count)
{
	for (uint64_t i = 1; i <= count; i++)
		__atomic_store_n(head_of(start, i - 1), 0, __ATOMIC_RELAXED);
	for (uint64_t i = 1; i <= count; i++)
		if (__atomic_load_n(&twz_fot_entry(start, i)->flags, __ATOMIC_ACQUIRE) &
		    TWZ_FOT_VALID)
			link_entry(start, i, count);
}

static bool is_equal(const void *start, uint64_t index, const struct twz_fot_entry *wanted)
{
	struct twz_fot_entry entry = load_entry(start, index);

	return entry.flags == wanted->flags && twz_id_equal(entry.id, wanted->id) &&
	       entry.name_offset == wanted->name_offset && entry.resolver == wanted->resolver;
}

/*
 * One pointer more, durable before the pointer can be: a count that a power loss made too low would
 * have the entry used again while a pointer leads to it. So are the flags, which another thread may
 * have stored just now. False: it was released meanwhile.
 */
static bool take_reference(void *start, uint64_t index, const struct twz_fot_entry *wanted)
{
	struct twz_fot_entry *entry = twz_fot_entry(start, index);
	uint64_t refs = __atomic_load_n(&entry->refs, __ATOMIC_RELAXED);

	do {
		if (refs == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&entry->refs, &refs, refs + 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (!is_equal(start, index, wanted)) {
		twz_fot_release(start, index);
		return false;
	}
	twz_persist(entry, sizeof(*entry));
	return true;
}

static uint64_t find(void *start, const struct twz_fot_entry *wanted, uint64_t count)
{
	if (count == 0)
		return 0;
	uint64_t index =
		__atomic_load_n(head_of(start, bucket_of(wanted->id, wanted->name_offset, count)),
				__ATOMIC_RELAXED);
	for (int steps = 0; index >= 1 && index <= count && steps < CHAIN_LIMIT; steps++) {
		if (is_equal(start, index, wanted))
			return index;
		index = __atomic_load_n(next_of(start, index), __ATOMIC_RELAXED);
	}
	return 0;
}

static bool claim(void *start, uint64_t index)
{
	uint64_t free = 0;

	return __atomic_compare_exchange_n(&twz_fot_entry(start, index)->flags, &free, CLAIMED,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* A released entry, claimed, or 0. A few are looked at, far from each other: those that are in use
 * may stand side by side (by golden ratios; Knuth, The Art of Computer Programming 3, 6.4). */
static uint64_t claim_released(void *start, uint64_t count)
{
	static uint32_t round;

	for (int i = 0; i < PROBES && count != 0; i++) {
		uint64_t index = __atomic_add_fetch(&round, 1, __ATOMIC_RELAXED);
		index = count <= PROBES ? index % count + 1
					: ((index * 0x9e3779b1 & UINT32_MAX) * count >> 32) + 1;
		if (__atomic_load_n(&twz_fot_entry(start, index)->refs, __ATOMIC_RELAXED) == 0 &&
		    claim(start, index)) {
			twz_internal_entry_changes(start, index);
			return index;
		}
	}
	return 0;
}

/* An entry more, claimed, because who looks for a released one sees it now, too. NO_SPACE. */
static twz_result claim_fresh(void *start, struct twz_object_meta *meta)
{
	uint64_t index;

	do {
		index = __atomic_add_fetch(&meta->fot_count, 1, __ATOMIC_ACQ_REL);
		if (index > FOT_LIMIT) {
			__atomic_sub_fetch(&meta->fot_count, 1, __ATOMIC_ACQ_REL);
			return -TWZ_ERR_NO_SPACE;
		}
	} while (!claim(start, index));
	return (twz_result)index;
}

static twz_result insert(void *start, struct twz_fot_entry *wanted)
{
	struct twz_object_meta *meta = meta_of(start);
	uint64_t count = __atomic_load_n(&meta->fot_count, __ATOMIC_ACQUIRE);

	if (count > FOT_LIMIT)
		return -TWZ_ERR_CORRUPT;
	uint64_t index = find(start, wanted, count);
	if (index != 0 && take_reference(start, index, wanted))
		return (twz_result)index;
	index = claim_released(start, count);
	bool fresh = index == 0;
	if (fresh) {
		twz_result claimed = claim_fresh(start, meta);
		if (claimed < 0)
			return claimed;
		index = count = (uint64_t)claimed;
	}
	struct twz_fot_entry *entry = twz_fot_entry(start, index);
	fill_entry(entry, wanted);
	twz_flush(&meta->fot_count, sizeof(meta->fot_count));
	twz_persist(entry, sizeof(*entry));
	twz_commit_word(&entry->flags, wanted->flags);
	if (fresh && (index & (index - 1)) == 0)
		rebuild(start, index);
	else
		link_entry(start, index, count);
	return (twz_result)index;
}

twz_result twz_fot_insert(void *start, struct twz_id id, uint32_t rights)
{
	struct twz_fot_entry entry = {
		.flags = TWZ_FOT_VALID | TWZ_FOT_ID | (rights & TWZ_RIGHT_READ ? TWZ_FOT_READ : 0) |
			 (rights & TWZ_RIGHT_WRITE ? TWZ_FOT_WRITE : 0),
		.id = id,
	};

	if (twz_id_is_none(id) || rights == 0 || rights & ~(TWZ_RIGHT_READ | TWZ_RIGHT_WRITE))
		return -TWZ_ERR_INVALID_ARGUMENT;
	return insert(start, &entry);
}

static twz_result insert_name(void *start, uint64_t name_offset, uint64_t resolver, uint32_t rights)
{
	struct twz_fot_entry entry = {
		.flags = TWZ_FOT_VALID | TWZ_FOT_NAME |
			 (rights & TWZ_RIGHT_READ ? TWZ_FOT_READ : 0) |
			 (rights & TWZ_RIGHT_WRITE ? TWZ_FOT_WRITE : 0),
		.name_offset = name_offset,
		.resolver = resolver,
	};

	if (name_offset < TWZ_BASE_OFFSET || name_offset >= TWZ_META_OFFSET || rights == 0 ||
	    rights & ~(TWZ_RIGHT_READ | TWZ_RIGHT_WRITE))
		return -TWZ_ERR_INVALID_ARGUMENT;
	return insert(start, &entry);
}

twz_result twz_fot_insert_name(void *start, uint64_t name_offset, uint32_t rights)
{
	return insert_name(start, name_offset, 0, rights);
}

twz_result twz_fot_insert_name_by(void *start, uint64_t name_offset, struct twz_id resolver,
				  uint32_t rights)
{
	twz_result by = twz_fot_insert(start, resolver, TWZ_RIGHT_READ);

	if (by < 0)
		return by;
	twz_result result = insert_name(start, name_offset, (uint64_t)by, rights);
	/* an entry holds its resolver once, however many pointers share it */
	if (result < 0 || twz_fot_entry(start, (uint64_t)result)->refs > 1)
		twz_fot_release(start, (uint64_t)by);
	return result;
}

twz_result twz_fot_release(void *start, uint64_t index)
{
	struct twz_object_meta *meta = meta_of(start);

	if (index == 0 || index > __atomic_load_n(&meta->fot_count, __ATOMIC_ACQUIRE) ||
	    index > FOT_LIMIT)
		return -TWZ_ERR_INVALID_ARGUMENT;
	struct twz_fot_entry *entry = twz_fot_entry(start, index);
	uint64_t refs = __atomic_load_n(&entry->refs, __ATOMIC_RELAXED);
	do {
		if (refs == 0)
			return -TWZ_ERR_INVALID_ARGUMENT;
	} while (!__atomic_compare_exchange_n(&entry->refs, &refs, refs - 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (refs == 1) {
		struct twz_fot_entry was = load_entry(start, index);
		uint64_t resolver = was.flags & TWZ_FOT_NAME ? was.resolver : 0;
		twz_commit_word(&entry->flags, 0);
		if (resolver != 0 && resolver != index)
			twz_fot_release(start, resolver);
	}
	return TWZ_OK;
}

static struct twz_resolver *resolvers;

void twz_resolver_add(struct twz_resolver *resolver)
{
	resolver->next = __atomic_load_n(&resolvers, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&resolvers, &resolver->next, resolver, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* A name by a resolver of the program, else by the directory that the resolver is. */
static twz_result look_up(const void *start, uint64_t resolver, const char *name, struct twz_id *id)
{
	struct twz_directory_entry found;
	struct twz_id by;
	twz_result result = TWZ_OK;

	if (resolver == 0) {
		result = twz_name_root(&by);
	} else {
		const struct twz_fot_entry *entry = twz_fot_entry(start, resolver);
		if (resolver > FOT_LIMIT ||
		    (entry->flags & (TWZ_FOT_VALID | KINDS)) != (TWZ_FOT_VALID | TWZ_FOT_ID))
			return -TWZ_ERR_CORRUPT;
		by = entry->id;
		struct twz_resolver *own = __atomic_load_n(&resolvers, __ATOMIC_ACQUIRE);
		for (; own; own = own->next)
			if (twz_id_equal(own->id, by))
				return own->resolve(own, name, id);
	}
	if (result == TWZ_OK)
		result = twz_name_lookup(by, name, &found);
	*id = found.id;
	return result;
}

/* The id that the entry names now. */
static twz_result target_of(const void *start, const struct twz_fot_entry *entry, uint64_t flags,
			    struct twz_id *id)
{
	char path[1024];

	if ((flags & KINDS) == TWZ_FOT_ID) {
		id->hi = __atomic_load_n(&entry->id.hi, __ATOMIC_RELAXED);
		id->lo = __atomic_load_n(&entry->id.lo, __ATOMIC_RELAXED);
		return TWZ_OK;
	}
	uint64_t offset = entry->name_offset;
	if ((flags & KINDS) != TWZ_FOT_NAME || offset < TWZ_BASE_OFFSET ||
	    offset >= TWZ_META_OFFSET)
		return -TWZ_ERR_CORRUPT;
	for (size_t i = 0;; i++) {
		if (i == sizeof(path) || offset + i >= TWZ_META_OFFSET)
			return -TWZ_ERR_NAME_TOO_LONG;
		path[i] = ((const char *)start)[offset + i];
		if (path[i] == 0)
			break;
	}
	return look_up(start, entry->resolver, path, id);
}

twz_result twz_fot_resolve(const void *start, uint64_t index, uint8_t **target)
{
	const struct twz_object_meta *meta = meta_of(start);
	struct twz_id id;

	if (index == 0 || index > FOT_LIMIT ||
	    index > __atomic_load_n(&meta->fot_count, __ATOMIC_ACQUIRE))
		return -TWZ_ERR_CORRUPT;
	const struct twz_fot_entry *entry = twz_fot_entry(start, index);
	uint64_t flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE);
	if (!(flags & TWZ_FOT_VALID) || flags & ~(TWZ_FOT_VALID | KINDS | RIGHTS) ||
	    !(flags & RIGHTS))
		return -TWZ_ERR_CORRUPT;
	twz_result result = target_of(start, entry, flags, &id);
	if (result < 0)
		return result;
	return twz_object_pin(id,
			      (flags & TWZ_FOT_READ ? TWZ_RIGHT_READ : 0) |
				      (flags & TWZ_FOT_WRITE ? TWZ_RIGHT_WRITE : 0),
			      target);
}
