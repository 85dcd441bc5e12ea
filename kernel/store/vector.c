/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing arrays of words, in the store's working memory. */
#include "internal.h"

#define FIRST_ROOM 64u

bool vector_reserve(struct store *store, struct store_vector *vector, uint64_t count)
{
	uint64_t room = vector->room ? vector->room : FIRST_ROOM;

	if (count <= vector->room)
		return true;
	while (room < count)
		room *= 2;
	uint64_t *items = store->memory->allocate(room * sizeof(*items));
	if (!items)
		return false;
	if (vector->items) {
		__builtin_memcpy(items, vector->items, vector->count * sizeof(*items));
		store->memory->release(vector->items, vector->room * sizeof(*items));
	}
	vector->items = items;
	vector->room = room;
	return true;
}

bool vector_push(struct store *store, struct store_vector *vector, uint64_t item)
{
	if (!vector_reserve(store, vector, vector->count + 1))
		return false;
	vector->items[vector->count++] = item;
	return true;
}

void vector_free(struct store *store, struct store_vector *vector)
{
	if (vector->items)
		store->memory->release(vector->items, vector->room * sizeof(*vector->items));
	*vector = (struct store_vector){0};
}
