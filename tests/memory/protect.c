/* SPDX-License-Identifier: BSD-2-Clause */
/* Page-level rights: only where one view has the object; guard pages; never writable and
 * executable. */
#include "test.h"

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define RX (TWZ_RIGHT_READ | TWZ_RIGHT_EXEC)

static long map_in(struct twz_id view, struct twz_id object, uint64_t slot)
{
	struct twz_map map = {.view = view, .object = object, .slot = slot, .rights = RW};

	return twz_sys_view_map(&map);
}

static long protect(struct twz_id id, uint64_t page, uint64_t count, uint32_t rights)
{
	return twz_sys_object_protect(id.hi, id.lo, page * PAGE, count * PAGE, rights);
}

TEST(rights_of_pages_need_a_private_object)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE), shared, view;

	EQUAL(twz_sys_view_create(&view), 0);
	EQUAL(map_in(view, id, 5), 5);
	EQUAL(protect(id, 0, 1, TWZ_RIGHT_READ), -TWZ_ERR_BUSY);
	EQUAL(try_write(SLOT(700)), 0);
	EQUAL(twz_sys_view_unmap(view.hi, view.lo, 5), 0);
	EQUAL(protect(id, 0, 1, TWZ_RIGHT_READ), 0);
	EQUAL(try_write(SLOT(700)), TWZ_FAULT_PROTECTION);
	/* and now it is bound to this view, in which it may stand twice */
	EQUAL(map_in(view, id, 5), -TWZ_ERR_BUSY);
	EQUAL(map_in(OWN, id, 701), 701);
	EQUAL(try_write(SLOT(701)), TWZ_FAULT_PROTECTION);
	EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	/* until nobody has it */
	EQUAL(map_in(view, id, 5), 5);
	EQUAL(map_in(OWN, id, 701), -TWZ_ERR_BUSY);
	EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);

	shared = raw_at(700, RW, TWZ_INHERIT_SHARED);
	EQUAL(protect(shared, 0, 1, TWZ_RIGHT_READ), -TWZ_ERR_BUSY);
	drop(shared, 700);
}

TEST(replacing_by_a_bound_object_leaves_the_slot)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE), b, view;
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_map map = {.slot = 700, .rights = RW, .flags = TWZ_MAP_REPLACE};

	EQUAL(twz_sys_view_create(&view), 0);
	EQUAL(twz_sys_object_create(&spec, &b), 0);
	EQUAL(map_in(view, b, 5), 5);
	EQUAL(protect(b, 0, 1, TWZ_RIGHT_READ), 0);
	SLOT(700)[0] = 3;
	map.object = b;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_BUSY);
	EQUAL(SLOT(700)[0], 3);
	EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
	EQUAL(twz_sys_object_delete(b.hi, b.lo), 0);
	drop(a, 700);
}

TEST(guard_pages_stop_a_stack)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	char *p = SLOT(700);

	EQUAL(protect(id, 0, 16, 0), 0);
	EQUAL(try_write(p + 16 * PAGE), 0);
	EQUAL(try_write(p + 16 * PAGE - 1), TWZ_FAULT_PROTECTION);
	EQUAL(last_fault.address, (long)p + 16 * PAGE - 1);
	EQUAL(try_read(p), TWZ_FAULT_PROTECTION);
	drop(id, 700);
}

static void in_clone(void)
{
	/* the copy has the rights of the pages, and its own are its own */
	int good = try_write(SLOT(700)) == TWZ_FAULT_PROTECTION && SLOT(700)[0] == 4;
	struct twz_map entry;

	if (twz_sys_view_entry(0, 0, 700, &entry) != 0 ||
	    twz_sys_object_protect(entry.object.hi, entry.object.lo, 0, PAGE, RW) != 0)
		good = 0;
	SLOT(700)[0] = 5;
	twz_sys_view_exit(good ? 1 : 2);
}

TEST(clones_have_rights_of_pages_of_their_own)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE), clone;
	const struct twz_view_control *control;
	uint64_t slot;

	SLOT(700)[0] = 4;
	EQUAL(protect(id, 0, 1, TWZ_RIGHT_READ), 0);
	control = run_clone(in_clone, &clone, &slot);
	EQUAL(control->code, 1);
	EQUAL(SLOT(700)[0], 4);
	EQUAL(try_write(SLOT(700)), TWZ_FAULT_PROTECTION);
	EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
	EQUAL(twz_sys_object_delete(clone.hi, clone.lo), 0);
	drop(id, 700);
}

TEST(no_page_is_writable_and_executable)
{
	struct twz_id id = raw_at(700, RW | TWZ_RIGHT_EXEC, TWZ_INHERIT_PRIVATE);

	SLOT(700)[0] = (char)0xc3;
	EQUAL(try_call(SLOT(700)), TWZ_FAULT_PROTECTION);
	EQUAL(protect(id, 0, 1, RX), 0);
	EQUAL(try_call(SLOT(700)), 0);
	EQUAL(try_write(SLOT(700)), TWZ_FAULT_PROTECTION);
	EQUAL(protect(id, 0, 1, RW), 0);
	EQUAL(try_call(SLOT(700)), TWZ_FAULT_PROTECTION);
	EQUAL(protect(id, 0, 1, RW | TWZ_RIGHT_EXEC), -TWZ_ERR_INVALID_ARGUMENT);
	drop(id, 700);
}
