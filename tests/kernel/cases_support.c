/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cases of several calls share: objects, views and threads of each kind. */
#include <twz/directory.h>
#include "cases.h"

extern char snippet_exit[], snippet_fault[], snippet_loop[], snippet_end[];

struct twz_id make_raw(uint32_t protections)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .protections = protections};
	struct twz_id id = OWN;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	return id;
}

struct twz_id make_ordinary(void)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_DATA};
	struct twz_id id = OWN;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	return id;
}

void delete_object(struct twz_id id)
{
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);
}

struct twz_id deleted_id(void)
{
	struct twz_id id = make_raw(0);

	delete_object(id);
	return id;
}

struct twz_id own_view(void)
{
	struct twz_id id = OWN;

	EQUAL(twz_sys_thread_control(TWZ_THREAD_VIEW, (uint64_t)&id), 0);
	return id;
}

void set_words(struct fixture *f, unsigned first, struct twz_id id)
{
	f->a[first] = id.hi;
	f->a[first + 1] = id.lo;
}

uint64_t looping_thread;

static struct twz_id view_that(const char *snippet, uint64_t stack)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_map map = {.slot = 3, .rights = TWZ_RIGHT_READ | TWZ_RIGHT_EXEC};
	struct twz_thread_spec thread = {0};
	struct twz_id view = OWN, text;

	EQUAL(twz_sys_view_create(&view), 0);
	spec.tie = view;
	EQUAL(twz_sys_object_create(&spec, &text), 0);
	map_at(text, 700, RW, TWZ_INHERIT_NONE);
	memcpy(SLOT(700), snippet_exit, (unsigned long)(snippet_end - snippet_exit));
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	EQUAL(twz_sys_object_protect(text.hi, text.lo, 0, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC),
	      0);
	map.view = view;
	map.object = text;
	EQUAL(twz_sys_view_map(&map), 3);
	thread.view = view;
	thread.stack = stack;
	thread.entry = (uint64_t)SLOT(3) + (uint64_t)(snippet - snippet_exit);
	looping_thread = (uint64_t)twz_sys_thread_spawn(&thread, 0);
	CHECK((long)looping_thread > 0);
	return view;
}

void wait_for_end(struct twz_id view)
{
	const volatile struct twz_view_control *control = (void *)SLOT(701);

	map_at(view, 701, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
}

struct twz_id looping_view(void)
{
	return view_that(snippet_loop, 0);
}

struct twz_id ended_view(void)
{
	struct twz_id view = view_that(snippet_exit, 0);

	wait_for_end(view);
	return view;
}

struct twz_id faulted_view(uint64_t stack)
{
	struct twz_id view = view_that(snippet_fault, stack);

	wait_for_end(view);
	return view;
}

void end_view(struct twz_id view)
{
	twz_sys_view_kill(view.hi, view.lo, 9); /* or it has ended */
	wait_for_end(view);
	EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
}

static volatile uint32_t sleeper_stop;

static void sleep_until_told(void *unused)
{
	(void)unused;
	wait_word(&sleeper_stop, 0);
}

void sleeper_start(struct worker *worker)
{
	sleeper_stop = 0;
	worker_start(worker, sleep_until_told, 0);
}

void sleeper_end(struct worker *worker)
{
	sleeper_stop = 1;
	wake_word(&sleeper_stop, 1);
	worker_join(worker);
}

bool has_store(void)
{
	struct twz_system_info info = {0};

	EQUAL(twz_sys_system_info(&info), 0);
	return !twz_id_is_none(info.store_names);
}

struct twz_id image_object(void)
{
	struct twz_system_info info;

	EQUAL(twz_sys_system_info(&info), 0);
	return info.names;
}

struct twz_id image_file(const char *name)
{
	struct twz_directory_entry entry = {.id = OWN};
	struct twz_system_info info;
	uint64_t length = 0;

	while (name[length])
		length++;
	EQUAL(twz_sys_system_info(&info), 0);
	map_at(info.names, 702, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
	EQUAL(twz_directory_lookup((const uint8_t *)SLOT(702), TWZ_DIRECTORY_LIMIT, name, length,
				   &entry),
	      0);
	EQUAL(twz_sys_view_unmap(0, 0, 702), 0);
	return entry.id;
}
