/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/object.h: objects, the Foreign Object Table. */
#include "contract.h"

static struct twz_id new_object(void)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_DATA};
	struct twz_id id = TWZ_ID_NONE;
	GIVES(twz_rt_object_create(&spec, &id), 0);
	return id;
}

static struct twz_rt_object new_mapped(void)
{
	struct twz_rt_object object = {.start = NULL};
	GIVES(twz_rt_object_map(new_object(), RW, &object), 0);
	return object;
}

static void end_object(struct twz_rt_object *object)
{
	GIVES(twz_rt_object_cmd(object->id, TWZ_OBJECT_DELETE, 0), 0);
	GIVES(twz_rt_object_release(object), 0);
}

CONTRACT(twz_rt_object_create)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_USER + 5};
	struct twz_id first = TWZ_ID_NONE, second = TWZ_ID_NONE;
	GIVES(twz_rt_object_create(&spec, &first), 0);
	GIVES(twz_rt_object_create(&spec, &second), 0);
	CHECK(!twz_id_is_none(first) && !twz_id_equal(first, second));
	struct twz_rt_object object;
	GIVES(twz_rt_object_map(first, RW, &object), 0);
	const struct twz_object_meta *meta = (void *)(object.start + TWZ_META_OFFSET);
	CHECK(meta->magic == TWZ_META_MAGIC && meta->kind == TWZ_KIND_USER + 5);
	CHECK(object.start[TWZ_BASE_OFFSET] == 0 && read_faults(object.start));
	GIVES(twz_rt_object_release(&object), 0);
	GIVES(twz_rt_object_cmd(first, TWZ_OBJECT_DELETE, 0), 0);
	/* a copy */
	GIVES(twz_rt_object_map(second, RW, &object), 0);
	object.start[TWZ_BASE_OFFSET] = 'c';
	struct twz_object_source source = {second, TWZ_BASE_OFFSET, TWZ_BASE_OFFSET, PAGE};
	spec.sources = &source;
	spec.source_count = 1;
	GIVES(twz_rt_object_create(&spec, &first), 0);
	object.start[TWZ_BASE_OFFSET] = 'd';
	end_object(&object);
	GIVES(twz_rt_object_map(first, TWZ_RIGHT_READ, &object), 0);
	CHECK(object.start[TWZ_BASE_OFFSET] == 'c');
	end_object(&object);

	FAILS(twz_rt_object_create(NULL, &first), BAD_ADDRESS);
	FAILS(twz_rt_object_create(KERNEL_HALF, &first), BAD_ADDRESS);
	spec = (struct twz_object_spec){.flags = 0x80};
	FAILS(twz_rt_object_create(&spec, &first), INVALID_ARGUMENT);
	spec = (struct twz_object_spec){.reserved = 1};
	FAILS(twz_rt_object_create(&spec, &first), INVALID_ARGUMENT);
	spec = (struct twz_object_spec){.source_count = 1};
	FAILS(twz_rt_object_create(&spec, &first), BAD_ADDRESS);
	spec = (struct twz_object_spec){.kind = TWZ_KIND_DATA};
	FAILS(twz_rt_object_create(&spec, NULL), BAD_ADDRESS);
	FAILS(twz_rt_object_create(&spec, KERNEL_HALF), BAD_ADDRESS);
}

CONTRACT(twz_rt_object_map)
{
	struct twz_id id = new_object();
	struct twz_rt_object first, second, narrow;
	GIVES(twz_rt_object_map(id, RW, &first), 0);
	CHECK(twz_id_equal(first.id, id) && ((uintptr_t)first.start & (TWZ_SLOT_SIZE - 1)) == 0);
	CHECK((first.rights & RW) == RW && !write_faults(first.start + TWZ_BASE_OFFSET));
	/* the existing mapping */
	GIVES(twz_rt_object_map(id, TWZ_RIGHT_READ, &second), 0);
	CHECK(second.start == first.start);
	GIVES(twz_rt_object_release(&second), 0);
	GIVES(twz_rt_object_release(&first), 0);
	GIVES(twz_rt_object_map(id, TWZ_RIGHT_READ, &narrow), 0);
	CHECK(!read_faults(narrow.start + TWZ_BASE_OFFSET) &&
	      write_faults(narrow.start + TWZ_BASE_OFFSET));
	FAILS(twz_rt_object_map(id, 0, &first), INVALID_ARGUMENT);
	FAILS(twz_rt_object_map(id, RW | TWZ_RIGHT_EXEC, &first), INVALID_ARGUMENT);
	FAILS(twz_rt_object_map(id, TWZ_RIGHT_DELETE, &first), INVALID_ARGUMENT);
	FAILS(twz_rt_object_map(TWZ_ID_NONE, RW, &first), INVALID_ARGUMENT);
	FAILS(twz_rt_object_map((struct twz_id){1, 2}, RW, &first), NO_SUCH_OBJECT);
	FAILS(twz_rt_object_map(id, RW, NULL), BAD_ADDRESS);
	FAILS(twz_rt_object_map(id, RW, KERNEL_HALF), BAD_ADDRESS);
	end_object(&narrow);
	/* what nobody may write */
	struct twz_rt_stat stat;
	GIVES(twz_rt_path_stat(HERE, PATH("/bin/init"), 0, &stat), 0);
	FAILS(twz_rt_object_map(stat.object, RW, &first), ACCESS_DENIED);
}

CONTRACT(twz_rt_object_release)
{
	struct twz_rt_object first = new_mapped(), second;
	GIVES(twz_rt_object_map(first.id, RW, &second), 0);
	uint8_t *base = first.start + TWZ_BASE_OFFSET;
	base[0] = 'x';
	GIVES(twz_rt_object_release(&second), 0);
	CHECK(!read_faults(base) && base[0] == 'x'); /* one is left */
	/* deleted, but mapped: usable until the last release */
	GIVES(twz_rt_object_cmd(first.id, TWZ_OBJECT_DELETE, 0), 0);
	CHECK(base[0] == 'x');
	GIVES(twz_rt_object_release(&first), 0);
	CHECK(read_faults(base));
	first.start = base; /* nothing that is mapped */
	CHECK(twz_rt_object_release(&first) < 0);
	FAILS(twz_rt_object_release(NULL), BAD_ADDRESS);
	FAILS(twz_rt_object_release(KERNEL_HALF), BAD_ADDRESS);
}

CONTRACT(twz_rt_object_cmd)
{
	struct twz_id id = new_object();
	struct twz_rt_object object;
	FAILS(twz_rt_object_cmd(id, TWZ_OBJECT_SYNC, 0), NOT_SUPPORTED); /* in memory only */
	FAILS(twz_rt_object_cmd(id, 99, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 1), INVALID_ARGUMENT);
	GIVES(twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0), 0);
	FAILS(twz_rt_object_map(id, RW, &object), NO_SUCH_OBJECT);
	FAILS(twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0), NO_SUCH_OBJECT);
	FAILS(twz_rt_object_cmd(id, TWZ_OBJECT_SYNC, 0), NO_SUCH_OBJECT);
	struct twz_rt_stat stat;
	GIVES(twz_rt_path_stat(HERE, PATH("/bin/init"), 0, &stat), 0);
	FAILS(twz_rt_object_cmd(stat.object, TWZ_OBJECT_DELETE, 0), ACCESS_DENIED);
}

CONTRACT(twz_rt_fot_resolve)
{
	/* What a pointer has led to stays mapped to the program's end: one object for every run. */
	static struct twz_rt_object to;
	struct twz_rt_object from = new_mapped();
	uint8_t *target = NULL;
	if (to.start == NULL)
		to = new_mapped();
	to.start[TWZ_BASE_OFFSET] = 't';
	uint64_t index = (uint64_t)GOOD(twz_rt_fot_insert(from.start, to.id, TWZ_RIGHT_READ));
	GIVES(twz_rt_fot_resolve(from.start, index, TWZ_RIGHT_READ, &target), 0);
	CHECK(target != NULL && target[TWZ_BASE_OFFSET] == 't');
	uint8_t *again = NULL;
	GIVES(twz_rt_fot_resolve(from.start, index, TWZ_RIGHT_READ, &again), 0);
	CHECK(again == target);
	FAILS(twz_rt_fot_resolve(from.start, index, RW, &target), ACCESS_DENIED);
	FAILS(twz_rt_fot_resolve(from.start, 0, TWZ_RIGHT_READ, &target), INVALID_ARGUMENT);
	FAILS(twz_rt_fot_resolve(from.start, TWZ_FOT_MAX + 1ul, TWZ_RIGHT_READ, &target),
	      INVALID_ARGUMENT);
	FAILS(twz_rt_fot_resolve(from.start, index, 0x80, &target), INVALID_ARGUMENT);
	FAILS(twz_rt_fot_resolve(from.start, index + 1, TWZ_RIGHT_READ, &target), NOT_FOUND);
	FAILS(twz_rt_fot_resolve(from.start, TWZ_FOT_MAX, TWZ_RIGHT_READ, &target), NOT_FOUND);
	FAILS(twz_rt_fot_resolve(from.start + 8, index, TWZ_RIGHT_READ, &target), BAD_ADDRESS);
	FAILS(twz_rt_fot_resolve(NULL, index, TWZ_RIGHT_READ, &target), BAD_ADDRESS);
	FAILS(twz_rt_fot_resolve(KERNEL_HALF, index, TWZ_RIGHT_READ, &target), BAD_ADDRESS);
	FAILS(twz_rt_fot_resolve(from.start, index, TWZ_RIGHT_READ, NULL), BAD_ADDRESS);
	FAILS(twz_rt_fot_resolve(from.start, index, TWZ_RIGHT_READ, KERNEL_HALF), BAD_ADDRESS);
	/* an id of nothing */
	index = (uint64_t)GOOD(
		twz_rt_fot_insert(from.start, (struct twz_id){3, 4}, TWZ_RIGHT_READ));
	FAILS(twz_rt_fot_resolve(from.start, index, TWZ_RIGHT_READ, &target), NO_SUCH_OBJECT);
	end_object(&from);
}

CONTRACT(twz_rt_fot_insert)
{
	struct twz_rt_object from = new_mapped(), to = new_mapped();
	twz_result first = GOOD(twz_rt_fot_insert(from.start, to.id, RW));
	CHECK(first >= 1);
	GIVES(twz_rt_fot_insert(from.start, to.id, RW), first); /* there already */
	CHECK(twz_rt_fot_insert(from.start, to.id, TWZ_RIGHT_READ) !=
	      first); /* with other rights */
	for (uint64_t i = 0; i < 1000; i++)
		CHECK(twz_rt_fot_insert(from.start, (struct twz_id){7, i}, RW) > first);
	FAILS(twz_rt_fot_insert(from.start, TWZ_ID_NONE, RW), INVALID_ARGUMENT);
	FAILS(twz_rt_fot_insert(from.start, to.id, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_fot_insert(from.start, to.id, TWZ_RIGHT_EXEC), INVALID_ARGUMENT);
	FAILS(twz_rt_fot_insert(from.start + 8, to.id, RW), BAD_ADDRESS);
	FAILS(twz_rt_fot_insert(NULL, to.id, RW), BAD_ADDRESS);
	FAILS(twz_rt_fot_insert(KERNEL_HALF, to.id, RW), BAD_ADDRESS);
	end_object(&to);
	end_object(&from);
}

CONTRACT(twz_rt_fd_object)
{
	struct twz_rt_stat stat;
	struct twz_id id;
	int fd = new_file("file", "abc", 3);
	GIVES(twz_rt_fd_object(fd, &id), 0);
	GIVES(twz_rt_fd_stat(fd, &stat), 0);
	CHECK(twz_id_equal(id, stat.object));
	struct twz_rt_object object;
	GIVES(twz_rt_object_map(id, TWZ_RIGHT_READ, &object), 0);
	CHECK(!memcmp(object.start + TWZ_BASE_OFFSET, "abc", 3));
	GIVES(twz_rt_object_release(&object), 0);
	FAILS(twz_rt_fd_object(fd, NULL), BAD_ADDRESS);
	FAILS(twz_rt_fd_object(fd, KERNEL_HALF), BAD_ADDRESS);
	GIVES(twz_rt_fd_close(fd), 0);
	FAILS(twz_rt_fd_object(fd, &id), BAD_HANDLE);
	remove_file("file");
	fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("/dev/null"), TWZ_OPEN_READ, 0));
	FAILS(twz_rt_fd_object(fd, &id), NOT_SUPPORTED);
	GIVES(twz_rt_fd_close(fd), 0);
	fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("/host"), TWZ_OPEN_READ, 0));
	FAILS(twz_rt_fd_object(fd, &id), NOT_SUPPORTED);
	GIVES(twz_rt_fd_close(fd), 0);
}
