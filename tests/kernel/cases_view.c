/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of the calls on views. */
#include "cases.h"

#define MAP(f)	  STRUCTURE(f, twz_map, 0)
#define CLONE(f)  STRUCTURE(f, twz_view_clone, 0)
#define TARGET(f) STRUCTURE(f, twz_upcall_target, 0)

extern char upcall_entry[];

/* The cases of a view that a call names by words from argument 0 on. */
#define VIEW_CASES(call)                                              \
	WRONG(call, "view_hi", "", "unknown", NO_SUCH_OBJECT)         \
	{                                                             \
		set_words(f, 0, UNKNOWN_ID);                          \
	}                                                             \
	WRONG(call, "view_hi", "", "deleted", NO_SUCH_OBJECT)         \
	{                                                             \
		set_words(f, 0, deleted_id());                        \
	}                                                             \
	WRONG(call, "view_hi", "", "other kind", INVALID_ARGUMENT)    \
	{                                                             \
		f->other = make_raw(0);                               \
		set_words(f, 0, f->other);                            \
	}                                                             \
	WRONG(call, "view_hi", "", "missing right", ACCESS_DENIED)    \
	{                                                             \
		f->other = make_raw(TWZ_RIGHTS_ALL & ~TWZ_RIGHT_USE); \
		set_words(f, 0, f->other);                            \
	}

static void other_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->other))
		delete_object(f->other);
}

/* ---- view_create, view_clone ---- */

static void create_prepare(struct fixture *f)
{
	POINT(f, 0);
}

static void create_check(struct fixture *f)
{
	struct twz_id id = *STRUCTURE(f, twz_id, 0);

	EQUAL(twz_sys_view_kill(id.hi, id.lo, 9), -TWZ_ERR_NO_SUCH_THREAD);
	delete_object(id);
}

CALL(view_create, .prepare = create_prepare, .check = create_check);

static void clone_prepare(struct fixture *f)
{
	f->object = raw_at(SLOT_A, RW, TWZ_INHERIT_PRIVATE);
	*CLONE(f) = (struct twz_view_clone){0};
	POINT(f, 0);
	POINT(f, 1);
}

static void clone_check(struct fixture *f)
{
	struct twz_id id = *STRUCTURE(f, twz_id, 1);
	struct twz_map entry = {0};

	EQUAL(twz_sys_view_entry(id.hi, id.lo, SLOT_A, &entry), 0);
	EQUAL(entry.slot, SLOT_A);
	/* the source's id is what the copy is called in the clone */
	CHECK(twz_id_equal(entry.object, f->object));
	delete_object(id);
}

static void clone_clean(struct fixture *f)
{
	drop(f->object, SLOT_A);
}

CALL(view_clone, .prepare = clone_prepare, .check = clone_check, .clean = clone_clean);

WRONG(view_clone, "args", "entry", "kernel", INVALID_ARGUMENT)
{
	CLONE(f)->entry = 0xffffffff80200000;
}
WRONG(view_clone, "args", "entry", "not canonical", INVALID_ARGUMENT)
{
	CLONE(f)->entry = 0x800000000000;
}
WRONG(view_clone, "args", "stack", "kernel", INVALID_ARGUMENT)
{
	CLONE(f)->entry = PAGE;
	CLONE(f)->stack = 0xffff880000000000;
}
RIGHT(view_clone, "args", "argument", "any value")
{
	CLONE(f)->argument = ~0ull;
}
WRONG(view_clone, "args", "flags", "unknown bits", INVALID_ARGUMENT)
{
	CLONE(f)->flags = 1;
}

/* ---- view_map, view_unmap, view_entry ---- */

static void map_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	*MAP(f) = (struct twz_map){.object = f->object, .slot = SLOT_A, .rights = RW};
	POINT(f, 0);
}

static void map_check(struct fixture *f)
{
	uint64_t slot = (uint64_t)f->result;

	if (MAP(f)->slot != TWZ_SLOT_ANY)
		EQUAL(slot, MAP(f)->slot);
	EQUAL(try_read(SLOT(slot) + PAGE), MAP(f)->rights ? 0 : TWZ_FAULT_PROTECTION);
	EQUAL(twz_sys_view_unmap(MAP(f)->view.hi, MAP(f)->view.lo, slot), 0);
}

static void map_clean(struct fixture *f)
{
	twz_sys_view_unmap(0, 0, SLOT_A);
	delete_object(f->object);
	other_clean(f);
}

CALL(view_map, .prepare = map_prepare, .check = map_check, .clean = map_clean);

WRONG(view_map, "map", "view", "unknown", NO_SUCH_OBJECT)
{
	MAP(f)->view = UNKNOWN_ID;
}
WRONG(view_map, "map", "view", "deleted", NO_SUCH_OBJECT)
{
	MAP(f)->view = deleted_id();
}
WRONG(view_map, "map", "view", "other kind", INVALID_ARGUMENT)
{
	MAP(f)->view = f->object;
}
WRONG(view_map, "map", "view", "missing right", ACCESS_DENIED)
{
	MAP(f)->view = f->other = make_raw(TWZ_RIGHTS_ALL & ~TWZ_RIGHT_USE);
}
WRONG(view_map, "map", "view", "ended", NO_SUCH_THREAD)
{
	MAP(f)->view = f->other = ended_view();
}
WRONG(view_map, "map", "object", "unknown", NO_SUCH_OBJECT)
{
	MAP(f)->object = UNKNOWN_ID;
}
WRONG(view_map, "map", "object", "none", NO_SUCH_OBJECT)
{
	MAP(f)->object = OWN;
}
WRONG(view_map, "map", "object", "deleted", NO_SUCH_OBJECT)
{
	MAP(f)->object = deleted_id();
}
WRONG(view_map, "map", "object", "without the right to write", ACCESS_DENIED)
{
	MAP(f)->object = f->other = make_raw(TWZ_RIGHTS_ALL & ~TWZ_RIGHT_WRITE);
}
WRONG(view_map, "map", "slot", "out of range", INVALID_ARGUMENT)
{
	MAP(f)->slot = TWZ_SLOT_COUNT;
}
WRONG(view_map, "map", "slot", "huge", INVALID_ARGUMENT)
{
	MAP(f)->slot = TWZ_SLOT_ANY - 1;
}
WRONG(view_map, "map", "slot", "occupied", BUSY)
{
	map_at(f->object, SLOT_A, RW, TWZ_INHERIT_PRIVATE);
}
RIGHT(view_map, "map", "slot", "any")
{
	MAP(f)->slot = TWZ_SLOT_ANY;
}
RIGHT(view_map, "map", "slot", "last")
{
	MAP(f)->slot = TWZ_SLOT_COUNT - 1;
}
WRONG(view_map, "map", "rights", "unknown bits", INVALID_ARGUMENT)
{
	MAP(f)->rights |= TWZ_RIGHT_DELETE;
}
WRONG(view_map, "map", "rights", "writable and executable, shared", INVALID_ARGUMENT)
{
	MAP(f)->rights = RW | TWZ_RIGHT_EXEC;
	MAP(f)->inherit = TWZ_INHERIT_SHARED;
}
WRONG(view_map, "map", "rights", "writable and executable, ordinary", INVALID_ARGUMENT)
{
	MAP(f)->object = f->other = make_ordinary();
	MAP(f)->rights = RW | TWZ_RIGHT_EXEC;
}
WRONG(view_map, "map", "inherit", "unknown", INVALID_ARGUMENT)
{
	MAP(f)->inherit = TWZ_INHERIT_NONE + 1;
}
WRONG(view_map, "map", "flags", "unknown bits", INVALID_ARGUMENT)
{
	MAP(f)->flags = 2;
}
RIGHT(view_map, "map", "flags", "replace")
{
	map_at(f->object, SLOT_A, RW, TWZ_INHERIT_PRIVATE);
	MAP(f)->flags = TWZ_MAP_REPLACE;
}
WRONG(view_map, "map", "reserved", "not zero", INVALID_ARGUMENT)
{
	MAP(f)->reserved = 1;
}

static void unmap_prepare(struct fixture *f)
{
	f->object = raw_at(SLOT_A, RW, TWZ_INHERIT_PRIVATE);
	f->a[2] = SLOT_A;
}

static void unmap_check(struct fixture *f)
{
	(void)f;
	EQUAL(try_read(SLOT(SLOT_A)), TWZ_FAULT_PAGE);
}

CALL(view_unmap, .prepare = unmap_prepare, .check = unmap_check, .clean = map_clean);

VIEW_CASES(view_unmap)
WRONG(view_unmap, "slot", "", "free", NOT_FOUND)
{
	f->a[2] = SLOT_FREE;
}
WRONG(view_unmap, "slot", "", "out of range", NOT_FOUND)
{
	f->a[2] = TWZ_SLOT_COUNT;
}
WRONG(view_unmap, "slot", "", "huge", NOT_FOUND)
{
	f->a[2] = ~0ull;
}

static void entry_prepare(struct fixture *f)
{
	unmap_prepare(f);
	POINT(f, 3);
}

static void entry_check(struct fixture *f)
{
	const struct twz_map *map = STRUCTURE(f, twz_map, 3);

	EQUAL(map->slot, SLOT_A);
	EQUAL(map->rights, RW);
	CHECK(twz_id_equal(map->object, f->object));
}

CALL(view_entry, .prepare = entry_prepare, .check = entry_check, .clean = map_clean);

VIEW_CASES(view_entry)
RIGHT(view_entry, "slot", "", "free: the next")
{
	f->a[2] = SLOT_A - 1;
}
WRONG(view_entry, "slot", "", "out of range", NOT_FOUND)
{
	f->a[2] = TWZ_SLOT_COUNT;
}
WRONG(view_entry, "slot", "", "huge", NOT_FOUND)
{
	f->a[2] = ~0ull;
}

/* ---- ends ---- */

static long exit_code;

static void exit_with_code(void)
{
	twz_sys_view_exit(exit_code);
}

static void exit_run(void)
{
	static const long codes[] = {0, 1, 255, -1, 0x7fffffff, 1l << 40 | 5};

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct twz_view_control *control;
		struct twz_id id;
		uint64_t slot;

		exit_code = codes[i];
		control = run_clone(exit_with_code, &id, &slot);
		EQUAL(control->state, TWZ_VIEW_EXITED);
		EQUAL(control->code, (int32_t)codes[i]);
		EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
		delete_object(id);
	}
}

CALL(view_exit, .run = exit_run);
SHOWN(view_exit, "code", "", "any value");

static void kill_prepare(struct fixture *f)
{
	f->view = looping_view();
	set_words(f, 0, f->view);
	f->a[2] = 15;
}

static void kill_check(struct fixture *f)
{
	const volatile struct twz_view_control *control = (void *)SLOT(SLOT_B);

	map_at(f->view, SLOT_B, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(control->state, TWZ_VIEW_KILLED);
	EQUAL(control->code, f->a[2]);
	EQUAL(twz_sys_view_unmap(0, 0, SLOT_B), 0);
}

static void kill_clean(struct fixture *f)
{
	end_view(f->view);
	other_clean(f);
}

CALL(view_kill, .prepare = kill_prepare, .check = kill_check, .clean = kill_clean);

VIEW_CASES(view_kill)
WRONG(view_kill, "view_hi", "", "ended", NO_SUCH_THREAD)
{
	f->other = ended_view();
	set_words(f, 0, f->other);
}
WRONG(view_kill, "signal", "", "0", INVALID_ARGUMENT)
{
	f->a[2] = 0;
}
WRONG(view_kill, "signal", "", "negative", INVALID_ARGUMENT)
{
	f->a[2] = ~0ull;
}
WRONG(view_kill, "signal", "", "too large", INVALID_ARGUMENT)
{
	f->a[2] = 65;
}
RIGHT(view_kill, "signal", "", "last")
{
	f->a[2] = 64;
}

/* ---- view_set_upcall ---- */

static void upcall_prepare(struct fixture *f)
{
	*TARGET(f) = (struct twz_upcall_target){.entry = (uint64_t)upcall_entry};
	POINT(f, 0);
}

static void upcall_check(struct fixture *f)
{
	if (f->a[0])
		EQUAL(try_read(SLOT(SLOT_FREE)), TWZ_FAULT_PAGE);
	faults_init();
}

CALL(view_set_upcall, .prepare = upcall_prepare, .check = upcall_check, .null_is_right = 1);

WRONG(view_set_upcall, "target", "entry", "0", INVALID_ARGUMENT)
{
	TARGET(f)->entry = 0;
}
WRONG(view_set_upcall, "target", "entry", "kernel", INVALID_ARGUMENT)
{
	TARGET(f)->entry = 0xffffffff80200000;
}
WRONG(view_set_upcall, "target", "flags", "unknown bits", INVALID_ARGUMENT)
{
	TARGET(f)->flags = 1;
}

/* ---- families: f->object is one, f->view has no thread ---- */

static void family_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	EQUAL(twz_sys_view_create(&f->view), 0);
	set_words(f, 0, f->view);
	set_words(f, 2, f->object);
}

static void family_check(struct fixture *f)
{
	EQUAL(twz_sys_family_end(f->object.hi, f->object.lo), 1);
	/* its id went with it */
	EQUAL(twz_sys_object_delete(f->view.hi, f->view.lo), -TWZ_ERR_NO_SUCH_OBJECT);
	f->view = OWN;
}

static void family_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->view))
		delete_object(f->view);
	delete_object(f->object);
	other_clean(f);
}

CALL(view_family, .prepare = family_prepare, .check = family_check, .clean = family_clean);

VIEW_CASES(view_family)
WRONG(view_family, "view_hi", "", "in a family already", BUSY)
{
	delete_object(f->view);
	EQUAL(twz_sys_view_create(&f->view), 0);
	set_words(f, 0, f->view);
	f->other = make_raw(0);
	EQUAL(twz_sys_view_family(f->view.hi, f->view.lo, f->other.hi, f->other.lo), 0);
}
WRONG(view_family, "view_hi", "", "has a thread", BUSY)
{
	set_words(f, 0, OWN);
}
WRONG(view_family, "family_hi", "", "unknown", NO_SUCH_OBJECT)
{
	set_words(f, 2, UNKNOWN_ID);
}
WRONG(view_family, "family_hi", "", "none", NO_SUCH_OBJECT)
{
	set_words(f, 2, OWN);
}
WRONG(view_family, "family_hi", "", "deleted", NO_SUCH_OBJECT)
{
	set_words(f, 2, deleted_id());
}
WRONG(view_family, "family_hi", "", "other kind", INVALID_ARGUMENT)
{
	set_words(f, 2, f->view);
}
WRONG(view_family, "family_hi", "", "without the right to delete", ACCESS_DENIED)
{
	set_words(f, 2, image_object());
}

/* The family is what the call names first. */
static void family_end_prepare(struct fixture *f)
{
	family_prepare(f);
	EQUAL(twz_sys_view_family(f->view.hi, f->view.lo, f->object.hi, f->object.lo), 0);
	set_words(f, 0, f->object);
	set_words(f, 2, OWN);
}

static void family_end_check(struct fixture *f)
{
	EQUAL(f->result, 1);
	EQUAL(twz_sys_object_delete(f->view.hi, f->view.lo), -TWZ_ERR_NO_SUCH_OBJECT);
	f->view = OWN;
}

CALL(family_end, .prepare = family_end_prepare, .check = family_end_check, .clean = family_clean);

WRONG(family_end, "family_hi", "", "unknown", NO_SUCH_OBJECT)
{
	set_words(f, 0, UNKNOWN_ID);
}
WRONG(family_end, "family_hi", "", "none", NO_SUCH_OBJECT)
{
	set_words(f, 0, OWN);
}
WRONG(family_end, "family_hi", "", "deleted", NO_SUCH_OBJECT)
{
	set_words(f, 0, deleted_id());
}
WRONG(family_end, "family_hi", "", "other kind", INVALID_ARGUMENT)
{
	set_words(f, 0, f->view);
}
WRONG(family_end, "family_hi", "", "missing right", ACCESS_DENIED)
{
	set_words(f, 0, image_object());
}
