/* SPDX-License-Identifier: BSD-2-Clause */
/* Large pages: where they come, and that nothing shows of them but speed. */
#include "pressure.h"

#define RW    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define RX    (TWZ_RIGHT_READ | TWZ_RIGHT_EXEC)
#define LARGE (512 * PAGE)
#define PART  512u /* pages */

static struct twz_object_stat stat_of(struct twz_id id)
{
	struct twz_object_stat stat = {0};

	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	return stat;
}

static bool has_large(struct twz_id id)
{
	return stat_of(id).flags & TWZ_OBJECT_LARGE;
}

static void touch(char *at, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		at[i * PAGE] = (char)(i * 7 + 1);
}

/* How many of these pages do not hold what touch wrote. */
static unsigned wrong(const char *at, unsigned pages)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pages; i++)
		count += at[i * PAGE] != (char)(i * 7 + 1) || at[i * PAGE + 8];
	return count;
}

/* Two parts of 2 MiB, of which the second is a large page. */
static struct twz_id large_at(uint64_t slot)
{
	struct twz_id id = raw_at(slot, RW, TWZ_INHERIT_PRIVATE);

	touch(SLOT(slot), 2 * PART);
	CHECK(has_large(id));
	EQUAL(stat_of(id).pages, 2 * PART);
	return id;
}

TEST(a_range_that_is_written_gets_large_pages)
{
	struct twz_system_info before, after;
	struct twz_id id;

	twz_sys_system_info(&before);
	id = large_at(700);
	twz_sys_system_info(&after);
	/* the pages, the directory, the first part's table and the one set aside */
	CHECK(before.pages_free - after.pages_free >= 2 * PART + 3);
	CHECK(before.pages_free - after.pages_free <= 2 * PART + 8);
	EQUAL(wrong(SLOT(700), 2 * PART), 0);
	drop(id, 700);
}

TEST(one_touch_takes_one_page)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);

	SLOT(700)[0] = 1;
	SLOT(700)[3 * LARGE] = 1;
	SLOT(700)[9 * LARGE + 5 * PAGE] = 1;
	EQUAL(stat_of(id).pages, 3);
	touch(SLOT(700) + 300 * PAGE, PART - 300); /* not 256: the next part gets no large page */
	SLOT(700)[LARGE] = 1;
	CHECK(!has_large(id));
	drop(id, 700);
}

/* The first of a run costs a fault each; the more there are, the more come with one. */
TEST(pages_come_ahead_of_a_run_only)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	uint64_t pages;

	for (unsigned i = 0; i < 40; i++)
		SLOT(700)[i * 3 * PAGE] = 1;
	EQUAL(stat_of(id).pages, 40);
	for (unsigned i = 200; i < 230; i++)
		SLOT(700)[i * PAGE] = 1;
	pages = stat_of(id).pages - 40;
	CHECK(pages >= 30 && pages < 30 + 8);
	for (unsigned i = 230; i < 240; i++)
		EQUAL(SLOT(700)[i * PAGE + 9], 0);
	drop(id, 700);
}

TEST(copying_a_part_splits)
{
	struct twz_id a = large_at(700), b = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range range = {b, 0, a, LARGE + 100 * PAGE, 8 * PAGE};

	EQUAL(twz_sys_object_copy_range(&range), 0);
	CHECK(!has_large(a));
	EQUAL(wrong(SLOT(700), 2 * PART), 0);
	SLOT(700)[LARGE + 101 * PAGE] = 5;
	SLOT(701)[2 * PAGE] = 6;
	EQUAL(SLOT(701)[PAGE], (char)((PART + 101) * 7 + 1));
	EQUAL(SLOT(700)[LARGE + 102 * PAGE], (char)((PART + 102) * 7 + 1));
	drop(a, 700); /* the copy keeps its frames of the 512 */
	EQUAL(SLOT(701)[3 * PAGE], (char)((PART + 103) * 7 + 1));
	drop(b, 701);
}

TEST(copying_into_a_part_splits)
{
	struct twz_id a = large_at(700), b = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range pages = {a, LARGE + 4 * PAGE, b, 0, 2 * PAGE};
	struct twz_copy_range bytes = {a, LARGE + 9 * PAGE + 3, b, 1, 2};

	SLOT(701)[0] = 99;
	SLOT(701)[1] = 98;
	EQUAL(twz_sys_object_copy_range(&pages), 0);
	EQUAL(twz_sys_object_copy_range(&bytes), 0);
	CHECK(!has_large(a));
	EQUAL(SLOT(700)[LARGE + 4 * PAGE], 99);
	EQUAL(SLOT(700)[LARGE + 5 * PAGE], 0);
	EQUAL(SLOT(700)[LARGE + 9 * PAGE + 3], 98);
	EQUAL(wrong(SLOT(700), PART + 4), 0);
	drop(a, 700);
	drop(b, 701);
}

TEST(moving_a_part_splits)
{
	struct twz_id a = large_at(700), b = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range range = {b, 0, a, LARGE + 7 * PAGE, 3 * PAGE};

	EQUAL(twz_sys_object_move_range(&range), 0);
	CHECK(!has_large(a));
	EQUAL(stat_of(a).pages, 2 * PART - 3);
	EQUAL(SLOT(701)[2 * PAGE], (char)((PART + 9) * 7 + 1));
	EQUAL(SLOT(700)[LARGE + 8 * PAGE], 0);
	EQUAL(SLOT(700)[LARGE + 10 * PAGE], (char)((PART + 10) * 7 + 1));
	drop(a, 700);
	drop(b, 701);
}

static void in_clone(void)
{
	int good = wrong(SLOT(700), 2 * PART) == 0;

	SLOT(700)[LARGE + PAGE] = 50;
	good &= SLOT(700)[LARGE + PAGE] == 50;
	twz_sys_view_exit(good ? 1 : 2);
}

TEST(clones_copy_large_pages_on_write)
{
	struct twz_id id = large_at(700), clone;
	const struct twz_view_control *control;
	uint64_t slot;

	control = run_clone(in_clone, &clone, &slot);
	EQUAL(control->code, 1);
	CHECK(!has_large(id));
	EQUAL(wrong(SLOT(700), 2 * PART), 0);
	SLOT(700)[LARGE] = 3; /* ours alone again */
	EQUAL(SLOT(700)[LARGE], 3);
	EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
	EQUAL(twz_sys_object_delete(clone.hi, clone.lo), 0);
	drop(id, 700);
}

TEST(protecting_a_page_splits)
{
	struct twz_id id = large_at(700);
	char *part = SLOT(700) + LARGE;

	EQUAL(twz_sys_object_protect(id.hi, id.lo, LARGE + 30 * PAGE, PAGE, TWZ_RIGHT_READ), 0);
	CHECK(!has_large(id));
	EQUAL(try_write(part + 30 * PAGE), TWZ_FAULT_PROTECTION);
	EQUAL(try_write(part + 29 * PAGE), 0);
	EQUAL(try_write(part + 31 * PAGE), 0);
	EQUAL(part[30 * PAGE], (char)((PART + 30) * 7 + 1));
	drop(id, 700);
}

TEST(a_part_with_rights_gets_no_large_page)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	char *part = SLOT(700) + LARGE;

	touch(SLOT(700), PART);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, LARGE, LARGE, TWZ_RIGHT_READ), 0);
	EQUAL(try_read(part), 0);
	EQUAL(try_write(part), TWZ_FAULT_PROTECTION);
	CHECK(!has_large(id));
	drop(id, 700);
}

TEST(large_pages_are_not_executable)
{
	struct twz_id id = raw_at(700, RW | TWZ_RIGHT_EXEC, TWZ_INHERIT_PRIVATE);
	char *part = SLOT(700) + LARGE;

	touch(SLOT(700), 2 * PART);
	CHECK(has_large(id));
	part[5 * PAGE] = (char)0xc3;
	EQUAL(try_call(part + 5 * PAGE), TWZ_FAULT_PROTECTION);
	CHECK(has_large(id));
	EQUAL(twz_sys_object_protect(id.hi, id.lo, LARGE + 5 * PAGE, PAGE, RX), 0);
	EQUAL(try_call(part + 5 * PAGE), 0);
	EQUAL(try_call(part + 6 * PAGE), TWZ_FAULT_PROTECTION);
	drop(id, 700);
}

TEST(discarding_a_part_of_it_splits)
{
	struct twz_id id = large_at(700);
	char *part = SLOT(700) + LARGE;

	EQUAL(twz_sys_object_discard(id.hi, id.lo, LARGE + 3 * PAGE, 4 * PAGE), 0);
	CHECK(!has_large(id));
	EQUAL(stat_of(id).pages, 2 * PART - 4);
	EQUAL(part[2 * PAGE], (char)((PART + 2) * 7 + 1));
	EQUAL(part[3 * PAGE], 0);
	EQUAL(part[7 * PAGE], (char)((PART + 7) * 7 + 1));
	drop(id, 700);
}

TEST(discarding_all_of_it_gives_it_back_at_once)
{
	struct twz_id id = large_at(700);
	struct twz_system_info before, after;
	char *part = SLOT(700) + LARGE;

	twz_sys_system_info(&before);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, LARGE, LARGE), 0);
	twz_sys_system_info(&after);
	CHECK(!has_large(id));
	EQUAL(stat_of(id).pages, PART);
	EQUAL(after.pages_free - before.pages_free, PART + 1);
	/* the next touch finds zeros, in a large page again */
	part[17 * PAGE]++;
	EQUAL(part[17 * PAGE], 1);
	EQUAL(part[16 * PAGE], 0);
	CHECK(has_large(id));
	EQUAL(stat_of(id).pages, 2 * PART);
	drop(id, 700);
}

TEST(the_meta_page_is_never_in_one)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_FILE};
	struct twz_id id;
	const struct twz_object_meta *meta;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	map_at(id, 700, RW, TWZ_INHERIT_PRIVATE);
	touch(SLOT(700) + 510 * LARGE, PART);
	SLOT(700)[511 * LARGE] = 1;
	CHECK(!has_large(id));
	meta = (const struct twz_object_meta *)(SLOT(700) + TWZ_META_OFFSET);
	EQUAL(meta->magic, TWZ_META_MAGIC);
	EQUAL(stat_of(id).pages, PART + 2);
	EQUAL(try_read(SLOT(700)), TWZ_FAULT_OBJECT); /* nor the null page */
	drop(id, 700);
}

/* Memory is for those who need it: no large pages from the last quarter. */
TEST(small_pages_when_memory_is_short)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE), filler;
	struct twz_copy_range range = {.length = 1};
	struct twz_system_info info;

	EQUAL(twz_sys_object_create(&spec, &filler), 0);
	range.destination = range.source = filler;
	twz_sys_system_info(&info);
	for (uint64_t at = PAGE; info.pages_free > info.pages_total / 4 + PART; at += 64 * PAGE) {
		for (uint64_t i = 0; i < 64; i++) {
			range.destination_offset = at + i * PAGE + 8;
			EQUAL(twz_sys_object_copy_range(&range), 0);
		}
		twz_sys_system_info(&info);
	}
	touch(SLOT(700), 2 * PART);
	CHECK(!has_large(id));
	EQUAL(wrong(SLOT(700), 2 * PART), 0);
	EQUAL(twz_sys_object_delete(filler.hi, filler.lo), 0);
	SLOT(700)[2 * LARGE] = 1;
	CHECK(has_large(id));
	drop(id, 700);
}

/* Nothing of an idle object goes but what can be had again. */
TEST(idle_large_pages_outlast_pressure)
{
	struct twz_id id = large_at(700);

	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	fill_memory();
	EQUAL(stat_of(id).pages, 2 * PART);
	CHECK(has_large(id));
	map_at(id, 700, RW, TWZ_INHERIT_PRIVATE);
	EQUAL(wrong(SLOT(700), 2 * PART), 0);
	drop(id, 700);
}

/* The splitting table is set aside: without a free page rights still change, and copies say so. */
TEST(splitting_needs_no_memory)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id = large_at(700), all;

	EQUAL(try_write((void *)0), TWZ_FAULT_PAGE); /* what this takes is ours from here on */
	EQUAL(twz_sys_object_create(&spec, &all), 0);
	fill_object(all);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, LARGE, PAGE, TWZ_RIGHT_READ), 0);
	CHECK(!has_large(id));
	EQUAL(try_write(SLOT(700) + LARGE), TWZ_FAULT_PROTECTION);
	EQUAL(wrong(SLOT(700), 2 * PART), 0);
	EQUAL(twz_sys_object_delete(all.hi, all.lo), 0);
	drop(id, 700);
}

/* Objects whose pages are somebody's: the image's, the store's. */
TEST(paged_objects_get_none)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW | TWZ_OBJECT_PERSISTENT};
	struct twz_id id, from = large_at(701);
	struct twz_copy_range range = {.source = from, .source_offset = LARGE};
	struct twz_system_info info;

	twz_sys_system_info(&info);
	if (!info.store_names.hi && !info.store_names.lo) { /* this boot has no store */
		drop(from, 701);
		return;
	}
	EQUAL(twz_sys_object_create(&spec, &id), 0);
	map_at(id, 700, RW, TWZ_INHERIT_SHARED);
	touch(SLOT(700), PART + 3);
	CHECK(!has_large(id));
	/* what is written in order comes several at a time */
	CHECK(stat_of(id).pages >= PART + 3 && stat_of(id).pages < PART + 3 + 16);
	range.destination = id;
	range.length = 2 * PAGE;
	EQUAL(twz_sys_object_copy_range(&range), 0);
	EQUAL(SLOT(700)[PAGE], (char)((PART + 1) * 7 + 1));
	EQUAL(twz_sys_object_sync(id.hi, id.lo, 0, LARGE), 0);
	drop(id, 700);
	drop(from, 701);
}

/* ---- threads that touch the same parts at once ---- */

#define RACERS 4
#define PARTS  3u
static volatile uint32_t go;
static struct worker racers[RACERS];

static void race(void *argument)
{
	unsigned number = (unsigned)(uint64_t)argument;

	wait_word(&go, 0);
	for (unsigned i = 0; i < PARTS * PART; i++)
		((volatile char *)SLOT(700))[i * PAGE + number]++;
}

TEST(threads_race_for_large_pages)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	unsigned bad = 0;

	go = 0;
	for (unsigned i = 0; i < RACERS; i++)
		worker_start(&racers[i], race, (void *)(uint64_t)i);
	go = 1;
	wake_word(&go, RACERS);
	/* meanwhile parts are taken apart, without changing what is there */
	for (unsigned i = 0; i < 200; i++)
		EQUAL(twz_sys_object_protect(id.hi, id.lo, (i * 7 % (PARTS * PART)) * PAGE, PAGE,
					     RW),
		      0);
	for (unsigned i = 0; i < RACERS; i++)
		worker_join(&racers[i]);
	for (unsigned i = 0; i < PARTS * PART; i++)
		for (unsigned n = 0; n < RACERS; n++)
			bad += SLOT(700)[i * PAGE + n] != 1;
	EQUAL(bad, 0);
	drop(id, 700);
}
