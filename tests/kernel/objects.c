/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects: pages, copies, protection. */
#include "test.h"

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define RX (TWZ_RIGHT_READ | TWZ_RIGHT_EXEC)

static uint64_t pages_of(struct twz_id id)
{
	struct twz_object_stat stat = {0};

	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	return stat.pages;
}

TEST(pages_come_zeroed_on_demand)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	char *p = SLOT(700);

	EQUAL(pages_of(id), 0);
	EQUAL(p[0] | p[5 * PAGE] | p[TWZ_SLOT_SIZE - 1], 0);
	EQUAL(pages_of(id), 3);
	p[0] = 7;
	EQUAL(p[0], 7);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, 0, PAGE), 0);
	EQUAL(p[0], 0);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, 0, TWZ_SLOT_SIZE), 0);
	EQUAL(pages_of(id), 0);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, 1, PAGE), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, PAGE, TWZ_SLOT_SIZE), -TWZ_ERR_INVALID_ARGUMENT);
	drop(id, 700);
	EQUAL(twz_sys_object_stat(id.hi, id.lo, &(struct twz_object_stat){0}),
	      -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(try_read(p), TWZ_FAULT_PAGE);
	EQUAL(last_fault.address, (long)p);
}

TEST(slots_hold_one_object)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_map map = {.slot = 700, .rights = RW}, entry;
	struct twz_id b;

	SLOT(700)[0] = 1;
	EQUAL(twz_sys_object_create(&spec, &b), 0);
	map.object = b;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_BUSY);
	map.flags = TWZ_MAP_REPLACE;
	EQUAL(twz_sys_view_map(&map), 700);
	EQUAL(SLOT(700)[0], 0);
	EQUAL(twz_sys_view_entry(0, 0, 699, &entry), 0);
	CHECK(entry.slot == 700 && twz_id_equal(entry.object, b) && entry.rights == RW);
	map.slot = TWZ_SLOT_COUNT;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_INVALID_ARGUMENT);
	map.slot = TWZ_SLOT_COUNT - 1;
	EQUAL(twz_sys_view_map(&map), TWZ_SLOT_COUNT - 1);
	SLOT(TWZ_SLOT_COUNT - 1)[0] = 9;
	EQUAL(SLOT(700)[0], 9);
	EQUAL(twz_sys_view_unmap(0, 0, TWZ_SLOT_COUNT - 1), 0);
	EQUAL(twz_sys_view_unmap(0, 0, TWZ_SLOT_COUNT - 1), -TWZ_ERR_NOT_FOUND);
	EQUAL(twz_sys_object_delete(a.hi, a.lo), 0);
	drop(b, 700);
}

TEST(ordinary_objects_have_null_and_meta_pages)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_FILE};
	struct twz_id id;
	const struct twz_object_meta *meta = (const void *)(SLOT(700) + TWZ_META_OFFSET);

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	map_at(id, 700, RW, TWZ_INHERIT_SHARED);
	EQUAL(try_read(SLOT(700)), TWZ_FAULT_OBJECT);
	EQUAL(try_write(SLOT(700) + PAGE), 0);
	CHECK(meta->magic == TWZ_META_MAGIC && meta->version == TWZ_META_VERSION);
	EQUAL(meta->kind, TWZ_KIND_FILE);
	EQUAL(meta->protections, TWZ_RIGHTS_ALL);
	drop(id, 700);
	EQUAL(try_read((void *)0), TWZ_FAULT_PAGE);
	spec.flags = 0x80;
	EQUAL(twz_sys_object_create(&spec, &id), -TWZ_ERR_INVALID_ARGUMENT);
}

TEST(copies_share_until_written)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_object_source source = {.id = a, .src = 0, .dst = 2 * PAGE, .len = 3 * PAGE};
	struct twz_object_spec spec = {
		.flags = TWZ_OBJECT_RAW, .sources = &source, .source_count = 1};
	struct twz_copy_range range;
	char *p = SLOT(700), *q = SLOT(701);
	struct twz_id b;

	p[0] = 1;
	p[2 * PAGE] = 3;
	EQUAL(twz_sys_object_create(&spec, &b), 0);
	map_at(b, 701, RW, TWZ_INHERIT_PRIVATE);
	EQUAL(q[0], 0);
	EQUAL(q[2 * PAGE], 1);
	EQUAL(q[3 * PAGE], 0);
	EQUAL(q[4 * PAGE], 3);
	p[0] = 10;
	EQUAL(q[2 * PAGE], 1);
	q[4 * PAGE] = 30;
	EQUAL(p[2 * PAGE], 3);
	p[2 * PAGE] = 31;
	EQUAL(q[4 * PAGE], 30);

	/* bytes that straddle pages, and a middle that can be shared */
	for (unsigned i = 0; i < 4 * PAGE; i++)
		p[i] = (char)(i * 7);
	range = (struct twz_copy_range){b, 100 * PAGE + 123, a, 123, 3 * PAGE};
	EQUAL(twz_sys_object_copy_range(&range), 0);
	for (unsigned i = 0; i < 3 * PAGE; i++) {
		if (q[100 * PAGE + 123 + i] != p[123 + i])
			failed(__FILE__, __LINE__, "copied byte", i);
	}
	EQUAL(q[100 * PAGE + 122], 0);
	range.source_offset = 124;
	EQUAL(twz_sys_object_copy_range(&range), 0);
	EQUAL(q[100 * PAGE + 123], (char)(124 * 7));
	range = (struct twz_copy_range){a, PAGE, a, 0, 2 * PAGE};
	EQUAL(twz_sys_object_copy_range(&range), -TWZ_ERR_INVALID_ARGUMENT);
	range = (struct twz_copy_range){a, TWZ_SLOT_SIZE - PAGE, b, 0, 2 * PAGE};
	EQUAL(twz_sys_object_copy_range(&range), -TWZ_ERR_INVALID_ARGUMENT);
	drop(a, 700);
	drop(b, 701);
}

TEST(moved_pages_leave_and_keep_their_rights)
{
	struct twz_id a = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_id b = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	struct twz_copy_range range = {b, 10 * PAGE, a, 0, 2 * PAGE};
	char *p = SLOT(700), *q = SLOT(701);

	p[0] = 1;
	p[PAGE] = 2;
	q[10 * PAGE] = 99;
	EQUAL(twz_sys_object_protect(a.hi, a.lo, PAGE, PAGE, TWZ_RIGHT_READ), 0);
	EQUAL(twz_sys_object_move_range(&range), 0);
	EQUAL(p[0], 0);
	EQUAL(try_write(p + PAGE), 0); /* fresh again */
	EQUAL(q[10 * PAGE], 1);
	EQUAL(q[11 * PAGE], 2);
	EQUAL(try_write(q + 10 * PAGE), 0);
	EQUAL(try_write(q + 11 * PAGE), TWZ_FAULT_PROTECTION);
	range.length = 5;
	EQUAL(twz_sys_object_move_range(&range), -TWZ_ERR_INVALID_ARGUMENT);
	drop(a, 700);
	drop(b, 701);
}

TEST(pages_have_rights_of_their_own)
{
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
	struct twz_id id = raw_at(700, RW | TWZ_RIGHT_EXEC, TWZ_INHERIT_PRIVATE);
	char *p = SLOT(700);
	int (*function)(void) = (int (*)(void))p;

	memcpy(p, code, sizeof(code));
	EQUAL(try_call(p), TWZ_FAULT_PROTECTION); /* writable, so not executable */
	EQUAL(last_fault.access, TWZ_RIGHT_EXEC);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 0, PAGE, RX), 0);
	EQUAL(function(), 42);
	EQUAL(try_write(p), TWZ_FAULT_PROTECTION);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 0, PAGE, RW | TWZ_RIGHT_EXEC),
	      -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 0, PAGE, 0), 0);
	EQUAL(try_read(p), TWZ_FAULT_PROTECTION);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 0, PAGE, RW), 0);
	EQUAL((unsigned char)p[0], 0xb8); /* the page stayed */
	/* whole absent tables, and a hole in them */
	EQUAL(twz_sys_object_protect(id.hi, id.lo, 1 << 21, 4 << 21, 0), 0);
	EQUAL(try_read(p + (2 << 21)), TWZ_FAULT_PROTECTION);
	EQUAL(twz_sys_object_protect(id.hi, id.lo, (2 << 21) + PAGE, PAGE, RW), 0);
	EQUAL(try_write(p + (2 << 21) + PAGE), 0);
	EQUAL(try_read(p + (2 << 21) + 2 * PAGE), TWZ_FAULT_PROTECTION);
	EQUAL(try_read(p + (2 << 21)), TWZ_FAULT_PROTECTION);
	EQUAL(try_write(p + (5 << 21)), 0);
	drop(id, 700);
}

TEST(views_have_rights_of_their_own)
{
	struct twz_id id = raw_at(700, TWZ_RIGHT_READ, TWZ_INHERIT_PRIVATE);
	struct twz_object_spec spec = {.protections = TWZ_RIGHT_READ | TWZ_RIGHT_DELETE};
	struct twz_map map = {.slot = 702, .rights = RW};

	EQUAL(try_read(SLOT(700)), 0);
	EQUAL(try_write(SLOT(700)), TWZ_FAULT_PROTECTION);
	map_at(id, 701, RW, TWZ_INHERIT_PRIVATE);
	EQUAL(try_write(SLOT(701)), 0);
	EQUAL(SLOT(700)[0], 1);
	EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
	drop(id, 700);

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	map.object = id;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_ACCESS_DENIED);
	map.rights = RW | TWZ_RIGHT_EXEC;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_object_discard(id.hi, id.lo, 0, PAGE), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);
}

/* Some file of the image: the root directory holds its id somewhere in its first pages. */
static struct twz_id some_file(struct twz_id directory)
{
	const uint64_t *words = (const uint64_t *)(SLOT(700) + PAGE);
	struct twz_id found = OWN;

	map_at(directory, 700, TWZ_RIGHT_READ, TWZ_INHERIT_SHARED);
	for (unsigned i = 0; i + 1 < 64 * PAGE / 8 && twz_id_is_none(found); i++) {
		struct twz_object_stat stat;

		if (words[i] && twz_sys_object_stat(words[i], words[i + 1], &stat) == 0 &&
		    stat.kind == TWZ_KIND_FILE)
			found = stat.id;
	}
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	return found;
}

TEST(files_of_the_image_cannot_be_written)
{
	struct twz_map map = {.slot = 700, .rights = RW};
	struct twz_copy_range range = {.destination_offset = PAGE, .length = PAGE};
	struct twz_object_stat stat = {0};
	struct twz_system_info info;
	struct twz_id id;

	EQUAL(twz_sys_system_info(&info), 0);
	id = some_file(info.names);
	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	EQUAL(stat.kind, TWZ_KIND_FILE);
	EQUAL(stat.rights, RX);
	map.object = id;
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_ACCESS_DENIED);
	map.rights = TWZ_RIGHT_READ;
	EQUAL(twz_sys_view_map(&map), 700);
	EQUAL(((struct twz_object_meta *)(SLOT(700) + TWZ_META_OFFSET))->kind, TWZ_KIND_FILE);
	EQUAL(try_write(SLOT(700) + PAGE), TWZ_FAULT_PROTECTION);
	range.destination = id;
	range.source = id;
	range.source_offset = 8 * PAGE;
	EQUAL(twz_sys_object_copy_range(&range), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(twz_sys_object_move_range(&range), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(twz_sys_object_delete(id.hi, id.lo), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
}

TEST(ties_delete)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id a, b;

	EQUAL(twz_sys_object_create(&spec, &a), 0);
	spec.tie = a;
	EQUAL(twz_sys_object_create(&spec, &b), 0);
	EQUAL(twz_sys_object_delete(a.hi, a.lo), 0);
	EQUAL(twz_sys_object_delete(b.hi, b.lo), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_object_create(&spec, &b), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_object_sync(b.hi, b.lo, 0, PAGE), -TWZ_ERR_NO_SUCH_OBJECT);
}

TEST(memory_runs_out_with_an_error)
{
	struct twz_id id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id more[64];
	uint64_t at = 0;
	long result = 0;
	unsigned made = 0;

	while (at < TWZ_SLOT_SIZE && try_write(SLOT(700) + at) == 0)
		at += PAGE;
	CHECK(at < TWZ_SLOT_SIZE); /* the machine has less than 1 GiB */
	EQUAL(last_fault.kind, TWZ_FAULT_MEMORY);
	EQUAL(last_fault.address, (long)SLOT(700) + (long)at);
	/* the last pieces of the heap go too, and then calls say so */
	while (result == 0 && made < 64) {
		result = twz_sys_object_create(&spec, &more[made]);
		made += result == 0;
	}
	CHECK(result == 0 || result == -TWZ_ERR_OUT_OF_MEMORY);
	EQUAL(twz_sys_view_create(&spec.tie), -TWZ_ERR_OUT_OF_MEMORY);
	for (unsigned i = 0; i < made; i++)
		EQUAL(twz_sys_object_delete(more[i].hi, more[i].lo), 0);
	drop(id, 700);
	id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	EQUAL(try_write(SLOT(700)), 0);
	drop(id, 700);
}
