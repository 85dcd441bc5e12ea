/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts into a queue and takes out of it: after a power loss it is as before or after the call. */
#include "subject.h"
#include <internal.h>
#include <twz/persist.h>
#include <twz/queue.h>

#define SIZE	 72 /* an entry is in two lines */
#define CAPACITY 7

static struct {
	uint64_t before, after;
} expected;

static uint64_t hash_of(const struct twz_object *from)
{
	const struct twz_queue *queue = twz_object_base(from);
	uint64_t hash = 5;

	for (uint64_t i = queue->taken; i < queue->put; i++)
		for (uint64_t n = 0; n < SIZE; n++)
			hash = (hash ^ queue->entries[i % CAPACITY * SIZE + n]) * 0x100000001b3ull;
	return hash ^ queue->taken << 32;
}

static const char *check(void)
{
	const struct twz_queue *queue = twz_object_base(&image);

	if (object_open_image() < 0)
		return "recovery fails";
	if (queue->put - queue->taken > CAPACITY)
		return "more entries than there is room for";
	uint64_t hash = hash_of(&image);
	return hash == expected.before || hash == expected.after ? NULL
								 : "neither before nor after";
}

/* The hash after a put is that of the entries behind those that are there. */
static uint64_t hash_with(const uint8_t *entry)
{
	const struct twz_queue *queue = twz_object_base(&live);
	uint64_t hash = hash_of(&live) ^ queue->taken << 32;

	for (int n = 0; n < SIZE; n++)
		hash = (hash ^ entry[n]) * 0x100000001b3ull;
	return hash ^ queue->taken << 32;
}

static uint64_t hash_without_first(void)
{
	const struct twz_queue *queue = twz_object_base(&live);
	uint64_t hash = 5;

	for (uint64_t i = queue->taken + 1; i < queue->put; i++)
		for (uint64_t n = 0; n < SIZE; n++)
			hash = (hash ^ queue->entries[i % CAPACITY * SIZE + n]) * 0x100000001b3ull;
	return hash ^ (queue->taken + 1) << 32;
}

static void work(unsigned steps)
{
	struct twz_queue *queue = twz_object_base(&live);
	uint8_t entry[SIZE];

	expected.before = expected.after = hash_of(&live);
	for (unsigned i = 0; i < steps && explore_goes_on(); i++) {
		uint64_t held = queue->put - queue->taken;
		bool in = held == 0 || (held < CAPACITY && draw(2) == 0);
		for (int n = 0; n < SIZE; n++)
			entry[n] = (uint8_t)draw(256);
		expected.before = hash_of(&live);
		expected.after = in ? hash_with(entry) : hash_without_first();
		MUST((in ? twz_queue_put(queue, entry, 0) : twz_queue_take(queue, entry, 0)) ==
		     TWZ_OK);
	}
	expected.before = expected.after = hash_of(&live);
}

/* Who only looks at the words may see what is not durable; who puts or takes makes it so. */
static void reopen(void)
{
	object_reopen_live();
	twz_persist(twz_object_base(&live), sizeof(struct twz_queue));
}

static void run_queue(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = work,
				    .mortal = true};

	object_prepare(8192, 16 << 10, 4 << 10, seed, &plan);
	struct twz_queue *queue = twz_object_base(&live);
	MUST(twz_queue_make(queue, SIZE, CAPACITY) == TWZ_OK);
	expected.before = expected.after = hash_of(&live);
	explore_begin(&plan);
	work(steps);
	explore_end(result);
}

const struct subject queue_subjects[] = {
	{"queue", run_queue, 60, 20},
	{0},
};
