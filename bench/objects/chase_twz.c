/* SPDX-License-Identifier: BSD-2-Clause */
/* Dereference: raw pointers, invariant pointers within an object and across objects; misses of the
 * cache, first maps. */
#include "chase.h"
#include <twz/fot.h>
#include <twz/ptr.h>

#define RW	(TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define FIRST	200 /* objects mapped for the first time */
#define ENTRIES 1024

union node {
	union node *raw;
	twz_ptr(union node) next;
	uint8_t line[NODE_SIZE];
};

static struct twz_object objects[OBJECTS];

static struct twz_object make(void)
{
	struct twz_object object;
	struct twz_id id;

	need(twz_object_create(OBJECT_FLAGS, TWZ_KIND_DATA, &id) >= 0, "create");
	need(twz_object_open(id, RW, &object) >= 0, "open");
	return object;
}

static union node *place(uint64_t i, int spread)
{
	if (!spread)
		return (union node *)twz_object_base(&objects[0]) + i;
	return (union node *)twz_object_base(&objects[i % OBJECTS]) + i % OBJECTS * STAGGER +
	       i / OBJECTS;
}

/* In the order of a shuffle; across objects each node's successor is in another one. */
static union node *circle(uint64_t count, int raw, int spread)
{
	uint64_t *order = shuffled(spread ? count / OBJECTS : count, 5), groups = count / OBJECTS;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t from = order[i], to = order[(i + 1) % count];
		if (spread) {
			uint64_t j = (i + 1) % count;
			from = order[i / OBJECTS % groups] * OBJECTS + i % OBJECTS;
			to = order[j / OBJECTS % groups] * OBJECTS + j % OBJECTS;
		}
		if (raw)
			place(from, spread)->raw = place(to, spread);
		else
			need(twz_store(&place(from, spread)->next, place(to, spread)) >= 0,
			     "store");
	}
	union node *first = place(order[0] * (spread ? OBJECTS : 1), spread);
	free(order);
	return first;
}

static double walk_along(const union node *node, size_t set)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct twz_walk walk = twz_walk(node);
		double begin = now_ns();
		for (unsigned step = 0; step < sets[set].steps; step++)
			twz_walk_on(&walk, union node, next);
		double each = (now_ns() - begin) / sets[set].steps;
		node = twz_walk_at(&walk, union node);
		best = round == 0 || each < best ? each : best;
	}
	need(twz_object_start(node) == objects[0].start, "walk");
	return best;
}

static void chases(void)
{
	for (size_t set = 0; set < SETS; set++) {
		uint64_t count = sets[set].bytes / NODE_SIZE;
		double best = 0;
		union node *node = circle(count, 1, 0);
		CHASE(best, set, node, node->raw);
		report_chase("raw", set, best);
		node = circle(count, 0, 0);
		CHASE(best, set, node, twz_deref(&node->next));
		report_chase("intra", set, best);
		report_chase("walk", set, walk_along(node, set));
		node = circle(count, 1, 1);
		CHASE(best, set, node, node->raw);
		report_chase("raw-spread", set, best);
		node = circle(count, 0, 1);
		CHASE(best, set, node, twz_deref(&node->next));
		report_chase("cross", set, best);
	}
}

/* The cache of resolved entries missed each time; the object stays mapped. */
static void uncached(void)
{
	twz_iptr *word = (twz_iptr *)twz_object_base(&objects[0]);
	double total = 0;

	for (int i = 0; i < ENTRIES; i++) {
		need(twz_store_word(word, twz_object_base(&objects[1])) >= 0, "store");
		twz_object_forget(objects[0].start);
		double begin = now_ns();
		void *target = twz_deref_word(word);
		total += now_ns() - begin;
		need(target != NULL, "dereference");
	}
	report("uncached", total / ENTRIES);
}

static void first_map(void)
{
	twz_iptr *words = (twz_iptr *)twz_object_base(&objects[0]);
	struct twz_id ids[FIRST];
	double total = 0;

	for (int i = 0; i < FIRST; i++) {
		need(twz_object_create(OBJECT_FLAGS, TWZ_KIND_DATA, &ids[i]) >= 0, "create");
		twz_result index = twz_fot_insert(objects[0].start, ids[i], RW);
		need(index > 0, "insert");
		words[i] = (uint64_t)index << TWZ_IPTR_OFFSET_BITS | TWZ_BASE_OFFSET;
	}
	for (int i = 0; i < FIRST; i++) {
		double begin = now_ns();
		uint8_t *target = twz_deref_word(&words[i]);
		total += now_ns() - begin;
		need(target != NULL, "dereference");
	}
	report("first-map", total / FIRST);
}

/* An entry more in a table of as many: what it costs must not grow with the table. */
static void insertions(void)
{
	static const uint64_t sizes[] = {64, 4096};

	for (size_t n = 0; n < 2; n++) {
		double best = 0;
		for (int round = 0; round < 15; round++) {
			struct twz_object object = make();
			double begin = now_ns();
			for (uint64_t i = 1; i <= sizes[n]; i++)
				need(twz_fot_insert(object.start, (struct twz_id){i * 77, i}, RW) ==
					     (twz_result)i,
				     "insert");
			double each = (now_ns() - begin) / (double)sizes[n];
			best = round == 0 || each < best ? each : best;
			twz_object_delete(object.id);
			twz_object_close(&object);
		}
		char name[32];
		snprintf(name, sizeof(name), "fot-insert %u", (unsigned)sizes[n]);
		report(name, best);
	}
}

int main(void)
{
	for (int i = 0; i < OBJECTS; i++)
		objects[i] = make();
	chases();
	uncached();
	first_map();
	insertions();
	return 0;
}
