/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock page: no call, never back on any CPU, the same time as the kernel's. */
#include "test.h"
#include <twizzler/clock.h>

#define CLOCK_SLOT 701

static struct twz_map clock_map = {
	.object = {TWZ_ID_CLOCK_HI, TWZ_ID_CLOCK_LO},
	.slot = CLOCK_SLOT,
	.rights = TWZ_RIGHT_READ,
	.inherit = TWZ_INHERIT_SHARED,
};
static const struct twz_clock_page *const page = (const void *)SLOT(CLOCK_SLOT);

TEST(the_clock_page_is_read_only)
{
	struct twz_map map = clock_map;

	map.rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(twz_sys_object_delete(TWZ_ID_CLOCK_HI, TWZ_ID_CLOCK_LO), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(twz_sys_view_map(&clock_map), CLOCK_SLOT);
	EQUAL(try_write((void *)page), TWZ_FAULT_PROTECTION);
	EQUAL(try_read((const char *)page + PAGE), TWZ_FAULT_OBJECT);
	EQUAL(twz_sys_view_unmap(0, 0, CLOCK_SLOT), 0);
}

TEST(the_clock_page_tells_the_kernels_time)
{
	EQUAL(twz_sys_view_map(&clock_map), CLOCK_SLOT);
	CHECK(page->flags & TWZ_CLOCK_PAGE_VALID);
	for (uint32_t clock = TWZ_CLOCK_MONOTONIC; clock <= TWZ_CLOCK_REALTIME; clock++) {
		uint64_t before = (uint64_t)twz_sys_clock_read(clock);
		uint64_t here = twz_clock_page_read(page, clock);
		uint64_t after = (uint64_t)twz_sys_clock_read(clock);

		CHECK(before <= here);
		CHECK(here <= after);
	}
	/* after 2020: the calendar was read */
	CHECK(twz_clock_page_read(page, TWZ_CLOCK_REALTIME) > 1577836800ull * 1000000000);
	EQUAL(twz_sys_view_unmap(0, 0, CLOCK_SLOT), 0);
}

TEST(the_clock_page_takes_no_call)
{
	long before, after;

	EQUAL(twz_sys_view_map(&clock_map), CLOCK_SLOT);
	before = twz_sys_thread_control(TWZ_THREAD_CALLS, 0);
	for (unsigned i = 0; i < 1000; i++)
		CHECK(twz_clock_page_read(page, TWZ_CLOCK_MONOTONIC) != 0);
	after = twz_sys_thread_control(TWZ_THREAD_CALLS, 0);
	EQUAL(after - before, 1);
	EQUAL(twz_sys_view_unmap(0, 0, CLOCK_SLOT), 0);
}

/* Readers hand the newest time on: nobody may see an older one after it. */
static volatile uint64_t newest;
static volatile uint32_t steps_back, reads;

static void read_clock(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t seen = __atomic_load_n(&newest, __ATOMIC_ACQUIRE);
		uint64_t time = i % 8 ? twz_clock_page_read(page, TWZ_CLOCK_MONOTONIC)
				      : (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);

		if (time < seen)
			steps_back++;
		while (time > seen &&
		       !__atomic_compare_exchange_n(&newest, &seen, time, false, __ATOMIC_RELEASE,
						    __ATOMIC_RELAXED))
			;
	}
	__atomic_add_fetch(&reads, 1, __ATOMIC_RELAXED);
}

TEST(the_clock_never_goes_back)
{
	struct worker workers[4];

	EQUAL(twz_sys_view_map(&clock_map), CLOCK_SLOT);
	newest = steps_back = reads = 0;
	for (unsigned i = 0; i < 4; i++)
		worker_start(&workers[i], read_clock, 0);
	for (unsigned i = 0; i < 4; i++)
		worker_join(&workers[i]);
	EQUAL(reads, 4);
	EQUAL(steps_back, 0);
	EQUAL(twz_sys_view_unmap(0, 0, CLOCK_SLOT), 0);
}
