/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An object of the store that outgrows its record: maps come, pages far away, and all goes again.
 * After a power loss the store is consistent, and as before or after the call that was running.
 */
#include "store_region.h"

#define SIZE (2560u << 10)

static struct store_region region = {.size = SIZE};
static struct store store;
static struct store_digests expected;

static const char *check(void)
{
	return store_region_check(&region, &expected);
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
	uint64_t filled;

	switch (step) {
	case 0: /* behind the record's entries: a map */
		page(to, STORE_LOW, 0);
		break;
	case 1: /* several at once, to the record's end and behind it */
		if (store_find(to, state_id(0), &object) == TWZ_OK)
			store_fill(to, &object, STORE_LOW - 3, 12, &filled);
		break;
	case 2:
		page(to, 100000, 9);
		break;
	case 3:
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
	struct store trial;

	explore_mode = EXPLORE_OFF;
	memcpy(region.copy, region.live, SIZE);
	store_region_open(&region, region.copy, &trial);
	uint64_t before = state_digest(&trial, NULL);
	perform(&trial, step);
	uint64_t after = state_digest(&trial, NULL);
	store_close(&trial);
	explore_mode = EXPLORE_RECORD;
	expected.before = before;
	expected.after = after;
}

static void step(unsigned number)
{
	rehearse(number);
	perform(&store, number);
	expected.before = expected.after;
}

static void reopen(void)
{
	store_close(&store);
	store_region_open(&region, region.live, &store);
}

/* Any of them again. */
static void work(unsigned steps)
{
	for (unsigned i = 0; i < steps / 3 && explore_goes_on(); i++)
		step((unsigned)draw(5));
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = work};

	store_region_begin(&region, &plan, seed);
	store_region_open(&region, region.live, &store);
	fill_record(&store);
	expected.before = expected.after = state_digest(&store, NULL);
	explore_begin(&plan);
	for (unsigned i = 0; i < steps && explore_goes_on(); i++)
		step(i);
	explore_end(result);
	store_close(&store);
}

const struct subject store_large_subjects[] = {
	{"store, a large object", run, 5, 3},
	{0},
};
