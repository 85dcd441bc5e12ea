/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory filled to the last page: what the kernel keeps to be faster comes free, nothing is lost.
 */
#include "pressure.h"

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)

/* Compare what is free with `expected`, once ended threads have gone. */
static void expect_free(uint64_t expected)
{
	struct twz_system_info info;

	for (int tries = 0; tries < 20; tries++) {
		fill_memory();
		twz_sys_system_info(&info);
		if (info.pages_free == expected)
			return;
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	}
	EQUAL(info.pages_free, expected);
}

static uint64_t free_after_pressure(void)
{
	struct twz_system_info info;

	fill_memory();
	fill_memory();
	twz_sys_system_info(&info);
	return info.pages_free;
}

TEST(directories_of_idle_objects_are_built_again)
{
	struct twz_object_stat stat;
	struct twz_system_info info;
	uint64_t before, sum = 0, again = 0;

	EQUAL(twz_sys_system_info(&info), 0);
	map_at(info.names, 700, TWZ_RIGHT_READ, TWZ_INHERIT_SHARED);
	for (unsigned i = 1; i < 16; i++)
		sum += (unsigned char)SLOT(700)[i * PAGE + 64];
	EQUAL(twz_sys_object_stat(info.names.hi, info.names.lo, &stat), 0);
	CHECK(stat.pages >= 15);
	before = stat.pages;
	fill_memory();
	EQUAL(twz_sys_object_stat(info.names.hi, info.names.lo, &stat), 0);
	EQUAL(stat.pages, before); /* in use: left alone */
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	fill_memory();
	EQUAL(twz_sys_object_stat(info.names.hi, info.names.lo, &stat), 0);
	CHECK(stat.pages < 15);
	map_at(info.names, 700, TWZ_RIGHT_READ, TWZ_INHERIT_SHARED);
	for (unsigned i = 1; i < 16; i++)
		again += (unsigned char)SLOT(700)[i * PAGE + 64];
	EQUAL(again, sum);
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
}

TEST(empty_tables_of_idle_objects_come_free)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id second;
	uint64_t before = free_after_pressure();

	EQUAL(twz_sys_object_create(&spec, &second), 0);
	map_at(second, 701, RW, TWZ_INHERIT_PRIVATE);
	for (unsigned i = 0; i < 40; i++)
		SLOT(701)[(uint64_t)i << 21] = 1;
	for (unsigned i = 0; i < 40; i++)
		EQUAL(twz_sys_object_discard(second.hi, second.lo, (uint64_t)i << 21, PAGE), 0);
	EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
	expect_free(before);
	drop(id, 700);
	EQUAL(twz_sys_object_delete(second.hi, second.lo), 0);
}

#define THREADS 120
static struct worker workers[THREADS];
static volatile uint32_t go;

static void wait_to_go(void *unused)
{
	(void)unused;
	wait_word(&go, 0);
}

static void crowd(void)
{
	go = 0;
	for (unsigned i = 0; i < THREADS; i++)
		worker_start(&workers[i], wait_to_go, 0);
	go = 1;
	wake_word(&go, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		worker_join(&workers[i]);
}

TEST(kernel_stacks_are_given_back)
{
	uint64_t before;

	crowd(); /* their own stacks, which stay */
	before = free_after_pressure();
	crowd();
	expect_free(before);
}

static struct twz_id filled[4];
static volatile uint32_t ready;

/* Begins when all the others run: a stack's first page is not to be had any more when memory is
 * full. */
static void fill_one(void *argument)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	wake_word(&ready, 1);
	wait_word(&go, 0);
	fill_object(filled[(uint64_t)argument]);
}

static void fill_together(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct worker fillers[4];

	go = 0;
	ready = 0;
	for (unsigned i = 0; i < 4; i++) {
		EQUAL(twz_sys_object_create(&spec, &filled[i]), 0);
		worker_start(&fillers[i], fill_one, (void *)(uint64_t)i);
	}
	for (uint32_t have; (have = ready) < 4;)
		wait_word(&ready, have);
	go = 1;
	wake_word(&go, 4);
	for (unsigned i = 0; i < 4; i++)
		worker_join(&fillers[i]);
	for (unsigned i = 0; i < 4; i++)
		EQUAL(twz_sys_object_delete(filled[i].hi, filled[i].lo), 0);
}

TEST(several_threads_fill_memory)
{
	uint64_t before;

	fill_together(); /* the threads' stacks stay */
	before = free_after_pressure();
	fill_together();
	expect_free(before);
}

/* A call that runs out of memory half-way leaves no half-made thing. */
TEST(calls_fail_whole_without_memory)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE), all, other;
	struct twz_object_source source = {.id = id, .len = 600 * PAGE};
	struct twz_view_clone clone = {0};
	struct twz_system_info before, after;
	long result = 0;

	for (unsigned i = 0; i < 600; i++)
		SLOT(700)[i * PAGE] = 1;
	EQUAL(twz_sys_object_create(&spec, &all), 0);
	fill_object(all);
	twz_sys_system_info(&before);
	spec.sources = &source;
	spec.source_count = 1;
	EQUAL(twz_sys_object_create(&spec, &other), -TWZ_ERR_OUT_OF_MEMORY);
	EQUAL(twz_sys_view_create(&other), -TWZ_ERR_OUT_OF_MEMORY);
	result = twz_sys_view_clone(&clone, &other);
	EQUAL(result, -TWZ_ERR_OUT_OF_MEMORY);
	twz_sys_system_info(&after);
	EQUAL(after.objects, before.objects);
	EQUAL(after.views, before.views);
	EQUAL(twz_sys_object_delete(all.hi, all.lo), 0);
	for (unsigned i = 0; i < 600; i++)
		EQUAL(SLOT(700)[i * PAGE], 1);
	drop(id, 700);
}
