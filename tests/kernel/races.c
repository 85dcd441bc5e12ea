/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What another thread deletes in the middle of a call: the debug kernel with race=tie stops each
 * tie between finding its objects and tying them until an object was deleted. That nothing is left
 * behind main.c sees, as after every test.
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
