/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects: create, open, close, delete. Keeps a table of what this program has mapped. */
#include "internal.h"
#include <twz/persist.h>
#include <twz/sys.h>

#define FIRST_CAPACITY 64
#define MAPPING_RIGHTS (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC)

/* slot 0 with an id: removed; slot 0 without: never used. */
struct mapping {
	struct twz_id id;
	uint32_t slot;
	uint32_t rights;
	uint64_t references;
};

static struct {
	uint32_t lock;
	uint32_t pad;
	struct mapping *entries; /* a hash table with open addressing, at most 3/4 full */
	uint64_t capacity;
	uint64_t used; /* removed ones included */
	uint64_t live;
	uint8_t *memory; /* a raw object for larger tables; half of it each in turn */
	bool upper;
} table;
static struct mapping first_entries[FIRST_CAPACITY];

void twz_before_clone(void)
{
	twz_internal_lock(&table.lock);
}

void twz_after_clone(void)
{
	twz_internal_forget_self(); /* a clone is another program */
	twz_internal_unlock(&table.lock);
}

static struct mapping *place(struct twz_id id, uint64_t probe)
{
	uint64_t hash = (id.hi ^ id.lo) * 0x9e3779b97f4a7c15ull >> 20;

	return &table.entries[(hash + probe) & (table.capacity - 1)];
}

static bool is_unused(const struct mapping *entry)
{
	return entry->slot == 0 && twz_id_is_none(entry->id);
}

static struct mapping *find(struct twz_id id, uint32_t rights)
{
	for (uint64_t probe = 0; probe < table.capacity; probe++) {
		struct mapping *entry = place(id, probe);
		if (is_unused(entry))
			return NULL;
		if (entry->slot != 0 && twz_id_equal(entry->id, id) &&
		    (entry->rights & rights) == rights)
			return entry;
	}
	return NULL;
}

static struct mapping *enter(const struct mapping *entry)
{
	for (uint64_t probe = 0;; probe++) {
		struct mapping *free = place(entry->id, probe);
		if (is_unused(free)) {
			*free = *entry;
			table.used++;
			table.live++;
			return free;
		}
	}
}

static twz_result map(struct twz_id id, uint32_t rights, uint32_t inherit, uint8_t **start)
{
	struct twz_map request = {
		.object = id, .slot = TWZ_SLOT_ANY, .rights = rights, .inherit = inherit};
	twz_result slot = twz_sys_view_map(&request);

	if (slot < 0)
		return slot;
	*start = (uint8_t *)((uintptr_t)slot << TWZ_SLOT_SHIFT);
	return TWZ_OK;
}

/* A raw object for the table, private to the program; tied to nothing: it ends with its last
 * mapping. */
static twz_result get_memory(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id;
	twz_result result = twz_sys_object_create(&spec, &id);

	if (result < 0)
		return result;
	result = map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, TWZ_INHERIT_PRIVATE, &table.memory);
	twz_sys_object_delete(id.hi, id.lo);
	return result;
}

/* The first table, when it is mostly removed entries, without them. */
static void sweep(void)
{
	struct mapping kept[FIRST_CAPACITY];

	for (uint64_t i = 0; i < FIRST_CAPACITY; i++) {
		kept[i] = table.entries[i];
		table.entries[i] = (struct mapping){0};
	}
	table.used = table.live = 0;
	for (uint64_t i = 0; i < FIRST_CAPACITY; i++)
		if (kept[i].slot != 0)
			enter(&kept[i]);
}

/* Makes room for one more: a table of twice the live entries, without the removed ones. */
static twz_result make_room(void)
{
	if (table.capacity == 0) {
		table.entries = first_entries;
		table.capacity = FIRST_CAPACITY;
	}
	if ((table.used + 1) * 4 <= table.capacity * 3)
		return TWZ_OK;
	if (table.capacity == FIRST_CAPACITY && table.live * 2 <= FIRST_CAPACITY) {
		sweep();
		return TWZ_OK;
	}
	if (!table.memory) {
		twz_result result = get_memory();
		if (result < 0)
			return result;
	}
	uint64_t capacity = FIRST_CAPACITY;
	while (capacity < table.live * 4)
		capacity *= 2;
	if (capacity * sizeof(struct mapping) > TWZ_SLOT_SIZE / 2)
		return -TWZ_ERR_TOO_MANY;
	struct mapping *old = table.entries;
	uint64_t count = table.capacity;
	table.upper = !table.upper;
	table.entries = (struct mapping *)(table.memory + (table.upper ? TWZ_SLOT_SIZE / 2 : 0));
	table.capacity = capacity;
	table.used = table.live = 0;
	for (uint64_t i = 0; i < capacity; i++)
		table.entries[i] = (struct mapping){0};
	for (uint64_t i = 0; i < count; i++)
		if (old[i].slot != 0)
			enter(&old[i]);
	return TWZ_OK;
}

/* With the lock. */
static twz_result open_object(struct twz_id id, uint32_t rights, struct mapping **out)
{
	uint8_t *start;
	twz_result result = make_room();

	if (result < 0)
		return result;
	*out = find(id, rights);
	if (!*out) {
		result = map(id, rights, TWZ_INHERIT_SHARED, &start);
		if (result < 0)
			return result;
		struct mapping entry = {id, (uint32_t)((uintptr_t)start >> TWZ_SLOT_SHIFT), rights,
					0};
		*out = enter(&entry);
	}
	(*out)->references++;
	return TWZ_OK;
}

twz_result twz_object_open(struct twz_id id, uint32_t rights, struct twz_object *out)
{
	struct mapping *entry;

	if (twz_id_is_none(id) || rights == 0 || rights & ~MAPPING_RIGHTS)
		return -TWZ_ERR_INVALID_ARGUMENT;
	twz_internal_lock(&table.lock);
	twz_result result = open_object(id, rights, &entry);
	if (result == TWZ_OK)
		*out = (struct twz_object){
			.id = id,
			.start = (uint8_t *)((uintptr_t)entry->slot << TWZ_SLOT_SHIFT),
			.rights = entry->rights,
		};
	twz_internal_unlock(&table.lock);
	return result;
}

twz_result twz_object_pin(struct twz_id id, uint32_t rights, uint8_t **start)
{
	struct twz_object object;
	twz_result result = twz_object_open(id, rights, &object);

	if (result == TWZ_OK)
		*start = object.start;
	return result;
}

twz_result twz_object_close(struct twz_object *object)
{
	uint32_t slot = (uint32_t)((uintptr_t)object->start >> TWZ_SLOT_SHIFT);
	twz_result result = -TWZ_ERR_INVALID_ARGUMENT;

	twz_internal_lock(&table.lock);
	for (uint64_t probe = 0; probe < table.capacity; probe++) {
		struct mapping *entry = place(object->id, probe);
		if (is_unused(entry))
			break;
		if (entry->slot == 0 || entry->slot != slot || !twz_id_equal(entry->id, object->id))
			continue;
		result = TWZ_OK;
		if (--entry->references == 0) {
			entry->slot = 0;
			table.live--;
			twz_object_forget(object->start);
			result = twz_sys_view_unmap(0, 0, slot);
		}
		break;
	}
	twz_internal_unlock(&table.lock);
	return result;
}

twz_result twz_object_create_from(const struct twz_object_spec *spec, struct twz_id *id)
{
	return twz_sys_object_create(spec, id);
}

twz_result twz_object_create(uint32_t flags, uint32_t kind, struct twz_id *id)
{
	struct twz_object_spec spec = {.flags = flags, .kind = kind};

	return twz_sys_object_create(&spec, id);
}

/* What of the meta page belongs to the content. */
static void copy_meta(const struct twz_object *from, const struct twz_object *to)
{
	const struct twz_object_meta *source = twz_object_meta(from);
	struct twz_object_meta *meta = twz_object_meta(to);

	meta->mode = source->mode;
	meta->size = source->size;
	meta->mtime = source->mtime;
	meta->fot_count = source->fot_count;
	meta->heap = source->heap;
	twz_persist(meta, sizeof(*meta));
}

twz_result twz_object_copy(struct twz_id source, uint32_t flags, struct twz_id *id)
{
	struct twz_object from, to;
	twz_result result = twz_object_open(source, TWZ_RIGHT_READ, &from);

	if (result < 0)
		return result;
	const struct twz_object_meta *meta = twz_object_meta(&from);
	struct twz_object_source part = {.id = source,
					 .src = TWZ_BASE_OFFSET,
					 .dst = TWZ_BASE_OFFSET,
					 .len = TWZ_META_OFFSET - TWZ_BASE_OFFSET};
	struct twz_object_spec spec = {
		.flags = flags, .kind = meta->kind, .sources = &part, .source_count = 1};
	result = -TWZ_ERR_NOT_SUPPORTED;
	if (!(flags & TWZ_OBJECT_RAW) && meta->magic == TWZ_META_MAGIC &&
	    meta->kind != TWZ_KIND_DIRECTORY)
		result = twz_object_create_from(&spec, id);
	if (result >= 0) {
		result = twz_object_open(*id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &to);
		if (result >= 0) {
			copy_meta(&from, &to);
			twz_object_close(&to);
		} else {
			twz_object_delete(*id);
		}
	}
	twz_object_close(&from);
	return result < 0 ? result : TWZ_OK;
}

twz_result twz_object_delete(struct twz_id id)
{
	return twz_sys_object_delete(id.hi, id.lo);
}

twz_result twz_tie(struct twz_id id, struct twz_id owner)
{
	if (twz_id_is_none(owner))
		return -TWZ_ERR_INVALID_ARGUMENT;
	return twz_sys_object_tie(id.hi, id.lo, owner.hi, owner.lo);
}

twz_result twz_untie(struct twz_id id)
{
	return twz_sys_object_tie(id.hi, id.lo, 0, 0);
}

twz_result twz_object_stat(struct twz_id id, struct twz_object_stat *out)
{
	return twz_sys_object_stat(id.hi, id.lo, out);
}

twz_result twz_object_sync(struct twz_id id)
{
	return twz_sys_object_sync(id.hi, id.lo, 0, TWZ_SLOT_SIZE);
}

twz_result twz_object_at(const void *address, struct twz_id *id)
{
	uint64_t slot = (uint64_t)(uintptr_t)address >> TWZ_SLOT_SHIFT;
	struct twz_map entry;
	twz_result result = twz_sys_view_entry(0, 0, slot, &entry);

	if (result < 0)
		return result;
	if (entry.slot != slot || twz_id_is_none(entry.object))
		return -TWZ_ERR_BAD_ADDRESS;
	*id = entry.object;
	return TWZ_OK;
}
