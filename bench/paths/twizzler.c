/* SPDX-License-Identifier: BSD-2-Clause */
/* The Twizzler side of system.h: objects by the system calls themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <twz/sys.h>

#include "paths.h"
#include "system.h"

void null_call(void)
{
	twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);
}

static struct twz_id object_new(void)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id;

	if (twz_sys_object_create(&spec, &id) < 0)
		fail("object_create");
	return id;
}

static uint8_t *object_map(struct twz_id id, uint64_t *slot)
{
	const struct twz_map map = {
		.object = id, .slot = TWZ_SLOT_ANY, .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE};
	twz_result result = twz_sys_view_map(&map);

	if (result < 0)
		fail("view_map");
	*slot = (uint64_t)result;
	return (uint8_t *)(*slot * TWZ_SLOT_SIZE);
}

void object_cycle(void)
{
	struct twz_id id = object_new();
	uint64_t slot;

	*(volatile uint8_t *)object_map(id, &slot) = 1;
	if (twz_sys_view_unmap(0, 0, slot) < 0)
		fail("view_unmap");
	if (twz_sys_object_delete(id.hi, id.lo) < 0)
		fail("object_delete");
}

void *mapping_prepare(size_t pages)
{
	struct twz_id *id = malloc(sizeof(*id));
	uint64_t slot;

	if (id == NULL)
		fail("malloc");
	*id = object_new();
	volatile uint8_t *start = object_map(*id, &slot);
	for (size_t i = 0; i < pages; i++)
		start[i * PAGE] = 1;
	twz_sys_view_unmap(0, 0, slot);
	return id;
}

void mapping_cycle(void *object)
{
	uint64_t slot;

	keep(*(volatile uint8_t *)object_map(*(struct twz_id *)object, &slot));
	twz_sys_view_unmap(0, 0, slot);
}

void mapping_release(void *object)
{
	const struct twz_id *id = object;

	twz_sys_object_delete(id->hi, id->lo);
	free(object);
}

_Noreturn void leave(int code)
{
	exit(code);
}
