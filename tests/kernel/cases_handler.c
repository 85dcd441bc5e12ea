/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of the handler calls, with the handler of tests/handlers/counted.c. */
#include "cases.h"

#define SPEC(f) STRUCTURE(f, twz_handler_spec, 0)

static void register_prepare(struct fixture *f)
{
	*SPEC(f) = (struct twz_handler_spec){.image = image_file("counted.twh")};
	POINT(f, 0);
}

static void remove_handler(void)
{
	twz_sys_handler_remove("counted", 7);
}

static void register_check(struct fixture *f)
{
	struct twz_handler_stat stat = {0};

	(void)f;
	EQUAL(twz_sys_handler_stat(0, &stat), 0);
	CHECK(same_text(stat.name, "counted"));
}

static void register_clean(struct fixture *f)
{
	remove_handler();
	if (!twz_id_is_none(f->object))
		delete_object(f->object);
}

CALL(handler_register, .prepare = register_prepare, .check = register_check,
     .clean = register_clean);

WRONG(handler_register, "spec", "image", "unknown", NO_SUCH_OBJECT)
{
	SPEC(f)->image = UNKNOWN_ID;
}
WRONG(handler_register, "spec", "image", "deleted", NO_SUCH_OBJECT)
{
	SPEC(f)->image = deleted_id();
}
WRONG(handler_register, "spec", "image", "other kind", BAD_FORMAT)
{
	SPEC(f)->image = f->object = make_raw(0);
}
WRONG(handler_register, "spec", "image", "missing right", ACCESS_DENIED)
{
	SPEC(f)->image = f->object = make_raw(TWZ_RIGHTS_ALL & ~TWZ_RIGHT_READ);
}
RIGHT(handler_register, "spec", "outputs", "none are wanted")
{
	SPEC(f)->outputs = (void *)0xffff880000000000;
}
WRONG(handler_register, "spec", "output_count", "not the manifest's", INVALID_ARGUMENT)
{
	SPEC(f)->output_count = 1;
}
WRONG(handler_register, "spec", "output_count", "huge", INVALID_ARGUMENT)
{
	SPEC(f)->output_count = ~0ull;
}

/* Calls that name a registered handler or an event of it. */
static void named_prepare(struct fixture *f)
{
	const struct twz_handler_spec spec = {.image = image_file("counted.twh")};

	EQUAL(twz_sys_handler_register(&spec), 0);
	memcpy(f->buffer[0], "counted", 8);
	POINT(f, 0);
	f->a[1] = 7;
	f->reach[0] = 7;
}

static void named_clean(struct fixture *f)
{
	(void)f;
	remove_handler();
}

static void remove_check(struct fixture *f)
{
	EQUAL(twz_sys_handler_stat(0, (void *)f->buffer[2]), -TWZ_ERR_NOT_FOUND);
}

CALL(handler_remove, .prepare = named_prepare, .check = remove_check, .clean = named_clean);

#define NAME_CASES(call)                                     \
	WRONG(call, "length", "", "0", NOT_FOUND)            \
	{                                                    \
		f->a[1] = 0;                                 \
	}                                                    \
	WRONG(call, "length", "", "too long", NAME_TOO_LONG) \
	{                                                    \
		f->a[1] = 64;                                \
	}                                                    \
	WRONG(call, "length", "", "huge", NAME_TOO_LONG)     \
	{                                                    \
		f->a[1] = ~0ull;                             \
	}                                                    \
	WRONG(call, "name", "", "unknown", NOT_FOUND)        \
	{                                                    \
		f->a[1] = 3;                                 \
	}

NAME_CASES(handler_remove)

static void stat_prepare(struct fixture *f)
{
	named_prepare(f);
	f->a[0] = 0;
	POINT(f, 1);
}

static struct twz_handler_stat stat_of_first;

static void stat_run(void)
{
	struct fixture f = {0};

	stat_prepare(&f);
	EQUAL(twz_sys_handler_stat(0, &stat_of_first), 0);
	CHECK(same_text(stat_of_first.name, "counted"));
	named_clean(&f);
}

CALL(handler_stat, .prepare = stat_prepare, .clean = named_clean, .run = stat_run);

WRONG(handler_stat, "index", "", "past the last", NOT_FOUND)
{
	f->a[0] = 1;
}
WRONG(handler_stat, "index", "", "huge", NOT_FOUND)
{
	f->a[0] = ~0ull;
}

/* ---- handler_emit, handler_return ---- */

static void emit_prepare(struct fixture *f)
{
	named_prepare(f);
	memcpy(f->buffer[0], "counted.return", 15);
	f->a[1] = 14;
	f->reach[0] = 14;
	f->buffer[2][0] = 0; /* outputs: none */
	f->buffer[2][1] = 0; /* length */
	POINT(f, 2);
	f->a[3] = 16;
	f->reach[2] = 16;
}

static void emit_check(struct fixture *f)
{
	EQUAL(f->result, f->a[1] == 14 && f->a[3] == 16 ? 1 : 0);
}

CALL(handler_emit, .prepare = emit_prepare, .check = emit_check, .clean = named_clean);

RIGHT(handler_emit, "event", "", "nobody's")
{
	f->a[1] = 5;
}
RIGHT(handler_emit, "length", "", "0: nobody's")
{
	f->a[1] = 0;
}
WRONG(handler_emit, "length", "", "huge", NAME_TOO_LONG)
{
	f->a[1] = ~0ull;
}
WRONG(handler_emit, "size", "", "too large", INVALID_ARGUMENT)
{
	f->a[3] = (64ull << 10) + 1;
}
WRONG(handler_emit, "size", "", "overflow", INVALID_ARGUMENT)
{
	f->a[3] = ~0ull;
}
WRONG(handler_emit, "payload", "", "past what is mapped", BAD_ADDRESS)
{
	f->a[2] = USER_LAST - 8;
}

/* The handler returns with what the event says; how many runs committed. */
static long returned_with(uint64_t outputs, uint64_t length)
{
	const uint64_t payload[2] = {outputs, length};

	return twz_sys_handler_emit("counted.return", 14, payload, sizeof(payload));
}

static void return_run(void)
{
	struct fixture f = {0};

	named_prepare(&f);
	EQUAL(twz_sys_handler_return(0, 0), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(returned_with(0, 0), 1);
	EQUAL(returned_with(0, ~0ull), 0);		  /* to discard is to be asked for */
	EQUAL(returned_with(0, 8), 0);			  /* NULL */
	EQUAL(returned_with(0x123450000000, 8), 0);	  /* unmapped */
	EQUAL(returned_with(0xffff880000000000, 8), 0);	  /* kernel */
	EQUAL(returned_with(1ull << 63, 8), 0);		  /* not canonical */
	EQUAL(returned_with(0x140000000, 1ull << 40), 0); /* length past everything */
	EQUAL(returned_with(0x140000000, ~1ull), 0);	  /* overflow */
	EQUAL(returned_with(0, 0), 1);
	EQUAL(twz_sys_handler_stat(0, &stat_of_first), 0);
	EQUAL(stat_of_first.committed, 2);
	named_clean(&f);
}

CALL(handler_return, .run = return_run);
SHOWN(handler_return, "length", "", "discard, past everything, overflow");

/* ---- handler_rollback ---- */

static void rollback_prepare(struct fixture *f)
{
	const struct twz_handler_spec spec = {.image = image_file("counted2.twh")};

	named_prepare(f);
	EQUAL(twz_sys_handler_register(&spec), 0);
}

static void rollback_check(struct fixture *f)
{
	(void)f;
	EQUAL(twz_sys_handler_stat(0, &stat_of_first), 0);
	CHECK(same_text(stat_of_first.version, "1.0"));
}

CALL(handler_rollback, .prepare = rollback_prepare, .check = rollback_check, .clean = named_clean);

NAME_CASES(handler_rollback)
WRONG(handler_rollback, "name", "", "nothing to go back to", NOT_SUPPORTED)
{
	EQUAL(twz_sys_handler_remove("counted", 7), 0);
	named_prepare(f);
}
