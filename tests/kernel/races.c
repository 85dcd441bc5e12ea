/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What another thread deletes in the middle of a call. The debug kernel with race=tie,end,made,join
 * waits until an object was deleted: each tie between finding its objects and tying them, each
 * program's last thread before it leaves the view, a family's member that makes a view before it
 * has its id, and who puts a view into a family before it is in. That nothing is left behind main.c
 * sees, as after every test.
 */
#include "test.h"

#define ROUNDS 4

struct attempt {
	struct twz_id object, owner, made;
	volatile uint32_t begun;
	twz_result result;
};

static struct twz_id object_new(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id = OWN;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	return id;
}

static bool exists(struct twz_id id)
{
	struct twz_object_stat stat;

	return twz_sys_object_stat(id.hi, id.lo, &stat) == 0;
}

static void retie(void *argument)
{
	struct attempt *attempt = argument;

	attempt->begun = 1;
	wake_word(&attempt->begun, 1);
	attempt->result = twz_sys_object_tie(attempt->object.hi, attempt->object.lo,
					     attempt->owner.hi, attempt->owner.lo);
}

static void create(void *argument)
{
	struct attempt *attempt = argument;
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = attempt->owner};

	attempt->begun = 1;
	wake_word(&attempt->begun, 1);
	attempt->result = twz_sys_object_create(&spec, &attempt->made);
}

/* The worker is in its call before the object goes; if not, the call finds it gone. */
static void delete_under(void (*function)(void *), struct attempt *attempt, struct twz_id victim)
{
	uint64_t soon = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + 5000000;
	struct worker worker;

	worker_start(&worker, function, attempt);
	wait_word(&attempt->begun, 0);
	EQUAL(twz_sys_thread_sync(0, 0, soon), -TWZ_ERR_TIMED_OUT);
	EQUAL(twz_sys_object_delete(victim.hi, victim.lo), 0);
	worker_join(&worker);
}

TEST(what_is_deleted_while_it_is_tied_stays_deleted)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct attempt attempt = {.object = object_new(), .owner = object_new()};

		delete_under(retie, &attempt, attempt.object);
		EQUAL(attempt.result, -TWZ_ERR_NO_SUCH_OBJECT);
		/* nothing dead hangs on it */
		EQUAL(twz_sys_object_delete(attempt.owner.hi, attempt.owner.lo), 0);
	}
}

TEST(what_is_tied_to_what_is_deleted_meanwhile_goes_too)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct attempt attempt = {.owner = object_new()};

		delete_under(create, &attempt, attempt.owner);
		CHECK(attempt.result == 0 || attempt.result == -TWZ_ERR_NO_SUCH_OBJECT);
		CHECK(!exists(attempt.made));
	}
}

extern char clone_entry[];
static char clone_stack[4096] __attribute__((aligned(16)));

static void leave(void)
{
	twz_sys_view_exit(0);
}

/* On one CPU the child cannot get on before its control object is deleted. */
TEST(the_number_of_a_child_that_was_waited_for_is_nobodys)
{
	struct twz_view_clone clone = {.entry = (uint64_t)clone_entry,
				       .stack = (uint64_t)(clone_stack + sizeof(clone_stack)),
				       .argument = (uint64_t)leave};
	struct twz_message message = {.signal = 10};
	volatile struct twz_view_control *control = (void *)SLOT(700);
	struct twz_id child;
	long number = twz_sys_view_clone(&clone, &child);

	CHECK(number > 0);
	map_at(child, 700, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
	EQUAL(twz_sys_program_send(number, &message, 0), 1);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(twz_sys_program_send(number, &message, 0), 1);
	drop(child, 700);
	EQUAL(twz_sys_program_send(number, &message, 0), -TWZ_ERR_NO_SUCH_THREAD);
}

#define RW    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define BEGUN ((volatile uint32_t *)SLOT(700))

static void make_view(void)
{
	struct twz_id made;

	*BEGUN = 1;
	wake_word(BEGUN, 1);
	twz_sys_view_create(&made);
	twz_sys_view_exit(0);
}

static void make_clone(void)
{
	struct twz_view_clone clone = {.entry = (uint64_t)clone_entry,
				       .stack = (uint64_t)(clone_stack + sizeof(clone_stack)),
				       .argument = (uint64_t)leave};
	struct twz_id made;

	*BEGUN = 1;
	wake_word(BEGUN, 1);
	twz_sys_view_clone(&clone, &made);
	twz_sys_view_exit(0);
}

/* A member of a family makes a view, and before it hears of it the family is ended. */
static void end_family_under(void (*function)(void))
{
	struct twz_id family = object_new(), shared = raw_at(700, RW, TWZ_INHERIT_SHARED);
	struct twz_thread_spec thread = {.entry = (uint64_t)clone_entry,
					 .stack = (uint64_t)(clone_stack + sizeof(clone_stack)),
					 .argument = (uint64_t)function};
	uint64_t soon;

	*BEGUN = 0;
	EQUAL(twz_sys_view_clone(&(struct twz_view_clone){0}, &thread.view), 0);
	EQUAL(twz_sys_view_family(thread.view.hi, thread.view.lo, family.hi, family.lo), 0);
	CHECK(twz_sys_thread_spawn(&thread, 0) > 0);
	wait_word(BEGUN, 0);
	soon = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + 5000000;
	EQUAL(twz_sys_thread_sync(0, 0, soon), -TWZ_ERR_TIMED_OUT);
	EQUAL(twz_sys_family_end(family.hi, family.lo), 2);
	EQUAL(twz_sys_object_delete(family.hi, family.lo), 0);
	drop(shared, 700);
}

TEST(views_end_with_their_family_before_their_maker_hears_of_them)
{
	end_family_under(make_view);
	end_family_under(make_clone);
}

struct joining {
	struct twz_id view, family;
	volatile uint32_t begun;
	twz_result result;
};

static void join(void *argument)
{
	struct joining *joining = argument;

	joining->begun = 1;
	wake_word(&joining->begun, 1);
	joining->result = twz_sys_view_family(joining->view.hi, joining->view.lo,
					      joining->family.hi, joining->family.lo);
}

TEST(a_view_that_ends_as_it_joins_a_family_is_in_none)
{
	struct joining joining = {.family = object_new()};
	struct worker worker;
	uint64_t soon;

	EQUAL(twz_sys_view_create(&joining.view), 0);
	worker_start(&worker, join, &joining);
	wait_word(&joining.begun, 0);
	soon = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + 5000000;
	EQUAL(twz_sys_thread_sync(0, 0, soon), -TWZ_ERR_TIMED_OUT);
	EQUAL(twz_sys_object_delete(joining.view.hi, joining.view.lo), 0);
	worker_join(&worker);
	EQUAL(joining.result, -TWZ_ERR_BUSY);
	EQUAL(twz_sys_family_end(joining.family.hi, joining.family.lo), 0);
	EQUAL(twz_sys_object_delete(joining.family.hi, joining.family.lo), 0);
}
