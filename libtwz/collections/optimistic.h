/* SPDX-License-Identifier: BSD-2-Clause */
/* A look-up in a collection: without the lock, and with it where somebody changes the object. */
#ifndef LIBTWZ_OPTIMISTIC_H
#define LIBTWZ_OPTIMISTIC_H

#include "bytes.h"
#include "../internal.h"
#include <twz/tx.h>

/* Copies out a key's value; its length, NOT_FOUND, or CORRUPT. Everything it reads is hostile. */
typedef twz_result optimistic_get(const uint8_t *start, const void *collection, struct bytes key,
				  void *value, size_t size);

static __attribute__((noinline)) twz_result optimistic_locked(const struct twz_object *object,
							      const void *collection,
							      optimistic_get *get, struct bytes key,
							      void *value, size_t size)
{
	twz_result result = -TWZ_ERR_NOT_FOUND;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	result = get(object->start, collection, key, value, size);
	return tx.result < 0 ? tx.result : result;
}

/* Always inline: `get` is known there, so that the look without the lock calls nothing. */
static inline __attribute__((always_inline)) twz_result
optimistic(const struct twz_object *object, const void *collection, optimistic_get *get,
	   struct bytes key, void *value, size_t size)
{
	uint64_t turns;

	if (twz_internal_read_begin(object, &turns)) {
		twz_result result = get(object->start, collection, key, value, size);
		if (twz_internal_read_end(object, turns))
			return result;
	}
	return optimistic_locked(object, collection, get, key, value, size);
}

#endif
