/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies into persistent objects keep holes: of a volatile object with pages far apart, and of that
 * copy again, into a store far smaller than what they span. A range that is copied over old bytes
 * leaves zeroes where its source has none. shapes: static
 */
#include <twizzler/syscall.h>
#include <twz/object.h>
#include <twz/sys.h>
#include "check.h"

#define SPAN (TWZ_SLOT_SIZE - 16 * TWZ_PAGE_SIZE)

static const uint64_t places[] = {TWZ_PAGE_SIZE, SPAN / 2 + 12345, SPAN - 8};

static char *at(const struct twz_object *object, uint64_t offset)
{
	return (char *)twz_object_start(twz_object_base(object)) + offset;
}

static void open_copy(struct twz_id source, struct twz_object *copy)
{
	struct twz_id id;

	CHECK(twz_object_copy(source, TWZ_OBJECT_PERSISTENT, &id) == TWZ_OK);
	CHECK(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, copy) == TWZ_OK);
	for (unsigned i = 0; i < 3; i++)
		CHECK(*at(copy, places[i]) == (char)(i + 1));
	CHECK(*at(copy, SPAN / 4) == 0);
}

int main(void)
{
	struct twz_object source, copy, again;
	struct twz_id id;

	CHECK(twz_object_create(0, TWZ_KIND_DATA, &id) == TWZ_OK);
	CHECK(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &source) == TWZ_OK);
	for (unsigned i = 0; i < 3; i++)
		*at(&source, places[i]) = (char)(i + 1);
	open_copy(id, &copy);
	open_copy(copy.id, &again);

	memset(at(&again, SPAN / 4), 0x5a, 3 * TWZ_PAGE_SIZE);
	struct twz_copy_range range = {.destination = again.id,
				       .destination_offset = TWZ_PAGE_SIZE,
				       .source = id,
				       .source_offset = TWZ_PAGE_SIZE,
				       .length = SPAN - TWZ_PAGE_SIZE};
	CHECK(twz_sys_object_copy_range(&range) == TWZ_OK);
	for (unsigned i = 0; i < 3 * TWZ_PAGE_SIZE; i++)
		CHECK(*at(&again, SPAN / 4 + i) == 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK(*at(&again, places[i]) == (char)(i + 1));
	return check_result("store_sparse");
}
