/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of the store: find, create, delete; blocks of deleted objects are freed step by step. */
#include "internal.h"

bool record_read(struct store *store, uint64_t block, struct node *node, twz_result *result)
{
	if (block_is_data(store, block))
		return node_read(store, block, STORE_KIND_RECORD, node, result);
	*result = -TWZ_ERR_CORRUPT;
	return false;
}

bool roots_read(struct store *store, struct node *node, twz_result *result)
{
	return node_read(store, STORE_ROOTS, STORE_KIND_ROOTS, node, result);
}

uint64_t roots_get(struct store *store, unsigned word)
{
	twz_result result;
	struct node roots;

	if (roots_read(store, &roots, &result))
		return node_get(store, &roots, word);
	transaction_fail(store, result);
	return 0;
}

void roots_set(struct store *store, unsigned word, uint64_t value)
{
	twz_result result;
	struct node roots;

	if (roots_read(store, &roots, &result))
		node_set(store, &roots, word, value);
	else
		transaction_fail(store, result);
}

uint64_t store_object_count(struct store *store)
{
	return roots_get(store, ROOT_WORD(objects));
}

twz_result store_describe(struct store *store, uint64_t block, struct store_object *out)
{
	twz_result result;
	struct node node;

	if (!record_read(store, block, &node, &result))
		return result;
	const struct store_record *record = (const struct store_record *)node.words;
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

twz_result store_find(struct store *store, struct twz_id id, struct store_object *out)
{
	uint64_t block;
	twz_result result = table_find(store, id, &block);

	return result == TWZ_OK ? store_describe(store, block, out) : result;
}

/* Enters the meta page of a fresh record. */
static void make_meta(struct store *store, const struct node *record,
		      const struct store_object *spec)
{
	uint64_t block = block_allocate(store);
	uint64_t *page = block ? store->memory->allocate(STORE_BLOCK_SIZE) : NULL;
	uint32_t checksum = 0;

	if (block && !page)
		transaction_fail(store, -TWZ_ERR_OUT_OF_MEMORY);
	if (!page)
		return;
	*(struct twz_object_meta *)page = (struct twz_object_meta){
		.magic = TWZ_META_MAGIC,
		.version = TWZ_META_VERSION,
		.kind = spec->kind,
		.nonce = spec->nonce,
		.owner = spec->owner,
		.protections = spec->protections,
	};
	const void *contents = page;
	twz_result result = pages_write(store, block, 1, &contents, &checksum);
	pages_settle(store);
	store->memory->release(page, STORE_BLOCK_SIZE);
	if (result != TWZ_OK)
		transaction_fail(store, result);
	map_set(store, record, TWZ_META_OFFSET / STORE_BLOCK_SIZE, STORE_ENTRY(block, checksum));
}

twz_result store_create(struct store *store, struct store_object *spec)
{
	struct node node;

	transaction_begin(store);
	uint64_t block = block_allocate(store);
	if (node_make(store, block, STORE_KIND_RECORD, &node)) {
		struct store_record *record = (struct store_record *)node.words;
		record->id = spec->id;
		record->nonce = spec->nonce;
		record->owner = spec->owner;
		record->flags = spec->flags;
		record->kind = spec->kind;
		record->protections = spec->protections;
		if (!(spec->flags & TWZ_OBJECT_RAW))
			make_meta(store, &node, spec);
		twz_result result = table_insert(store, spec->id, block);
		if (result != TWZ_OK)
			transaction_fail(store, result);
		roots_set(store, ROOT_WORD(objects), roots_get(store, ROOT_WORD(objects)) + 1);
	}
	twz_result result = transaction_commit(store);
	if (result == TWZ_OK)
		spec->record = block;
	return result;
}

/* Sets a word of another deleted object's record; nothing for 0. */
static void set_neighbour(struct store *store, uint64_t block, unsigned word, uint64_t value)
{
	twz_result result;
	struct node node;

	if (block == 0)
		return;
	if (record_read(store, block, &node, &result))
		node_set(store, &node, word, value);
	else
		transaction_fail(store, result);
}

twz_result store_unlink(struct store *store, const struct store_object *object)
{
	twz_result result;
	struct node record;

	transaction_begin(store);
	uint64_t first = roots_get(store, ROOT_WORD(orphan));
	if (!record_read(store, object->record, &record, &result))
		transaction_fail(store, result);
	else if ((result = table_remove(store, object->id)) != TWZ_OK)
		transaction_fail(store, result);
	if (store->error == TWZ_OK) {
		node_set(store, &record, RECORD_WORD(next), first);
		set_neighbour(store, first, RECORD_WORD(previous), object->record);
		roots_set(store, ROOT_WORD(orphan), object->record);
		roots_set(store, ROOT_WORD(objects), roots_get(store, ROOT_WORD(objects)) - 1);
	}
	return transaction_commit(store);
}

/* Frees one page map and all its pages: one transaction. */
static twz_result free_map(struct store *store, uint64_t record_block, unsigned n)
{
	twz_result result;
	struct node record, map;

	transaction_begin(store);
	if (!record_read(store, record_block, &record, &result)) {
		transaction_fail(store, result);
		return transaction_commit(store);
	}
	uint64_t block = map_block(store, &record, n);
	if (block != 0 && node_read(store, block, STORE_KIND_MAP, &map, &result)) {
		for (unsigned i = 2; i < STORE_WORDS; i++) {
			uint64_t entry = node_get(store, &map, i);
			if (entry != 0)
				block_release(store, STORE_ENTRY_BLOCK(entry), false);
		}
		block_release(store, block, true);
		map_set_block(store, &record, n, 0);
	} else if (block != 0) {
		transaction_fail(store, result);
	}
	return transaction_commit(store);
}

twz_result store_free(struct store *store, const struct store_object *object)
{
	twz_result result = TWZ_OK;
	struct node record;

	for (unsigned n = 0; n < STORE_MAPS && result == TWZ_OK; n++) {
		if (!record_read(store, object->record, &record, &result))
			return result;
		if (map_block(store, &record, n) != 0)
			result = free_map(store, object->record, n);
	}
	if (result != TWZ_OK)
		return result;
	transaction_begin(store);
	if (!record_read(store, object->record, &record, &result)) {
		transaction_fail(store, result);
		return transaction_commit(store);
	}
	for (unsigned word = RECORD_WORD(high); word < STORE_WORDS; word++) {
		uint64_t entry = node_get(store, &record, word);
		if (entry != 0)
			block_release(store, STORE_ENTRY_BLOCK(entry), false);
	}
	uint64_t next = node_get(store, &record, RECORD_WORD(next));
	uint64_t previous = node_get(store, &record, RECORD_WORD(previous));
	if (previous == 0 && roots_get(store, ROOT_WORD(orphan)) != object->record)
		transaction_fail(store, -TWZ_ERR_CORRUPT);
	set_neighbour(store, next, RECORD_WORD(previous), previous);
	if (previous == 0)
		roots_set(store, ROOT_WORD(orphan), next);
	else
		set_neighbour(store, previous, RECORD_WORD(next), next);
	block_release(store, object->record, true);
	return transaction_commit(store);
}

twz_result orphans_free(struct store *store)
{
	for (;;) {
		store->error = TWZ_OK;
		struct store_object object = {.record = roots_get(store, ROOT_WORD(orphan))};
		if (store->error != TWZ_OK || object.record == 0)
			return store->error;
		twz_result result = store_free(store, &object);
		if (result != TWZ_OK)
			return result;
	}
}

struct visit {
	struct store *store;
	store_visitor visit;
	void *context;
};

static twz_result visit_record(void *context, uint64_t block, bool is_record, twz_result problem)
{
	struct visit *visit = context;

	if (problem != TWZ_OK || !is_record)
		return problem;
	return visit->visit(visit->context, visit->store, block);
}

twz_result store_visit(struct store *store, store_visitor visit, void *context)
{
	struct visit all = {store, visit, context};

	return table_visit(store, visit_record, &all);
}
