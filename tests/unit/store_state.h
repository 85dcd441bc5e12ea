/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store's tests share: memory for it, and a digest of everything that it holds. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <twz/id.h>

static inline void *state_allocate(size_t size)
{
	void *memory = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);

	return memory ? memset(memory, 0, size) : NULL;
}

static inline void state_release(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static const struct store_memory state_memory = {state_allocate, state_release};

struct state {
	struct store *store;
	const struct store_object *of;
	uint64_t sum; /* of objects, pages and words, in no order */
	uint64_t objects;
	uint64_t object; /* digest of the present one's id */
};

/* A page of zeros and a hole are equal: they do not count. */
static inline twz_result state_page(void *context, uint64_t page)
{
	struct state *state = context;
	uint64_t words[512], any = 0;
	bool present;
	twz_result result = store_read(state->store, state->of, page, words, &present);

	for (unsigned i = 0; result == TWZ_OK && i < 512; i++)
		any |= words[i];
	if (any != 0) {
		uint64_t sum = twz_fnv1a(state->object, &page, sizeof(page));
		state->sum += twz_fnv1a(sum, words, sizeof(words));
	}
	return result;
}

static inline twz_result state_record(void *context, struct store *store, uint64_t block)
{
	struct state *state = context;
	struct store_object object;
	twz_result result = store_describe(store, block, &object);

	if (result != TWZ_OK)
		return result;
	object.record = 0; /* where it is does not matter */
	state->objects++;
	state->object =
		twz_fnv1a(TWZ_FNV_START, &object, offsetof(struct store_object, protections) + 4);
	state->sum += state->object;
	object.record = block;
	state->of = &object;
	return store_visit_pages(store, &object, state_page, state);
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
