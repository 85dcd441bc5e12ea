/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of the calls on objects. */
#include "cases.h"

#define SPEC(f)	 STRUCTURE(f, twz_object_spec, 0)
#define RANGE(f) STRUCTURE(f, twz_copy_range, 0)

/* ---- object_create ---- */

static struct twz_object_source *sources(struct fixture *f)
{
	return (struct twz_object_source *)f->buffer[2];
}

static void create_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	f->other = make_ordinary();
	*sources(f) = (struct twz_object_source){f->object, 0, PAGE, 2 * PAGE};
	*SPEC(f) = (struct twz_object_spec){
		.flags = TWZ_OBJECT_RAW, .sources = sources(f), .source_count = 1};
	POINT(f, 0);
	POINT(f, 1);
}

static void create_check(struct fixture *f)
{
	struct twz_id id = *STRUCTURE(f, twz_id, 1);
	struct twz_object_stat stat = {0};

	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	EQUAL(stat.flags, SPEC(f)->flags);
	delete_object(id);
}

static void two_clean(struct fixture *f)
{
	delete_object(f->object);
	delete_object(f->other);
}

CALL(object_create, .prepare = create_prepare, .check = create_check, .clean = two_clean);

WRONG(object_create, "spec", "flags", "unknown bits", INVALID_ARGUMENT)
{
	SPEC(f)->flags |= 0x80000000;
}
RIGHT(object_create, "spec", "kind", "any value")
{
	SPEC(f)->flags = 0;
	SPEC(f)->source_count = 0;
	SPEC(f)->kind = ~0u;
}
WRONG(object_create, "spec", "protections", "unknown bits", INVALID_ARGUMENT)
{
	SPEC(f)->protections = 0x20;
}
WRONG(object_create, "spec", "reserved", "not zero", INVALID_ARGUMENT)
{
	SPEC(f)->reserved = 1;
}
RIGHT(object_create, "spec", "owner", "any value")
{
	SPEC(f)->owner = UNKNOWN_ID;
}
WRONG(object_create, "spec", "tie", "unknown", NO_SUCH_OBJECT)
{
	SPEC(f)->tie = UNKNOWN_ID;
}
WRONG(object_create, "spec", "tie", "deleted", NO_SUCH_OBJECT)
{
	SPEC(f)->tie = deleted_id();
}
WRONG(object_create, "spec", "tie", "without the right to delete", ACCESS_DENIED)
{
	SPEC(f)->tie = image_object();
}
WRONG(object_create, "spec", "sources", "unmapped", BAD_ADDRESS)
{
	SPEC(f)->sources = (void *)SLOT(SLOT_FREE);
}
WRONG(object_create, "spec", "sources", "kernel", BAD_ADDRESS)
{
	SPEC(f)->sources = (void *)0xffff880000000000;
}
WRONG(object_create, "spec", "source_count", "huge", BAD_ADDRESS)
{
	/* good ones up to the end of the memory */
	SPEC(f)->source_count = ~0ull;
	SPEC(f)->sources = (void *)(USER_LAST - sizeof(struct twz_object_source));
}
RIGHT(object_create, "spec", "source_count", "0")
{
	SPEC(f)->source_count = 0;
	SPEC(f)->sources = NULL;
}
WRONG(object_create, "spec", "sources", "id unknown", NO_SUCH_OBJECT)
{
	sources(f)->id = UNKNOWN_ID;
}
WRONG(object_create, "spec", "sources", "without the right to read", ACCESS_DENIED)
{
	delete_object(f->object);
	f->object = make_raw(TWZ_RIGHT_WRITE | TWZ_RIGHT_DELETE);
	sources(f)->id = f->object;
}
WRONG(object_create, "spec", "sources", "src misaligned", INVALID_ARGUMENT)
{
	sources(f)->src = 8;
}
WRONG(object_create, "spec", "sources", "src overflow", INVALID_ARGUMENT)
{
	sources(f)->src = ~0ull << 12;
}
WRONG(object_create, "spec", "sources", "dst misaligned", INVALID_ARGUMENT)
{
	sources(f)->dst = 1;
}
WRONG(object_create, "spec", "sources", "dst past the end", INVALID_ARGUMENT)
{
	sources(f)->dst = TWZ_SLOT_SIZE - PAGE;
}
WRONG(object_create, "spec", "sources", "len misaligned", INVALID_ARGUMENT)
{
	sources(f)->len = PAGE + 1;
}
WRONG(object_create, "spec", "sources", "len huge", INVALID_ARGUMENT)
{
	sources(f)->len = TWZ_SLOT_SIZE + PAGE;
}

/* ---- calls that name one object ---- */

static void object_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	map_at(f->object, SLOT_A, RW, TWZ_INHERIT_PRIVATE);
	SLOT(SLOT_A)[PAGE] = 7;
	set_words(f, 0, f->object);
	f->a[2] = PAGE;
	f->a[3] = PAGE;
}

static void object_clean(struct fixture *f)
{
	twz_sys_view_unmap(0, 0, SLOT_A);
	delete_object(f->object);
}

/* An object without some right takes the place of the usual one. */
static void without(struct fixture *f, uint32_t right)
{
	delete_object(f->object);
	EQUAL(twz_sys_view_unmap(0, 0, SLOT_A), 0);
	f->object = make_raw(TWZ_RIGHTS_ALL & ~right);
	set_words(f, 0, f->object);
}

static void delete_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	f->other = f->object;
	set_words(f, 0, f->object);
}

static void delete_check(struct fixture *f)
{
	EQUAL(twz_sys_object_stat(f->a[0], f->a[1], (void *)f->buffer[2]), -TWZ_ERR_NO_SUCH_OBJECT);
	f->object = OWN;
}

static void delete_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->object))
		delete_object(f->object);
}

CALL(object_delete, .prepare = delete_prepare, .check = delete_check, .clean = delete_clean);

WRONG(object_delete, "id_hi", "", "unknown", NO_SUCH_OBJECT)
{
	set_words(f, 0, UNKNOWN_ID);
}
WRONG(object_delete, "id_hi", "", "none", NO_SUCH_OBJECT)
{
	set_words(f, 0, OWN);
}
WRONG(object_delete, "id_hi", "", "deleted", NO_SUCH_OBJECT)
{
	set_words(f, 0, deleted_id());
}
WRONG(object_delete, "id_hi", "", "missing right", ACCESS_DENIED)
{
	set_words(f, 0, image_object());
}

static struct worker worker;

WRONG(object_delete, "id_hi", "", "other kind", ACCESS_DENIED)
{
	sleeper_start(&worker);
	set_words(f, 0, worker.id);
	sleeper_end(&worker);
	/* a thread's goes with the thread: it may be gone already */
	if (twz_sys_object_stat(f->a[0], f->a[1], (void *)f->buffer[2]) < 0)
		set_words(f, 0, image_object());
}

/* ---- object_tie ---- */

static void tie_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	f->other = make_raw(0);
	set_words(f, 0, f->object);
	set_words(f, 2, f->other);
}

/* It goes with its owner, and with what it was tied to before no more. */
static void tie_check(struct fixture *f)
{
	struct twz_id owner = {f->a[2], f->a[3]};
	struct twz_object_stat stat;

	if (!twz_id_equal(owner, f->other))
		return;
	delete_object(f->other);
	EQUAL(twz_sys_object_stat(f->a[0], f->a[1], &stat), -TWZ_ERR_NO_SUCH_OBJECT);
	f->object = f->other = OWN;
}

static void tie_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->other))
		delete_object(f->other);
	if (!twz_id_is_none(f->object))
		delete_object(f->object);
}

CALL(object_tie, .prepare = tie_prepare, .check = tie_check, .clean = tie_clean);

WRONG(object_tie, "id_hi", "", "unknown", NO_SUCH_OBJECT)
{
	set_words(f, 0, UNKNOWN_ID);
}
WRONG(object_tie, "id_hi", "", "deleted", NO_SUCH_OBJECT)
{
	set_words(f, 0, deleted_id());
}
WRONG(object_tie, "id_hi", "", "missing right", ACCESS_DENIED)
{
	set_words(f, 0, image_object());
}
WRONG(object_tie, "id_hi", "", "other kind", ACCESS_DENIED)
{
	set_words(f, 0, own_view());
}
WRONG(object_tie, "owner_hi", "", "unknown", NO_SUCH_OBJECT)
{
	set_words(f, 2, UNKNOWN_ID);
}
WRONG(object_tie, "owner_hi", "", "deleted", NO_SUCH_OBJECT)
{
	set_words(f, 2, deleted_id());
}
WRONG(object_tie, "owner_hi", "", "missing right", ACCESS_DENIED)
{
	set_words(f, 2, image_object());
}
WRONG(object_tie, "owner_hi", "", "itself", INVALID_ARGUMENT)
{
	set_words(f, 2, f->object);
}
WRONG(object_tie, "owner_hi", "", "what goes with it", INVALID_ARGUMENT)
{
	EQUAL(twz_sys_object_tie(f->other.hi, f->other.lo, f->object.hi, f->object.lo), 0);
}
RIGHT(object_tie, "owner_hi", "", "none")
{
	set_words(f, 2, OWN);
}
RIGHT(object_tie, "owner_hi", "", "other kind")
{
	set_words(f, 2, own_view());
}
static void stat_prepare(struct fixture *f)
{
	object_prepare(f);
	f->a[3] = 0;
	POINT(f, 2);
}

static void stat_check(struct fixture *f)
{
	const struct twz_object_stat *stat = STRUCTURE(f, twz_object_stat, 2);

	if (!twz_id_equal(stat->id, f->object))
		return;
	EQUAL(stat->rights, TWZ_RIGHTS_ALL);
	EQUAL(stat->flags, TWZ_OBJECT_RAW);
	EQUAL(stat->pages, 1);
	EQUAL(stat->maps, 1);
}

CALL(object_stat, .prepare = stat_prepare, .check = stat_check, .clean = object_clean);

WRONG(object_stat, "id_hi", "", "unknown", NO_SUCH_OBJECT)
{
	set_words(f, 0, UNKNOWN_ID);
}
WRONG(object_stat, "id_hi", "", "deleted", NO_SUCH_OBJECT)
{
	set_words(f, 0, deleted_id());
}
RIGHT(object_stat, "id_hi", "", "other kind")
{
	set_words(f, 0, own_view());
}

static void discard_check(struct fixture *f)
{
	struct twz_object_stat stat = {0};

	EQUAL(twz_sys_object_stat(f->object.hi, f->object.lo, &stat), 0);
	EQUAL(stat.pages, f->a[3] ? 0 : 1);
}

CALL(object_discard, .prepare = object_prepare, .check = discard_check, .clean = object_clean);

/* object_discard, object_protect and object_sync take ids alike. */
#define ID_CASES(call, right)                                    \
	WRONG(call, "id_hi", "", "unknown", NO_SUCH_OBJECT)      \
	{                                                        \
		set_words(f, 0, UNKNOWN_ID);                     \
	}                                                        \
	WRONG(call, "id_hi", "", "deleted", NO_SUCH_OBJECT)      \
	{                                                        \
		set_words(f, 0, deleted_id());                   \
	}                                                        \
	WRONG(call, "id_hi", "", "missing right", ACCESS_DENIED) \
	{                                                        \
		without(f, right);                               \
	}

/* ... and ranges of whole pages. */
#define RANGE_CASES(call)                                           \
	WRONG(call, "offset", "", "misaligned", INVALID_ARGUMENT)   \
	{                                                           \
		f->a[2] = PAGE + 1;                                 \
	}                                                           \
	WRONG(call, "offset", "", "past the end", INVALID_ARGUMENT) \
	{                                                           \
		f->a[2] = TWZ_SLOT_SIZE;                            \
	}                                                           \
	WRONG(call, "offset", "", "overflow", INVALID_ARGUMENT)     \
	{                                                           \
		f->a[2] = ~0ull << 12;                              \
	}                                                           \
	WRONG(call, "length", "", "misaligned", INVALID_ARGUMENT)   \
	{                                                           \
		f->a[3] = 1;                                        \
	}                                                           \
	WRONG(call, "length", "", "past the end", INVALID_ARGUMENT) \
	{                                                           \
		f->a[3] = TWZ_SLOT_SIZE;                            \
	}                                                           \
	WRONG(call, "length", "", "overflow", INVALID_ARGUMENT)     \
	{                                                           \
		f->a[3] = ~0ull << 12;                              \
	}                                                           \
	RIGHT(call, "length", "", "0")                              \
	{                                                           \
		f->a[3] = 0;                                        \
	}

ID_CASES(object_discard, TWZ_RIGHT_WRITE)
RANGE_CASES(object_discard)
WRONG(object_discard, "id_hi", "", "other kind", ACCESS_DENIED)
{
	set_words(f, 0, own_view());
}

static void protect_prepare(struct fixture *f)
{
	object_prepare(f);
	f->a[4] = TWZ_RIGHT_READ;
}

static void protect_check(struct fixture *f)
{
	if (f->a[3])
		EQUAL(try_write(SLOT(SLOT_A) + PAGE), TWZ_FAULT_PROTECTION);
	EQUAL(try_write(SLOT(SLOT_A) + 2 * PAGE), 0);
}

CALL(object_protect, .prepare = protect_prepare, .check = protect_check, .clean = object_clean);

ID_CASES(object_protect, TWZ_RIGHT_WRITE)
RANGE_CASES(object_protect)
WRONG(object_protect, "id_hi", "", "other kind", NOT_SUPPORTED)
{
	delete_object(f->object);
	EQUAL(twz_sys_view_unmap(0, 0, SLOT_A), 0);
	f->object = make_ordinary();
	set_words(f, 0, f->object);
}
WRONG(object_protect, "rights", "", "unknown bits", INVALID_ARGUMENT)
{
	f->a[4] = 0x10;
}
WRONG(object_protect, "rights", "", "writable and executable", INVALID_ARGUMENT)
{
	f->a[4] = TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC;
}
RIGHT(object_protect, "rights", "", "none")
{
	f->a[4] = 0;
}

/* ---- object_sync: only what is in a store has something to make durable ---- */

static void sync_prepare(struct fixture *f)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_PERSISTENT};

	if (has_store()) {
		EQUAL(twz_sys_object_create(&spec, &f->object), 0);
		map_at(f->object, SLOT_A, RW, TWZ_INHERIT_SHARED);
		SLOT(SLOT_A)[PAGE] = 7;
	} else {
		object_prepare(f);
	}
	set_words(f, 0, f->object);
	f->a[2] = PAGE;
	f->a[3] = PAGE;
}

static void sync_run(void)
{
	struct fixture f = {0};

	sync_prepare(&f);
	EQUAL(twz_sys_object_sync(f.a[0], f.a[1], f.a[2], f.a[3]),
	      has_store() ? 0 : -TWZ_ERR_NOT_SUPPORTED);
	EQUAL(twz_sys_object_sync(f.a[0], f.a[1], 0, TWZ_SLOT_SIZE),
	      has_store() ? 0 : -TWZ_ERR_NOT_SUPPORTED);
	object_clean(&f);
}

CALL(object_sync, .prepare = sync_prepare, .clean = object_clean, .run = sync_run);

ID_CASES(object_sync, TWZ_RIGHT_READ)
WRONG(object_sync, "id_hi", "", "other kind", NOT_SUPPORTED)
{
	set_words(f, 0, own_view());
}
WRONG(object_sync, "offset", "", "past the end", INVALID_ARGUMENT)
{
	f->a[2] = TWZ_SLOT_SIZE;
}
WRONG(object_sync, "offset", "", "overflow", INVALID_ARGUMENT)
{
	f->a[2] = ~0ull << 12;
}
WRONG(object_sync, "length", "", "overflow", INVALID_ARGUMENT)
{
	f->a[3] = ~0ull;
}

/* ---- ranges of two objects ---- */

static void copy_prepare(struct fixture *f)
{
	f->object = make_raw(0);
	f->other = make_raw(0);
	map_at(f->object, SLOT_A, RW, TWZ_INHERIT_PRIVATE);
	map_at(f->other, SLOT_B, RW, TWZ_INHERIT_PRIVATE);
	SLOT(SLOT_A)[0] = 3;
	SLOT(SLOT_B)[PAGE] = 9;
	*RANGE(f) = (struct twz_copy_range){f->object, 0, f->other, PAGE, 2 * PAGE};
	POINT(f, 0);
}

static void copy_check(struct fixture *f)
{
	EQUAL(SLOT(SLOT_A)[0], RANGE(f)->length ? 9 : 3);
	EQUAL(SLOT(SLOT_B)[PAGE], 9);
}

static void move_check(struct fixture *f)
{
	EQUAL(SLOT(SLOT_A)[0], RANGE(f)->length ? 9 : 3);
	EQUAL(SLOT(SLOT_B)[PAGE], RANGE(f)->length ? 0 : 9);
}

static void copy_clean(struct fixture *f)
{
	EQUAL(twz_sys_view_unmap(0, 0, SLOT_A), 0);
	EQUAL(twz_sys_view_unmap(0, 0, SLOT_B), 0);
	two_clean(f);
}

static void replace(struct twz_id *id, uint64_t slot, struct twz_id by)
{
	delete_object(*id);
	EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
	*id = by;
	map_at(by, slot, TWZ_RIGHT_READ, TWZ_INHERIT_PRIVATE);
}

CALL(object_copy_range, .prepare = copy_prepare, .check = copy_check, .clean = copy_clean);
CALL(object_move_range, .prepare = copy_prepare, .check = move_check, .clean = copy_clean);

#define TWO_CASES(call)                                                                   \
	WRONG(call, "range", "destination", "unknown", NO_SUCH_OBJECT)                    \
	{                                                                                 \
		RANGE(f)->destination = UNKNOWN_ID;                                       \
	}                                                                                 \
	WRONG(call, "range", "destination", "deleted", NO_SUCH_OBJECT)                    \
	{                                                                                 \
		RANGE(f)->destination = deleted_id();                                     \
	}                                                                                 \
	WRONG(call, "range", "destination", "other kind", ACCESS_DENIED)                  \
	{                                                                                 \
		RANGE(f)->destination = own_view();                                       \
	}                                                                                 \
	WRONG(call, "range", "destination", "missing right", ACCESS_DENIED)               \
	{                                                                                 \
		replace(&f->object, SLOT_A, make_raw(TWZ_RIGHTS_ALL & ~TWZ_RIGHT_WRITE)); \
		RANGE(f)->destination = f->object;                                        \
	}                                                                                 \
	WRONG(call, "range", "destination_offset", "past the end", INVALID_ARGUMENT)      \
	{                                                                                 \
		RANGE(f)->destination_offset = TWZ_SLOT_SIZE - PAGE;                      \
	}                                                                                 \
	WRONG(call, "range", "destination_offset", "overflow", INVALID_ARGUMENT)          \
	{                                                                                 \
		RANGE(f)->destination_offset = ~0ull << 12;                               \
	}                                                                                 \
	WRONG(call, "range", "source", "unknown", NO_SUCH_OBJECT)                         \
	{                                                                                 \
		RANGE(f)->source = UNKNOWN_ID;                                            \
	}                                                                                 \
	WRONG(call, "range", "source", "deleted", NO_SUCH_OBJECT)                         \
	{                                                                                 \
		RANGE(f)->source = deleted_id();                                          \
	}                                                                                 \
	WRONG(call, "range", "source_offset", "past the end", INVALID_ARGUMENT)           \
	{                                                                                 \
		RANGE(f)->source_offset = TWZ_SLOT_SIZE;                                  \
	}                                                                                 \
	WRONG(call, "range", "source_offset", "overflow", INVALID_ARGUMENT)               \
	{                                                                                 \
		RANGE(f)->source_offset = ~0ull << 12;                                    \
	}                                                                                 \
	WRONG(call, "range", "length", "huge", INVALID_ARGUMENT)                          \
	{                                                                                 \
		RANGE(f)->length = TWZ_SLOT_SIZE + PAGE;                                  \
	}                                                                                 \
	WRONG(call, "range", "length", "overflow", INVALID_ARGUMENT)                      \
	{                                                                                 \
		RANGE(f)->length = ~0ull << 12;                                           \
	}                                                                                 \
	RIGHT(call, "range", "length", "0")                                               \
	{                                                                                 \
		RANGE(f)->length = 0;                                                     \
	}                                                                                 \
	WRONG(call, "range", "source", "overlaps", INVALID_ARGUMENT)                      \
	{                                                                                 \
		RANGE(f)->source = f->object;                                             \
		RANGE(f)->source_offset = PAGE;                                           \
	}

TWO_CASES(object_copy_range)
WRONG(object_copy_range, "range", "source", "without the right to read", ACCESS_DENIED)
{
	delete_object(f->other);
	EQUAL(twz_sys_view_unmap(0, 0, SLOT_B), 0);
	f->other = make_raw(TWZ_RIGHT_WRITE | TWZ_RIGHT_DELETE);
	RANGE(f)->source = f->other;
	map_at(f->object, SLOT_B, RW, TWZ_INHERIT_PRIVATE);
}
TWO_CASES(object_move_range)
WRONG(object_move_range, "range", "destination_offset", "misaligned", INVALID_ARGUMENT)
{
	RANGE(f)->destination_offset = 8;
}
WRONG(object_move_range, "range", "source_offset", "misaligned", INVALID_ARGUMENT)
{
	RANGE(f)->source_offset = 8;
}
WRONG(object_move_range, "range", "length", "misaligned", INVALID_ARGUMENT)
{
	RANGE(f)->length = 8;
}
WRONG(object_move_range, "range", "destination", "ordinary", INVALID_ARGUMENT)
{
	replace(&f->object, SLOT_A, make_ordinary());
	RANGE(f)->destination = f->object;
}
