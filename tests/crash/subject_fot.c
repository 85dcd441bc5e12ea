/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pointers to foreign objects come and go: after a power loss each leads to what it led to before
 * or after the change, and no entry of the Foreign Object Table counts fewer pointers than it has.
 */
#include "subject.h"
#include <internal.h>
#include <twz/fot.h>
#include <twz/persist.h>

#define POINTERS 24
#define TARGETS	 9

/* What each pointer leads to: 0 nothing, else the number of a target. */
static struct {
	uint8_t before[POINTERS], after[POINTERS];
} expected;
static unsigned each;

static struct twz_id id_of(uint8_t target)
{
	return (struct twz_id){target, 0x464f54};
}

static const char *check(void)
{
	const twz_iptr *pointers = twz_object_base(&image);
	const struct twz_object_meta *meta = twz_object_meta(&image);
	uint64_t used[64] = {0};

	for (int i = 0; i < POINTERS; i++) {
		uint64_t index = twz_iptr_index(pointers[i]);
		if (pointers[i] == 0) {
			if (expected.before[i] != 0 && expected.after[i] != 0)
				return "a pointer is gone";
			continue;
		}
		if (index == 0 || index > meta->fot_count || index >= 64)
			return "a pointer leads behind the table";
		const struct twz_fot_entry *entry = twz_fot_entry(image.start, index);
		if (entry->flags != (TWZ_FOT_VALID | TWZ_FOT_ID | TWZ_FOT_READ))
			return "a pointer leads to no entry";
		if (entry->id.lo != id_of(1).lo || entry->id.hi == 0 ||
		    (entry->id.hi != expected.before[i] && entry->id.hi != expected.after[i]))
			return "a pointer leads to another object";
		if (++used[index] > entry->refs)
			return "an entry has more pointers than it counts";
	}
	return NULL;
}

static void change(unsigned i)
{
	twz_iptr *pointer = (twz_iptr *)twz_object_base(&live) + i;
	uint64_t old = twz_iptr_index(*pointer);
	uint8_t target = expected.before[i] && draw(2) ? 0 : (uint8_t)(draw(TARGETS) + 1);

	expected.after[i] = 0;
	twz_commit_word(pointer, 0);
	expected.before[i] = 0;
	if (old != 0)
		MUST(twz_fot_release(live.start, old) == TWZ_OK);
	if (target == 0)
		return;
	expected.after[i] = target;
	twz_result index = twz_fot_insert(live.start, id_of(target), TWZ_RIGHT_READ);
	MUST(index > 0);
	twz_commit_word(pointer, (uint64_t)index << TWZ_IPTR_OFFSET_BITS | TWZ_BASE_OFFSET);
	expected.before[i] = target;
}

static void even_ones(void)
{
	for (unsigned i = 0; i < each && explore_goes_on(); i++)
		change((unsigned)draw(POINTERS / 2) * 2);
}

static void odd_ones(void)
{
	for (unsigned i = 0; i < each && explore_goes_on(); i++)
		change((unsigned)draw(POINTERS / 2) * 2 + 1);
}

/* What a pointer leads to, by its entry. */
static uint8_t target_of(twz_iptr pointer)
{
	return pointer ? (uint8_t)twz_fot_entry(live.start, twz_iptr_index(pointer))->id.hi : 0;
}

/* There is nothing to recover: entries that count too many pointers stay. What a program that ended
 * stored plainly is made durable. */
static void reopen(void)
{
	twz_persist(twz_object_base(&live), POINTERS * sizeof(twz_iptr));
	for (int i = 0; i < POINTERS; i++)
		expected.before[i] = expected.after[i] =
			target_of(((const twz_iptr *)twz_object_base(&live))[i]);
}

static void work(unsigned steps)
{
	each = steps / 2;
	even_ones();
	odd_ones();
}

static void work_of_two(unsigned steps)
{
	each = steps / 2;
	explore_two(even_ones, odd_ones);
}

static void run(uint64_t seed, unsigned steps, bool two, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = two ? work_of_two : work,
				    .mortal = true};

	object_prepare(POINTERS * sizeof(twz_iptr), 4 << 10, 4 << 10, seed, &plan);
	memset(&expected, 0, sizeof(expected));
	explore_begin(&plan);
	plan.go_on(steps);
	explore_end(result);
}

static void run_one(uint64_t seed, unsigned steps, struct explore_result *result)
{
	run(seed, steps, false, result);
}

static void run_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	run(seed, steps, true, result);
}

const struct subject fot_subjects[] = {
	{"foreign objects", run_one, 120, 60},
	{"foreign objects, two threads", run_two, 80, 30},
	{0},
};
