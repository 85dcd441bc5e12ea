/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocating and freeing inside an object without transactions, by one thread or two: after a power
 * loss each block is owned by one pointer or free, none is lost, and only the pointer of a call
 * that had not returned may be as before or as after.
 */
#include "subject.h"
#include <host/host.h>
#include <internal.h>
#include <twz/alloc.h>
#include <twz/lock.h>

#define OWNERS 12

static struct {
	uint64_t owners[OWNERS];
	uint32_t changing[ACTORS]; /* owner + 1 of each thread's call, or 0 */
} expected;

static uint64_t *owners_of(const struct twz_object *object)
{
	return twz_object_base(object);
}

static const char *check(void)
{
	if (twz_heap_recover(image.start, HEAP_LIMIT) < 0)
		return "recovery fails";
	const uint64_t *owners = owners_of(&image);
	for (uint32_t i = 0; i < OWNERS; i++) {
		bool changing = false;
		for (int actor = 0; actor < ACTORS; actor++)
			changing |= expected.changing[actor] == i + 1;
		if (owners[i] != expected.owners[i] &&
		    (!changing || (expected.owners[i] != 0 && owners[i] != 0)))
			return "a pointer is neither as before nor as after";
	}
	return heap_check(image.start, owners, OWNERS);
}

/* Each thread has pointers of its own. */
static void step(void)
{
	uint32_t mine = medium_actor ? OWNERS / 2 : OWNERS;
	uint32_t i = (uint32_t)draw(mine) + (medium_actor == 2 ? OWNERS / 2 : 0);
	twz_iptr *owner = &owners_of(&live)[i];

	expected.changing[medium_actor] = i + 1;
	if (*owner != 0)
		MUST(twz_free_word(&live, owner) == TWZ_OK);
	else
		MUST(twz_alloc_word(&live, draw(100), owner) == TWZ_OK);
	expected.owners[i] = *owner;
	expected.changing[medium_actor] = 0;
}

static void reopen(void)
{
	struct twz_heap *heap;

	host_new_view();
	MUST(twz_internal_lock_heap(&live, &heap) >= 0);
	twz_lock_release(&heap->holder, &heap->waiters);
	MUST(twz_heap_recover(live.start, HEAP_LIMIT) >= 0);
}

static void begin(uint64_t seed, void (*go_on)(unsigned steps))
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = go_on,
				    .mortal = true,
				    .weight = 3};

	object_prepare(OWNERS * 8, 8 << 10, 4 << 10, seed, &plan);
	memset(&expected, 0, sizeof(expected));
	explore_begin(&plan);
}

static void expect_live(void)
{
	memset(&expected, 0, sizeof(expected));
	memcpy(expected.owners, owners_of(&live), sizeof(expected.owners));
}

static void work(unsigned steps)
{
	expect_live();
	while (steps-- > 0 && explore_goes_on())
		step();
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	begin(seed, work);
	work(steps);
	explore_end(result);
}

static unsigned each;

static void several(void)
{
	for (unsigned i = 0; i < each && explore_goes_on(); i++)
		step();
}

static void work_of_two(unsigned steps)
{
	expect_live();
	each = steps / 2;
	explore_two(several, several);
}

static void run_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	begin(seed, work_of_two);
	work_of_two(steps);
	explore_end(result);
}

const struct subject heap_subjects[] = {
	{"allocation", run, 400, 20},
	{"allocation of two threads", run_two, 200, 30},
	{0},
};
