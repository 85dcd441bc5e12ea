/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of the store: find, create, delete; blocks of deleted objects are freed step by step. */
#include "internal.h"
#include <twz/id.h>

uint64_t record_checksum(const struct store_record *record)
{
	return twz_fnv1a(TWZ_FNV_START, record, offsetof(struct store_record, checksum));
}

struct store_record *record_read(struct store *store, uint64_t block)
{
	if (!block_is_data(store, block))
		return NULL;
	struct store_record *record = store_block(store, block);
	if (record->magic != STORE_RECORD_MAGIC || record->checksum != record_checksum(record))
		return NULL;
	return record;
}

twz_result store_find(struct store *store, struct twz_id id, struct store_object *out)
{
	uint64_t block;
	twz_result result = table_find(store, id, &block);

	if (result != TWZ_OK)
		return result;
	const struct store_record *record = store_block(store, block);
	*out = (struct store_object){
		.record = block,
		.id = record->id,
		.nonce = record->nonce,
		.owner = record->owner,
		.flags = record->flags,
		.kind = record->kind,
		.protections = record->protections,
	};
	return TWZ_OK;
}

/* Enters the meta page of a fresh record. */
static void make_meta(struct store *store, struct store_record *record,
		      const struct store_object *spec)
{
	uint64_t block = block_allocate_zeroed(store);

	if (block == 0)
		return;
	*(struct twz_object_meta *)store_block(store, block) = (struct twz_object_meta){
		.magic = TWZ_META_MAGIC,
		.version = TWZ_META_VERSION,
		.kind = spec->kind,
		.nonce = spec->nonce,
		.owner = spec->owner,
		.protections = spec->protections,
	};
	twz_flush(store_block(store, block), sizeof(struct twz_object_meta));
	record->direct[0] = TWZ_META_OFFSET / STORE_BLOCK_SIZE << STORE_ENTRY_SHIFT | block;
}

twz_result store_create(struct store *store, struct store_object *spec)
{
	transaction_begin(store);
	uint64_t block = block_allocate_zeroed(store);
	if (block != 0) {
		struct store_record *record = store_block(store, block);
		record->magic = STORE_RECORD_MAGIC;
		record->id = spec->id;
		record->nonce = spec->nonce;
		record->owner = spec->owner;
		record->flags = spec->flags;
		record->kind = spec->kind;
		record->protections = spec->protections;
		record->checksum = record_checksum(record);
		if (!(spec->flags & TWZ_OBJECT_RAW))
			make_meta(store, record, spec);
		block_flush(store, block);
		twz_result result = table_insert(store, spec->id, block);
		if (result != TWZ_OK)
			transaction_fail(store, result);
	}
	twz_result result = transaction_commit(store);
	if (result == TWZ_OK)
		spec->record = block;
	return result;
}

twz_result store_unlink(struct store *store, const struct store_object *object)
{
	struct store_roots *roots = roots_of(store);
	struct store_record *record = record_read(store, object->record);

	if (!record)
		return -TWZ_ERR_CORRUPT;
	transaction_begin(store);
	twz_result result = table_remove(store, object->id);
	if (result != TWZ_OK)
		transaction_fail(store, result);
	transaction_word(store, &record->orphan, roots->orphan);
	transaction_word(store, &roots->orphan, object->record);
	return transaction_commit(store);
}

/* The word of the list of orphans that names `block`, or NULL. */
static uint64_t *orphan_link(struct store *store, uint64_t block)
{
	uint64_t *link = &roots_of(store)->orphan;

	for (uint64_t steps = store->blocks; *link != block; steps--) {
		struct store_record *record = record_read(store, *link);
		if (!record || steps == 0)
			return NULL;
		link = &record->orphan;
	}
	return link;
}

/* Frees a lower map that has become all holes. */
static twz_result free_lower(struct store *store, uint64_t *upper_word)
{
	transaction_begin(store);
	block_release(store, *upper_word);
	transaction_word(store, upper_word, 0);
	return transaction_commit(store);
}

twz_result store_free(struct store *store, const struct store_object *object)
{
	struct store_record *record = record_read(store, object->record);
	uint64_t *link = record ? orphan_link(store, object->record) : NULL;

	if (!link)
		return -TWZ_ERR_CORRUPT;
	twz_result result = store_discard(store, object, 0, STORE_PAGES);
	uint64_t *upper = record->map ? store_block(store, record->map) : NULL;
	if (upper && !block_is_data(store, record->map))
		return -TWZ_ERR_CORRUPT;
	for (unsigned i = 0; upper && i < STORE_MAP_SIZE && result == TWZ_OK; i++)
		if (upper[i] != 0)
			result = free_lower(store, &upper[i]);
	if (result != TWZ_OK)
		return result;
	transaction_begin(store);
	if (upper)
		block_release(store, record->map);
	block_release(store, object->record);
	transaction_word(store, link, record->orphan);
	return transaction_commit(store);
}

twz_result orphans_free(struct store *store)
{
	while (roots_of(store)->orphan != 0) {
		struct store_object object = {.record = roots_of(store)->orphan};
		twz_result result = store_free(store, &object);
		if (result != TWZ_OK)
			return result;
	}
	return TWZ_OK;
}

struct visit {
	struct store *store;
	store_visitor visit;
	void *context;
};

static twz_result visit_record(void *context, uint64_t block)
{
	struct visit *visit = context;

	return visit->visit(visit->context, visit->store, block);
}

twz_result store_visit(struct store *store, store_visitor visit, void *context)
{
	struct visit all = {store, visit, context};

	return table_visit(store, NULL, visit_record, &all);
}
