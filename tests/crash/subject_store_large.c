/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An object of the store that outgrows its record: maps come, pages far away, and all goes again.
 * After a power loss the store is consistent, and as before or after the call that was running.
 */
#include "subject.h"
#include <store_state.h>

#define SIZE (2560u << 10)

static uint8_t *region, *region_image, *copy;
static struct store store;
static struct {
	uint64_t before, after; /* digests */
} expected;

static const struct twz_id store_id = {7, 7};

static const char *check(void)
{
	struct store opened;
	const char *message, *wrong = NULL;

	if (store_open(&opened, region_image, SIZE, store_id, &state_memory, &message) != TWZ_OK)
		return message;
	if (store_check(&opened, &message) != TWZ_OK)
		wrong = message;
	uint64_t digest = state_digest(&opened, NULL);
	if (!wrong && digest != expected.before && digest != expected.after)
		wrong = "neither before nor after";
	store_close(&opened);
	return wrong;
}

static void page(struct store *to, uint64_t number, uint64_t value)
{
	struct store_object object;
	uint64_t block;

	if (store_find(to, state_id(0), &object) != TWZ_OK ||
	    store_page(to, &object, number, true, &block) != TWZ_OK)
		return;
	if (value)
		twz_commit_word(store_block(to, block), value);
}

static void fill_record(struct store *to)
{
	struct store_object object = {.id = state_id(0)};

	MUST(store_create(to, &object) == TWZ_OK);
	for (uint64_t i = 1; i < 40; i++)
		page(to, i, 0);
}

static void perform(struct store *to, unsigned step)
{
	struct store_object object;

	switch (step) {
	case 0: /* behind the record's entries: a map */
		page(to, STORE_LOW, 0);
		break;
	case 1:
		page(to, 100000, 9);
		break;
	case 2:
		if (store_find(to, state_id(0), &object) == TWZ_OK)
			store_discard(to, &object, 3, 700);
		break;
	default:
		if (store_find(to, state_id(0), &object) == TWZ_OK &&
		    store_unlink(to, &object) == TWZ_OK)
			store_free(to, &object);
	}
}

static void rehearse(unsigned step)
{
	const char *message;
	struct store trial;

	explore_mode = EXPLORE_OFF;
	memcpy(copy, region, SIZE);
	MUST(store_open(&trial, copy, SIZE, store_id, &state_memory, &message) == TWZ_OK);
	uint64_t before = state_digest(&trial, NULL);
	perform(&trial, step);
	uint64_t after = state_digest(&trial, NULL);
	store_close(&trial);
	explore_mode = EXPLORE_RECORD;
	expected.before = before;
	expected.after = after;
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.count = 1,
				    .check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected)};
	const char *message;

	if (!region) {
		region = aligned_alloc(4096, SIZE);
		region_image = aligned_alloc(4096, SIZE);
		copy = aligned_alloc(4096, SIZE);
		MUST(region && region_image && copy);
	}
	plan.windows[0] = (struct medium_window){region, region_image, SIZE};
	subject_random = seed;
	memset(region, 0, SIZE);
	MUST(store_open(&store, region, SIZE, store_id, &state_memory, &message) == TWZ_OK);
	fill_record(&store);
	expected.before = expected.after = state_digest(&store, NULL);
	explore_begin(&plan);
	for (unsigned step = 0; step < steps && explore_goes_on(); step++) {
		rehearse(step);
		perform(&store, step);
		expected.before = expected.after;
	}
	explore_end(result);
	store_close(&store);
}

const struct subject store_large_subjects[] = {
	{"store, a large object", run, 4, 2},
	{0},
};
