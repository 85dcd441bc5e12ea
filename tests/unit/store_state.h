/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store's tests share: memory for it, and a digest of everything that it holds. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "internal.h"
#include <stdlib.h>
#include <twz/id.h>

static inline void *state_allocate(size_t size)
{
	return calloc(1, size);
}

static inline void state_release(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static const struct store_memory state_memory = {state_allocate, state_release};

struct state {
	struct store *store;
	uint64_t sum; /* of objects, pages and words, in no order */
	uint64_t objects;
	uint64_t object; /* digest of the present one's id */
};

/* A page of zeros and a hole are equal: they do not count. */
static inline twz_result state_page(void *context, uint64_t block, uint64_t page)
{
	struct state *state = context;
	const uint64_t *words = store_block(state->store, block);
	uint64_t any = 0;

	for (unsigned i = 0; i < STORE_BLOCK_SIZE / 8; i++)
		any |= words[i];
	if (page != ~0ull && any != 0) {
		uint64_t sum = twz_fnv1a(state->object, &page, sizeof(page));
		state->sum += twz_fnv1a(sum, words, STORE_BLOCK_SIZE);
	}
	return TWZ_OK;
}

static inline twz_result state_record(void *context, struct store *store, uint64_t block)
{
	struct state *state = context;
	struct store_record *record = record_read(store, block);

	if (!record)
		return -TWZ_ERR_CORRUPT;
	state->objects++;
	state->object = twz_fnv1a(TWZ_FNV_START, record, offsetof(struct store_record, checksum));
	state->sum += state->object;
	return map_visit(store, record, state_page, state);
}

/* The digest of what programs can see; 0 when the store cannot be read. */
static inline uint64_t state_digest(struct store *store, uint64_t *objects)
{
	struct state state = {.store = store, .sum = 1};
	struct twz_id roots[2] = {store_root(store, STORE_ROOT_NAMES),
				  store_root(store, STORE_ROOT_HANDLERS)};

	if (store_visit(store, state_record, &state) != TWZ_OK)
		return 0;
	if (objects)
		*objects = state.objects;
	return state.sum + twz_fnv1a(TWZ_FNV_START, roots, sizeof(roots));
}

static inline struct twz_id state_id(uint64_t number)
{
	return twz_id_derive((struct twz_id){number, 1}, TWZ_ID_NONE, 3);
}

#endif
