/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A big object that is mapped again and again for the same pages, until the kernel keeps the others
 * out of the processors' reach: nothing shows of that but speed (cost.c).
 */
#include "test.h"

#define RW    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define AT    701
#define PART  512u
#define PAGES (3 * PART + 100) /* small pages, two large ones, small ones */
#define ALIKE 140u	       /* maps, more than any of the tests' objects takes */

static const unsigned usual[] = {3, 400, 2 * PART + 7};
#define USUAL (sizeof(usual) / sizeof(usual[0]))

static char value_of(unsigned page, char salt)
{
	return (char)(page * 7 + (unsigned)salt);
}

static struct twz_id filled(char salt)
{
	struct twz_id id = raw_at(AT + 1, RW, TWZ_INHERIT_PRIVATE);

	for (unsigned i = 0; i < PAGES; i++)
		SLOT(AT + 1)[i * PAGE] = value_of(i, salt);
	EQUAL(twz_sys_view_unmap(0, 0, AT + 1), 0);
	return id;
}

static char at(unsigned page)
{
	return *(volatile char *)(SLOT(AT) + page * PAGE);
}

static unsigned wrong(char salt)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PAGES; i++)
		count += at(i) != value_of(i, salt);
	return count;
}

static void map(struct twz_id id)
{
	map_at(id, AT, RW, TWZ_INHERIT_PRIVATE);
}

static void unmap(void)
{
	EQUAL(twz_sys_view_unmap(0, 0, AT), 0);
}

static void look(struct twz_id id, char salt)
{
	unsigned bad = 0;

	map(id);
	for (unsigned i = 0; i < USUAL; i++)
		bad += at(usual[i]) != value_of(usual[i], salt);
	unmap();
	EQUAL(bad, 0);
}

/* Mapped until no other pages are expected. */
static void get_used(struct twz_id id, char salt)
{
	for (unsigned i = 0; i < ALIKE; i++)
		look(id, salt);
}

static void delete (struct twz_id id)
{
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);
}

TEST(other_pages_than_the_usual_are_there)
{
	struct twz_id id = filled(1);

	get_used(id, 1);
	map(id);
	EQUAL(wrong(1), 0);
	unmap();
	get_used(id, 1);
	map(id);
	for (unsigned i = 0; i < PAGES; i += 61)
		SLOT(AT)[i * PAGE] = value_of(i, 1);
	EQUAL(wrong(1), 0);
	unmap();
	delete (id);
}

TEST(usual_and_other_pages_fault_after_the_map)
{
	struct twz_id one = filled(1), two = filled(2);

	for (unsigned other = 5; other < PAGES; other += 397) {
		get_used(one, 1);
		map(one);
		EQUAL(at(usual[0]), value_of(usual[0], 1));
		EQUAL(at(other), value_of(other, 1));
		EQUAL(at(other + 1), value_of(other + 1, 1));
		unmap();
		EQUAL(try_read(SLOT(AT) + usual[0] * PAGE), TWZ_FAULT_PAGE);
		EQUAL(try_read(SLOT(AT) + other * PAGE), TWZ_FAULT_PAGE);
		map(two);
		EQUAL(at(usual[0]), value_of(usual[0], 2));
		EQUAL(at(other), value_of(other, 2));
		EQUAL(at(other + 1), value_of(other + 1, 2));
		unmap();
		look(one, 1);
	}
	delete (one);
	delete (two);
}

TEST(new_pages_come_beside_the_usual)
{
	struct twz_id id = filled(1);

	get_used(id, 1);
	map(id);
	EQUAL(at(PAGES + 3), 0);
	SLOT(AT)[(PAGES + 3) * PAGE] = 77;
	SLOT(AT)[(PAGES + PART) * PAGE] = 78;
	unmap();
	EQUAL(try_read(SLOT(AT) + (PAGES + 3) * PAGE), TWZ_FAULT_PAGE);
	get_used(id, 1);
	map(id);
	EQUAL(at(PAGES + 3), 77);
	EQUAL(at(PAGES + PART), 78);
	EQUAL(wrong(1), 0);
	unmap();
	delete (id);
}

/* In a table whose other pages nobody can reach at the moment. */
TEST(a_new_page_between_the_usual_faults_after_the_map)
{
	struct twz_id id = filled(1);

	EQUAL(twz_sys_object_discard(id.hi, id.lo, 40 * PAGE, PAGE), 0);
	get_used(id, 1);
	map(id);
	SLOT(AT)[40 * PAGE] = 77;
	unmap();
	EQUAL(try_read(SLOT(AT) + 40 * PAGE), TWZ_FAULT_PAGE);
	map(id);
	EQUAL(at(40), 77);
	EQUAL(at(41), value_of(41, 1));
	unmap();
	delete (id);
}

/* The kernel's own ways to pages that no program can reach at the moment. */
TEST(others_than_the_usual_are_copied_and_discarded)
{
	struct twz_id id = filled(1), copy = raw_at(AT + 2, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range range = {copy, 0, id, 0, PAGES * PAGE};
	struct twz_copy_range byte = {id, 20 * PAGE, copy, 21 * PAGE, 1};

	get_used(id, 1);
	EQUAL(twz_sys_object_copy_range(&range), 0);
	for (unsigned i = 0; i < PAGES; i += 31)
		EQUAL(*(volatile char *)(SLOT(AT + 2) + i * PAGE), value_of(i, 1));
	get_used(id, 1);
	EQUAL(twz_sys_object_copy_range(&byte), 0);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, 40 * PAGE, PAGE), 0);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, PART * PAGE, PART * PAGE), 0);
	map(id);
	EQUAL(at(20), value_of(21, 1));
	EQUAL(at(40), 0);
	EQUAL(at(PART + 9), 0);
	EQUAL(at(41), value_of(41, 1));
	EQUAL(at(3 * PART + 1), value_of(3 * PART + 1, 1));
	unmap();
	drop(copy, AT + 2);
	delete (id);
}

TEST(rights_of_others_than_the_usual_hold)
{
	struct twz_id id = filled(1);

	get_used(id, 1);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 50 * PAGE, PAGE, 0), 0);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 51 * PAGE, PAGE, TWZ_RIGHT_READ), 0);
	map(id);
	EQUAL(try_read(SLOT(AT) + 50 * PAGE), TWZ_FAULT_PROTECTION);
	EQUAL(try_read(SLOT(AT) + 49 * PAGE), 0);
	EQUAL(try_write(SLOT(AT) + 51 * PAGE), TWZ_FAULT_PROTECTION);
	EQUAL(try_read(SLOT(AT) + 51 * PAGE), 0);
	EQUAL(try_read(SLOT(AT) + 50 * PAGE), TWZ_FAULT_PROTECTION);
	unmap();
	delete (id);
}

static void in_clone(void)
{
	bool good = wrong(1) == 0;

	SLOT(AT)[10 * PAGE] = 50;
	good &= at(10) == 50;
	twz_sys_view_exit(good ? 1 : 2);
}

TEST(a_clone_has_all_pages)
{
	struct twz_id id = filled(1), clone;
	uint64_t slot;

	get_used(id, 1);
	map(id);
	EQUAL(run_clone(in_clone, &clone, &slot)->code, 1);
	EQUAL(wrong(1), 0);
	EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
	delete (clone);
	unmap();
	get_used(id, 1);
	map(id);
	EQUAL(wrong(1), 0);
	unmap();
	delete (id);
}

/* Another thread, on another processor where there is one, looks at other pages meanwhile. */
static volatile uint32_t stop;
static volatile unsigned other_wrong;
static struct twz_id others_object;

static void look_at_others(void *unused)
{
	unsigned page = 0;

	(void)unused;
	map_at(others_object, AT + 3, RW, TWZ_INHERIT_PRIVATE);
	while (!stop) {
		for (unsigned i = 0; i < 8; i++, page = (page + 131) % PAGES)
			other_wrong +=
				*(volatile char *)(SLOT(AT + 3) + page * PAGE) != value_of(page, 1);
		EQUAL(twz_sys_view_unmap(0, 0, AT + 3), 0);
		map_at(others_object, AT + 3, RW, TWZ_INHERIT_PRIVATE);
	}
	EQUAL(twz_sys_view_unmap(0, 0, AT + 3), 0);
}

TEST(two_processors_use_different_pages)
{
	struct twz_id one = filled(1), two = filled(2);
	struct worker worker;

	stop = other_wrong = 0;
	others_object = one;
	worker_start(&worker, look_at_others, 0);
	for (unsigned i = 0; i < 800; i++)
		look(i % 50 == 0 ? two : one, i % 50 == 0 ? 2 : 1);
	stop = 1;
	worker_join(&worker);
	EQUAL(other_wrong, 0);
	delete (one);
	delete (two);
}
