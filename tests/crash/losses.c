/* SPDX-License-Identifier: BSD-2-Clause */
/* Power losses one behind the other; see losses.h. Not instrumented itself. */
#include "losses.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define LIFE 24 /* fences, at most, until a program ends that does */

/* What a power loss left, and what was expected then. */
struct lost {
	uint8_t *bytes; /* of all windows */
	void *expected;
};

static const struct explore_plan *plan;
static struct lost *pool; /* of the fences so far, each with the same chance */
static unsigned pool_count, pool_room;
static uint64_t chances;
static bool collecting;
static sigjmp_buf death;
static uint64_t fences_left; /* until the program ends; 0: it does not */

static size_t windows_size(void)
{
	size_t size = 0;

	for (size_t i = 0; i < plan->count; i++)
		size += plan->windows[i].size;
	return size;
}

static struct lost make_lost(void)
{
	struct lost made = {malloc(windows_size()), malloc(plan->expected_size)};

	if (!made.bytes || !made.expected)
		abort();
	return made;
}

static void empty_pool(struct lost *from, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		free(from[i].bytes);
		free(from[i].expected);
	}
	free(from);
}

static void begin_pool(bool collect)
{
	pool_count = 0;
	chances = 0;
	collecting = collect && pool_room != 0 && plan->reopen;
	pool = collecting ? calloc(pool_room, sizeof(*pool)) : NULL;
	if (collecting && !pool)
		abort();
}

void losses_begin(const struct explore_plan *given)
{
	plan = given;
	pool_room = explore_options.recoveries * (given->weight ? given->weight : 1);
	fences_left = 0;
	begin_pool(explore_options.losses > 1);
}

static void lose(void)
{
	size_t count, at = 0;
	uint64_t place = chances;

	medium_dirty(&count);
	if (!collecting || count == 0)
		return;
	if (chances++ >= pool_room)
		place = explore_draw(chances);
	if (place >= pool_room)
		return;
	if (place == pool_count)
		pool[pool_count++] = make_lost();
	explore_make_state();
	for (size_t i = 0; i < plan->count; i++) {
		memcpy(pool[place].bytes + at, plan->windows[i].image, plan->windows[i].size);
		at += plan->windows[i].size;
	}
	explore_put_back();
	memcpy(pool[place].expected, plan->expected, plan->expected_size);
}

void losses_fence(void)
{
	lose();
	/* threads of the work would not end with it */
	if (fences_left != 0 && medium_actor == 0 && --fences_left == 0)
		siglongjmp(death, 1);
}

static void bring_back(const struct lost *from)
{
	size_t at = 0;

	explore_mode = EXPLORE_OFF;
	medium_end();
	for (size_t i = 0; i < plan->count; i++) {
		memcpy(plan->windows[i].live, from->bytes + at, plan->windows[i].size);
		at += plan->windows[i].size;
	}
	memcpy(plan->expected, from->expected, plan->expected_size);
	explore_again();
}

static void open_again(void)
{
	plan->reopen();
	explore_fence();
}

/* What was expected is in doubt once something was wrong. */
static void live_through(const struct lost *from)
{
	bring_back(from);
	open_again();
	if (!plan->go_on || !explore_is_right())
		return;
	fences_left = plan->mortal && explore_draw(2) ? 1 + explore_draw(LIFE) : 0;
	if (sigsetjmp(death, 1) != 0) {
		medium_forget_flushes();
		open_again();
		if (!explore_is_right())
			return;
	}
	plan->go_on(explore_options.steps);
	fences_left = 0;
	explore_fence();
}

void losses_explore(void)
{
	for (unsigned loss = 2; loss <= explore_options.losses; loss++) {
		struct lost *from = pool;
		unsigned count = pool_count;
		begin_pool(loss < explore_options.losses);
		for (unsigned i = 0; i < count && explore_is_right(); i++)
			live_through(&from[i]);
		empty_pool(from, count);
	}
	empty_pool(pool, pool_count);
	pool = NULL;
	pool_count = 0;
	collecting = false;
}
