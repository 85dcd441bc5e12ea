/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key-value store in one object: keys of up to TWZ_BTREE_KEY_MAX bytes, values of any length that
 * the object holds, in the order of the keys. There is no file format, cache or log beside it: the
 * B+tree of <twz/btree.h> lies in the object, a reader looks at it where it is mapped, and each
 * change is durable when its call returns. Several changes become true together within
 * TWZ_TX(&tx, &kv.object). Threads and programs may use one store at once.
 */
#ifndef TWZKV_H
#define TWZKV_H

#include <stdbool.h>
#include <twz/btree.h>

#define TWZKV_MAGIC   0x564b5a5754ull /* "TWZKV" */
#define TWZKV_VERSION 1

/* At the object's base. */
struct twzkv_root {
	uint64_t magic; /* stored last, when the rest is durable */
	uint64_t version;
	struct twz_btree tree;
};

struct twzkv {
	struct twz_object object;
	struct twzkv_root *root;
};

/* Opens the store that a path names. create: makes it when there is none, in the object store if
 * the machine has one. NOT_FOUND; BAD_FORMAT: another kind of object; VERSION_MISMATCH; CORRUPT. */
twz_result twzkv_open(struct twzkv *kv, const char *path, bool create);

/* The same for an object without a name; a fresh one becomes an empty store. */
twz_result twzkv_open_object(struct twzkv *kv, struct twz_id id);

void twzkv_close(struct twzkv *kv);

/* The contracts of twz_btree_put, twz_btree_get and twz_btree_remove. */
twz_result twzkv_put(struct twzkv *kv, const void *key, size_t key_length, const void *value,
		     size_t value_length);
twz_result twzkv_get(const struct twzkv *kv, const void *key, size_t key_length, void *value,
		     size_t size);
twz_result twzkv_remove(struct twzkv *kv, const void *key, size_t key_length);

/* The keys in order from twz_btree_seek's on: twz_btree_next's contract. */
twz_result twzkv_next(const struct twzkv *kv, struct twz_btree_cursor *cursor, void *value,
		      size_t size);

/* The same in place: the contracts of twz_btree_peek and twz_btree_advance. */
twz_result twzkv_peek(const struct twzkv *kv, struct twz_btree_cursor *cursor,
		      struct twz_btree_pair *pairs, size_t count);
twz_result twzkv_advance(const struct twzkv *kv, struct twz_btree_cursor *cursor,
			 const struct twz_btree_pair *pairs, size_t taken);

uint64_t twzkv_count(const struct twzkv *kv);

#endif
