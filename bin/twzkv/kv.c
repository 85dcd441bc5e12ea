/* SPDX-License-Identifier: BSD-2-Clause */
/* The key-value store; see kv.h. */
#include "kv.h"
#include <twz/alloc.h>
#include <twz/name.h>
#include <twz/persist.h>

/* Each step holds when it is done again, so a power loss between two of them does no harm. */
static twz_result make(struct twzkv *kv)
{
	twz_result result = twz_heap_make(&kv->object, sizeof(*kv->root));

	if (result < 0 && result != -TWZ_ERR_EXISTS)
		return result;
	kv->root->version = TWZKV_VERSION;
	twz_persist(kv->root, sizeof(*kv->root));
	twz_commit_word(&kv->root->magic, TWZKV_MAGIC);
	return TWZ_OK;
}

static twz_result prepare(struct twzkv *kv)
{
	const struct twz_object_meta *meta = twz_object_meta(&kv->object);
	uint64_t magic = __atomic_load_n(&kv->root->magic, __ATOMIC_ACQUIRE);
	twz_result result = TWZ_OK;

	if (meta->magic != TWZ_META_MAGIC || meta->kind != TWZ_KIND_DATA)
		return -TWZ_ERR_BAD_FORMAT;
	if (magic == 0 && kv->root->tree.count == 0)
		result = make(kv);
	else if (magic != TWZKV_MAGIC)
		result = -TWZ_ERR_BAD_FORMAT;
	else if (kv->root->version != TWZKV_VERSION)
		result = -TWZ_ERR_VERSION_MISMATCH;
	return result < 0 ? result : twz_tx_open(&kv->object);
}

twz_result twzkv_open_object(struct twzkv *kv, struct twz_id id)
{
	twz_result result = twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &kv->object);

	if (result < 0)
		return result;
	kv->root = twz_object_base(&kv->object);
	result = prepare(kv);
	if (result < 0)
		twz_object_close(&kv->object);
	return result < 0 ? result : TWZ_OK;
}

/* A store under a name that nothing has yet; the name comes last. */
static twz_result create_named(struct twzkv *kv, struct twz_id root, const char *path)
{
	struct twz_id id;
	twz_result result = twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id);

	if (result == -TWZ_ERR_NOT_SUPPORTED) /* no object store here */
		result = twz_object_create(0, TWZ_KIND_DATA, &id);
	if (result < 0)
		return result;
	result = twzkv_open_object(kv, id);
	if (result >= 0) {
		result = twz_name_insert(root, path, id, TWZ_KIND_DATA);
		if (result < 0)
			twzkv_close(kv);
	}
	if (result < 0)
		twz_object_delete(id);
	return result;
}

twz_result twzkv_open(struct twzkv *kv, const char *path, bool create)
{
	struct twz_directory_entry entry;
	struct twz_id root;
	twz_result result = twz_name_root(&root);

	if (result < 0)
		return result;
	result = twz_name_lookup(root, path, &entry);
	if (result == -TWZ_ERR_NOT_FOUND && create) {
		result = create_named(kv, root, path);
		if (result != -TWZ_ERR_EXISTS) /* else another program was faster */
			return result;
		result = twz_name_lookup(root, path, &entry);
	}
	return result < 0 ? result : twzkv_open_object(kv, entry.id);
}

void twzkv_close(struct twzkv *kv)
{
	twz_object_close(&kv->object);
	kv->root = NULL;
}

twz_result twzkv_put(struct twzkv *kv, const void *key, size_t key_length, const void *value,
		     size_t value_length)
{
	return twz_btree_put(&kv->object, &kv->root->tree, key, key_length, value, value_length);
}

twz_result twzkv_get(const struct twzkv *kv, const void *key, size_t key_length, void *value,
		     size_t size)
{
	return twz_btree_get(&kv->object, &kv->root->tree, key, key_length, value, size);
}

twz_result twzkv_remove(struct twzkv *kv, const void *key, size_t key_length)
{
	return twz_btree_remove(&kv->object, &kv->root->tree, key, key_length);
}

twz_result twzkv_next(const struct twzkv *kv, struct twz_btree_cursor *cursor, void *value,
		      size_t size)
{
	return twz_btree_next(&kv->object, &kv->root->tree, cursor, value, size);
}

twz_result twzkv_peek(const struct twzkv *kv, struct twz_btree_cursor *cursor,
		      struct twz_btree_pair *pairs, size_t count)
{
	return twz_btree_peek(&kv->object, &kv->root->tree, cursor, pairs, count);
}

twz_result twzkv_advance(const struct twzkv *kv, struct twz_btree_cursor *cursor,
			 const struct twz_btree_pair *pairs, size_t taken)
{
	return twz_btree_advance(&kv->object, &kv->root->tree, cursor, pairs, taken);
}

uint64_t twzkv_count(const struct twzkv *kv)
{
	return __atomic_load_n(&kv->root->tree.count, __ATOMIC_RELAXED);
}
