/* SPDX-License-Identifier: BSD-2-Clause */
/* Power loss at every fence of puts and takes: the queue is whole, and as before or after. Dropped
 * flushes must be found. */
#define DATA (16u << 10)
#define LOG  (4u << 10)
#include "crash_object.h"
#include <twz/queue.h>

#define SIZE	 72 /* an entry is in two lines */
#define CAPACITY 7

static uint64_t before, after;

static uint64_t hash_of(const struct twz_object *from)
{
	const struct twz_queue *queue = twz_object_base(from);
	uint64_t hash = 5;

	for (uint64_t i = queue->taken; i < queue->put; i++)
		for (int n = 0; n < SIZE; n++)
			hash = (hash ^ queue->entries[i % CAPACITY * SIZE + (uint64_t)n]) *
			       0x100000001b3ull;
	return hash ^ queue->taken << 32;
}

static const char *check(void *image)
{
	if (open_state(image) < 0)
		return "recovery fails";
	const struct twz_queue *queue = twz_object_base(&other);
	if (queue->put - queue->taken > CAPACITY)
		return "more entries than there is room for";
	uint64_t hash = hash_of(&other);
	return hash == before || hash == after ? NULL : "neither before nor after";
}

/* What it will be is known from a run on the queue itself, taken back. */
static void change(void)
{
	struct twz_queue *queue = twz_object_base(&object);
	uint64_t put = queue->put, taken = queue->taken;
	uint8_t entry[SIZE], kept[SIZE];
	uint8_t *place = queue->entries + put % CAPACITY * SIZE;
	int in = put - taken == CAPACITY ? 0 : put == taken ? 1 : (int)draw(2);

	for (int i = 0; i < SIZE; i++)
		entry[i] = (uint8_t)draw(256);
	before = hash_of(&object);
	memcpy(kept, place, SIZE);
	if (in) {
		memcpy(place, entry, SIZE);
		queue->put++;
	} else {
		queue->taken++;
	}
	after = hash_of(&object);
	memcpy(place, kept, SIZE);
	queue->put = put;
	queue->taken = taken;
	EXPECT_EQUAL(in ? twz_queue_put(queue, entry, 0) : twz_queue_take(queue, entry, 0), TWZ_OK);
	before = after;
}

static struct persistence_result run(int steps, uint64_t drop)
{
	begin_object(8192, 9);
	EXPECT_EQUAL(twz_queue_make(twz_object_base(&object), SIZE, CAPACITY), TWZ_OK);
	before = after = hash_of(&object);
	watch_object(check, drop);
	for (int i = 0; i < steps; i++)
		change();
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	expect_no_wrong_state(run, 1000);
}

static void dropped_flushes_are_found(void)
{
	expect_drops_found(run, 12);
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
