/* SPDX-License-Identifier: BSD-2-Clause */
/* Ties: what is tied goes with its owner, however long the chain, and not before its last user. */
#include "test.h"

#define RW    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define CHAIN 3000

static struct twz_id tied_to(struct twz_id owner)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = owner};
	struct twz_id id = OWN;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	return id;
}

static bool exists(struct twz_id id)
{
	struct twz_object_stat stat;

	return twz_sys_object_stat(id.hi, id.lo, &stat) == 0;
}

/* Each is tied to the one before: a kernel that recursed would overrun its stack. */
TEST(long_chains_of_ties_go_at_once)
{
	struct twz_id first = tied_to(OWN), id = first, middle = OWN;

	for (unsigned i = 0; i < CHAIN; i++) {
		id = tied_to(id);
		if (i == CHAIN / 2)
			middle = id;
	}
	EQUAL(twz_sys_object_delete(first.hi, first.lo), 0);
	CHECK(!exists(middle) && !exists(id));
}

TEST(many_ties_of_one_owner)
{
	struct twz_id owner = tied_to(OWN), last = OWN, early = tied_to(owner);

	for (unsigned i = 0; i < CHAIN; i++)
		last = tied_to(owner);
	EQUAL(twz_sys_object_delete(early.hi, early.lo), 0); /* goes alone */
	CHECK(exists(last) && exists(owner));
	EQUAL(twz_sys_object_delete(owner.hi, owner.lo), 0);
	CHECK(!exists(last));
}

TEST(a_tied_object_lasts_as_long_as_it_is_mapped)
{
	struct twz_id owner = tied_to(OWN), id = tied_to(owner);

	map_at(id, 700, RW, TWZ_INHERIT_PRIVATE);
	SLOT(700)[0] = 5;
	EQUAL(twz_sys_object_delete(owner.hi, owner.lo), 0);
	CHECK(!exists(id)); /* the id is gone, the memory is not */
	EQUAL(SLOT(700)[0], 5);
	EQUAL(try_write(SLOT(700) + PAGE), 0);
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	EQUAL(try_read(SLOT(700)), TWZ_FAULT_PAGE);
}

TEST(a_mapped_owner_that_is_deleted_takes_its_ties)
{
	struct twz_id owner = raw_at(700, RW, TWZ_INHERIT_PRIVATE), id = tied_to(owner);

	EQUAL(twz_sys_object_delete(owner.hi, owner.lo), 0);
	CHECK(!exists(id));
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
}

/* There are no circles: an owner must exist first. One tied to its own view goes with the view. */
TEST(ties_to_a_view_end_with_it)
{
	struct twz_id view, id, second;

	EQUAL(twz_sys_view_create(&view), 0);
	id = tied_to(view);
	second = tied_to(id);
	CHECK(exists(second));
	EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
	CHECK(!exists(id) && !exists(second));
}
