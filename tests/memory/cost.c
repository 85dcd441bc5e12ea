/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a map, a touch and its end cost, of one page and of an object whose page directory is full,
 * in nanoseconds; guest instructions where QEMU counts them.
 */
#include "test.h"

#define AT     700
#define PARTS  511u /* of 2 MiB, a page in each */
#define WARM   64u
#define CYCLES 256u
#define RIGHTS (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)

static void cycle(struct twz_id id)
{
	map_at(id, AT, RIGHTS, TWZ_INHERIT_PRIVATE);
	(void)*(volatile char *)SLOT(AT);
	EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
}

static void measure(const char *name, struct twz_id id)
{
	uint64_t before;

	for (unsigned i = 0; i < WARM; i++)
		cycle(id);
	before = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
	for (unsigned i = 0; i < CYCLES; i++)
		cycle(id);
	print(name);
	print(" ");
	print_number((long)((uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) - before) / CYCLES);
	print("\n");
}

void test_main(const uint64_t *stack);
void test_main(const uint64_t *stack)
{
	struct twz_id page = raw_at(AT, RIGHTS, TWZ_INHERIT_PRIVATE), full;

	(void)stack;
	SLOT(AT)[0] = 1;
	EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
	full = raw_at(AT, RIGHTS, TWZ_INHERIT_PRIVATE);
	for (unsigned i = 0; i < 512; i++)
		SLOT(AT)[i * PAGE] = 1;
	for (unsigned i = 1; i < PARTS; i++)
		SLOT(AT)[i * 512 * PAGE + 100 * PAGE] = 1;
	EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
	measure("page", page);
	measure("full", full);
	twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, test_failed);
}
