/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a map of a big object: what was used of it is forgotten, by every processor. */
#include "test.h"

#define RW    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define AT    701
#define PAGES 1100u /* in small pages, then a large one: two tables and a part */

/* Written page by page at another slot, so that a map at AT begins with nothing used there. */
static struct twz_id filled(char value)
{
	struct twz_id id = raw_at(AT + 1, RW, TWZ_INHERIT_PRIVATE);

	for (unsigned i = 0; i < PAGES; i++)
		SLOT(AT + 1)[i * PAGE] = value;
	EQUAL(twz_sys_view_unmap(0, 0, AT + 1), 0);
	return id;
}

/* How many pages a round uses, and how far apart: none, one, some, more than are flushed by name.
 */
static const struct {
	unsigned count, step;
} rounds[] = {{1, 1}, {0, 1}, {5, 200}, {1, 1}, {100, 11}, {3, 1}, {2, 513}, {1, 1}};
#define ROUNDS (sizeof(rounds) / sizeof(rounds[0]))

static unsigned page_of(unsigned round, unsigned i)
{
	return (round * 31 + i * rounds[round].step) % PAGES;
}

static unsigned differing(unsigned round, char value)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < rounds[round].count; i++)
		wrong += *(volatile char *)(SLOT(AT) + page_of(round, i) * PAGE) != value;
	return wrong;
}

static void change_and_look(bool elsewhere)
{
	struct twz_id one = filled(1), two = filled(2);

	/* a second map keeps what is known of the pages' use: all of them count as used then */
	if (elsewhere)
		map_at(one, AT + 2, RW, TWZ_INHERIT_PRIVATE);
	for (unsigned again = 0; again < 3; again++) {
		for (unsigned round = 0; round < ROUNDS; round++) {
			map_at(one, AT, RW, TWZ_INHERIT_PRIVATE);
			EQUAL(differing(round, 1), 0);
			EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
			for (unsigned i = 0; i < rounds[round].count; i++)
				EQUAL(try_read(SLOT(AT) + page_of(round, i) * PAGE),
				      TWZ_FAULT_PAGE);
			map_at(two, AT, RW, TWZ_INHERIT_PRIVATE);
			EQUAL(differing(round, 2), 0);
			EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
		}
	}
	if (elsewhere)
		EQUAL(twz_sys_view_unmap(0, 0, AT + 2), 0);
	EQUAL(twz_sys_object_delete(one.hi, one.lo), 0);
	EQUAL(twz_sys_object_delete(two.hi, two.lo), 0);
}

TEST(what_was_used_of_a_map_faults_after_its_end)
{
	change_and_look(false);
}

TEST(what_was_used_faults_though_the_object_is_mapped_elsewhere)
{
	change_and_look(true);
}

/* Another thread, on another processor where there is one, which looks when it is asked. */
static volatile uint32_t asked, answered;
static volatile char expected;
static volatile unsigned look_round, found_wrong;

static void look(void *unused)
{
	(void)unused;
	for (uint32_t turn = 0; turn < 2 * ROUNDS; turn++) {
		/* it does not sleep, so that its processor keeps the view loaded */
		while (asked == turn)
			__asm__ volatile("pause");
		found_wrong += differing(look_round, expected);
		__atomic_store_n(&answered, turn + 1, __ATOMIC_SEQ_CST);
	}
}

static void ask(unsigned round, char value)
{
	uint32_t turn = asked + 1;

	look_round = round;
	expected = value;
	__atomic_store_n(&asked, turn, __ATOMIC_SEQ_CST);
	while (answered != turn)
		__asm__ volatile("pause");
}

TEST(what_another_processor_used_is_forgotten_there)
{
	struct twz_id one = filled(1), two = filled(2);
	struct worker worker;

	asked = answered = found_wrong = 0;
	worker_start(&worker, look, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct twz_map map = {.object = two,
				      .slot = AT,
				      .rights = RW,
				      .inherit = TWZ_INHERIT_PRIVATE,
				      .flags = TWZ_MAP_REPLACE};

		map_at(one, AT, RW, TWZ_INHERIT_PRIVATE);
		ask(round, 1);
		EQUAL(twz_sys_view_map(&map), AT);
		ask(round, 2);
		EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
	}
	worker_join(&worker);
	EQUAL(found_wrong, 0);
	EQUAL(twz_sys_object_delete(one.hi, one.lo), 0);
	EQUAL(twz_sys_object_delete(two.hi, two.lo), 0);
}
