/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a store under exploration, and what has to hold of it after a power loss. */
#ifndef CRASH_STORE_REGION_H
#define CRASH_STORE_REGION_H

#include "subject.h"
#include <store_state.h>

struct store_region {
	uint64_t size;		      /* bytes */
	uint8_t *live, *image, *copy; /* worked on; checked; for rehearsals */
};

/* What the store held before the call that runs, and what it holds after it. */
struct store_digests {
	uint64_t before, after;
};

static const struct twz_id store_region_id = {7, 7};

/* Makes the memory at first, empties what is worked on, and has the plan watch it. */
static inline void store_region_begin(struct store_region *region, struct explore_plan *plan,
				      uint64_t seed)
{
	if (!region->live) {
		region->live = aligned_alloc(4096, region->size);
		region->image = aligned_alloc(4096, region->size);
		region->copy = aligned_alloc(4096, region->size);
		MUST(region->live && region->image && region->copy);
	}
	plan->count = 1;
	plan->windows[0] = (struct medium_window){region->live, region->image, region->size};
	subject_random = seed;
	memset(region->live, 0, region->size);
}

static inline void store_region_open(const struct store_region *region, uint8_t *at,
				     struct store *store)
{
	const char *message;

	MUST(store_open(store, at, region->size, store_region_id, &state_memory, &message) ==
	     TWZ_OK);
}

/* NULL when the image is a consistent store that holds one of the two; else what is wrong. */
static inline const char *store_region_check(const struct store_region *region,
					     const struct store_digests *expected)
{
	struct store opened;
	const char *message, *wrong = NULL;

	if (store_open(&opened, region->image, region->size, store_region_id, &state_memory,
		       &message) != TWZ_OK)
		return message;
	if (store_check(&opened, &message) != TWZ_OK)
		wrong = message;
	uint64_t digest = state_digest(&opened, NULL);
	if (!wrong && digest != expected->before && digest != expected->after)
		wrong = "neither before nor after";
	store_close(&opened);
	return wrong;
}

#endif
