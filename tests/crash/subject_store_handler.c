/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commit of a handler's run: after a power loss globals, outputs and sequence number are all as
 * before the run or all as after.
 */
#include "store_region.h"
#include <handler_run.h>

#define SIZE (512u << 10)
static struct store_region region = {.size = SIZE};
static struct {
	struct run_contents before, after;
} expected;
static struct store store;
static uint64_t runs;

static const char *check(void)
{
	const char *message, *wrong = NULL;
	struct store opened;

	if (store_open(&opened, region.image, SIZE, store_region_id, &state_memory, &message) !=
	    TWZ_OK)
		return message;
	if (store_check(&opened, &message) != TWZ_OK)
		wrong = message;
	if (!wrong) {
		struct run_contents c = run_contents_of(&opened);
		if (memcmp(&c, &expected.before, sizeof(c)) != 0 &&
		    memcmp(&c, &expected.after, sizeof(c)) != 0)
			wrong = "a part is of before and a part of after";
	}
	store_close(&opened);
	return wrong;
}

static void moved(void *context, const struct store_swap *swap)
{
	(void)context;
	(void)swap;
}

static void perform(struct store *to, uint64_t n, const uint64_t lengths[2])
{
	const struct handler_commit with = {.allocate = calloc, .release = free, .moved = moved};

	MUST(run_commit(with, to, n, lengths) == TWZ_OK);
}

/* Learns on a copy what the run is to change. */
static void rehearse(uint64_t n, const uint64_t lengths[2])
{
	struct store trial;

	explore_mode = EXPLORE_OFF;
	memcpy(region.copy, region.live, SIZE);
	store_region_open(&region, region.copy, &trial);
	struct run_contents before = run_contents_of(&trial);
	perform(&trial, n, lengths);
	struct run_contents after = run_contents_of(&trial);
	store_close(&trial);
	explore_mode = EXPLORE_RECORD;
	expected.before = before;
	expected.after = after;
}

static void prepare(void)
{
	store_region_open(&region, region.live, &store);
	MUST(run_create(&store) == TWZ_OK);
	runs = 7;
	perform(&store, runs, (const uint64_t[2]){4090, 1});
	expected.before = expected.after = run_contents_of(&store);
}

static void reopen(void)
{
	store_close(&store);
	store_region_open(&region, region.live, &store);
}

static void work(unsigned steps)
{
	for (unsigned i = 0; i < steps && explore_goes_on(); i++) {
		uint64_t lengths[2] = {draw(2) * draw(40), draw(3) ? draw(8) : draw(900)};
		rehearse(++runs, lengths);
		perform(&store, runs, lengths);
		expected.before = expected.after;
	}
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = work};

	store_region_begin(&region, &plan, seed);
	prepare();
	explore_begin(&plan);
	work(steps);
	explore_end(result);
	store_close(&store);
}

const struct subject handler_subjects[] = {
	{"commit of a handler's run", run, 12, 2},
	{0},
};
