/* SPDX-License-Identifier: BSD-2-Clause */
/* Copy-on-write copies of ranges and of whole objects: sources and copies stay apart for ever. */
#include "test.h"

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)

static struct twz_id make_copy(struct twz_id from, uint64_t src, uint64_t dst, uint64_t len)
{
	struct twz_object_source source = {.id = from, .src = src, .dst = dst, .len = len};
	struct twz_object_spec spec = {
		.flags = TWZ_OBJECT_RAW, .sources = &source, .source_count = 1};
	struct twz_id id = OWN;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	return id;
}

static uint64_t pages_of(struct twz_id id)
{
	struct twz_object_stat stat = {0};

	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	return stat.pages;
}

TEST(copies_of_copies_stay_apart)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE), b, c;

	for (unsigned i = 0; i < 64; i++)
		SLOT(700)[i * PAGE] = (char)i;
	b = make_copy(a, 0, 0, 64 * PAGE);
	c = make_copy(b, 0, 32 * PAGE, 64 * PAGE);
	map_at(b, 701, RW, TWZ_INHERIT_PRIVATE);
	map_at(c, 702, RW, TWZ_INHERIT_PRIVATE);
	SLOT(700)[5 * PAGE] = 100; /* the source, written after */
	SLOT(701)[6 * PAGE] = 101; /* the middle */
	SLOT(702)[(32 + 7) * PAGE] = 102;
	EQUAL(SLOT(701)[5 * PAGE], 5);
	EQUAL(SLOT(702)[(32 + 5) * PAGE], 5);
	EQUAL(SLOT(700)[6 * PAGE], 6);
	EQUAL(SLOT(702)[(32 + 6) * PAGE], 6);
	EQUAL(SLOT(700)[7 * PAGE], 7);
	EQUAL(SLOT(701)[7 * PAGE], 7);
	drop(a, 700); /* the source, deleted */
	for (unsigned i = 8; i < 64; i++)
		EQUAL(SLOT(701)[i * PAGE], i);
	drop(b, 701);
	for (unsigned i = 8; i < 64; i++) {
		EQUAL(SLOT(702)[(32 + i) * PAGE], i);
		SLOT(702)[(32 + i) * PAGE]++;
	}
	EQUAL(pages_of(c), 64);
	drop(c, 702);
}

/* Bytes of two objects after copies at every kind of edge, against a plain computation. */
TEST(copies_have_exact_edges)
{
	static const struct {
		uint64_t to, from, length;
	} cases[] = {
		{0, 0, 3 * PAGE},
		{5, 5, 3 * PAGE},
		{PAGE - 1, PAGE - 1, 2},
		{100, 200, 5 * PAGE},
		{4095, 1, PAGE + 2},
		{7 * PAGE + 9, 9, 4 * PAGE - 9},
		{2 * PAGE, 3 * PAGE + 1, 1},
		{PAGE + 17, PAGE + 17, 0},
	};
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_id b = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	char *from = SLOT(700), *to = SLOT(701), *expected = SLOT(701) + (1 << 21);

	for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct twz_copy_range range = {b, cases[n].to, a, cases[n].from, cases[n].length};

		for (uint64_t i = 0; i < 12 * PAGE; i++) {
			from[i] = (char)(i * 31 + i / 251 + n);
			to[i] = expected[i] = (char)(i * 17 + n);
		}
		for (uint64_t i = 0; i < cases[n].length; i++)
			expected[cases[n].to + i] = from[cases[n].from + i];
		EQUAL(twz_sys_object_copy_range(&range), 0);
		for (uint64_t i = 0; i < 12 * PAGE; i++) {
			if (to[i] != expected[i]) {
				failed(__FILE__, __LINE__, "case", n);
				failed(__FILE__, __LINE__, "byte", (long)i);
				break;
			}
		}
	}
	drop(a, 700);
	drop(b, 701);
}

TEST(copies_within_an_object)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range range = {a, 512 * PAGE, a, 0, 512 * PAGE};

	SLOT(700)[0] = 1;
	SLOT(700)[511 * PAGE] = 2;
	EQUAL(twz_sys_object_copy_range(&range), 0);
	SLOT(700)[0] = 3;
	SLOT(700)[1023 * PAGE] = 4;
	EQUAL(SLOT(700)[512 * PAGE], 1);
	EQUAL(SLOT(700)[511 * PAGE], 2);
	drop(a, 700);
}

/* A hole in the source makes a hole in the copy, whatever stood there. */
TEST(copies_carry_holes)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_id b = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range range = {b, 0, a, 0, 4ull << 21};

	SLOT(700)[3 << 21] = 1;
	for (uint64_t at = 0; at < 4ull << 21; at += 1 << 19)
		SLOT(701)[at] = 9;
	EQUAL(twz_sys_object_copy_range(&range), 0);
	for (uint64_t at = 0; at < 4ull << 21; at += 1 << 19)
		EQUAL(SLOT(701)[at], at == 3 << 21);
	drop(a, 700);
	drop(b, 701);
}

TEST(whole_objects_are_copied)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE), b;
	const uint64_t last = TWZ_SLOT_SIZE - 1;

	for (unsigned i = 0; i < 1024; i++)
		SLOT(700)[i * PAGE] = (char)(i + 1);
	SLOT(700)[last] = 7;
	b = make_copy(a, 0, 0, TWZ_SLOT_SIZE);
	EQUAL(pages_of(b), 1025);
	map_at(b, 701, RW, TWZ_INHERIT_PRIVATE);
	SLOT(700)[last] = 8;
	SLOT(701)[3 * PAGE] = 77;
	EQUAL(SLOT(701)[last], 7);
	EQUAL(SLOT(700)[3 * PAGE], 4);
	for (unsigned i = 4; i < 1024; i++)
		EQUAL(SLOT(701)[i * PAGE], (char)(i + 1));
	drop(a, 700);
	EQUAL(SLOT(701)[100 * PAGE], 101);
	drop(b, 701);
}

/* What the copy's pages may be used for is the target's own; rights do not come along. */
TEST(copies_take_bytes_not_rights)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE), b;

	for (unsigned i = 0; i < 512; i++)
		SLOT(700)[i * PAGE] = (char)i;
	EQUAL(twz_sys_object_protect(a.hi, a.lo, PAGE, PAGE, TWZ_RIGHT_READ), 0);
	b = make_copy(a, 0, 0, 512 * PAGE);
	map_at(b, 701, RW, TWZ_INHERIT_PRIVATE);
	EQUAL(try_write(SLOT(700) + PAGE), TWZ_FAULT_PROTECTION);
	EQUAL(try_write(SLOT(701) + PAGE), 0);
	EQUAL(SLOT(700)[PAGE], 1);
	drop(a, 700);
	drop(b, 701);
}

/* What is only read costs page tables, no pages: nobody fills memory by reading what is not there.
 */
TEST(reading_takes_no_pages)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE), b;
	struct twz_system_info before, after;
	unsigned sum = 0;

	twz_sys_system_info(&before);
	for (unsigned i = 0; i < 512; i++)
		sum += (unsigned char)SLOT(700)[i * PAGE + i];
	twz_sys_system_info(&after);
	EQUAL(sum, 0);
	CHECK(before.pages_free - after.pages_free < 8);
	/* each side's first write gives it a page of its own */
	b = make_copy(a, 0, 0, 512 * PAGE);
	map_at(b, 701, RW, TWZ_INHERIT_PRIVATE);
	SLOT(700)[5 * PAGE] = 1;
	SLOT(701)[5 * PAGE + 1] = 2;
	SLOT(701)[6 * PAGE] = 3;
	EQUAL(SLOT(700)[5 * PAGE + 1], 0);
	EQUAL(SLOT(701)[5 * PAGE], 0);
	EQUAL(SLOT(700)[6 * PAGE], 0);
	EQUAL(SLOT(700)[7 * PAGE], 0);
	drop(a, 700);
	drop(b, 701);
}
