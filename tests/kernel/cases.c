/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the cases of every call, and looks for calls, arguments and fields that have none. */
#include "cases.h"

extern const struct call_case __start_call_cases[], __stop_call_cases[];
extern const struct variant __start_variants[], __stop_variants[];

static struct fixture fixture;

static const struct call *call_of(uint64_t number)
{
	for (unsigned i = 0; i < call_count; i++) {
		if (calls[i].number == number)
			return &calls[i];
	}
	return NULL;
}

static const struct call_case *case_of(uint64_t number)
{
	const struct call_case *c = __start_call_cases;

	while (c < __stop_call_cases && c->number != number)
		c++;
	return c < __stop_call_cases ? c : NULL;
}

/* FAILED call/argument.field/what: result, not expected */
static void complain(uint64_t number, const char *argument, const char *field, const char *what,
		     long got, long expected)
{
	test_failed = true;
	print("FAILED ");
	print(call_of(number)->name);
	print("/");
	print(argument);
	print(*field ? "." : "");
	print(field);
	print("/");
	print(what);
	print(": ");
	print_number(got);
	print(", not ");
	print_number(expected);
	print("\n");
}

static void prepare(const struct call_case *c)
{
	memset(&fixture, 0, sizeof(fixture));
	c->prepare(&fixture);
}

static void issue(const struct call_case *c)
{
	fixture.result = raw_call(c->number, fixture.a);
}

/* After a call that was right to succeed, or to fail. */
static void finish(const struct call_case *c, const char *argument, const char *field,
		   const char *what, long error)
{
	if (error ? fixture.result != error : fixture.result < 0)
		complain(c->number, argument, field, what, fixture.result, error);
	if (fixture.result >= 0 && c->check)
		c->check(&fixture);
	if (c->clean)
		c->clean(&fixture);
}

TEST(every_call_succeeds)
{
	for (const struct call_case *c = __start_call_cases; c < __stop_call_cases; c++) {
		if (c->run) {
			c->run();
			continue;
		}
		prepare(c);
		issue(c);
		finish(c, "", "", "success", 0);
	}
}

TEST(every_variant_is_as_said)
{
	for (const struct variant *v = __start_variants; v < __stop_variants; v++) {
		const struct call_case *c = case_of(v->number);

		if (!v->change || !c)
			continue;
		prepare(c);
		v->change(&fixture);
		issue(c);
		finish(c, v->argument, v->field, v->what, v->error);
	}
}

/* ---- pointers ---- */

struct bad_pointer {
	const char *what;
	uint64_t address; /* 0 with a name below: made from the argument */
};

static const struct bad_pointer bad_pointers[] = {
	{"NULL", 0},
	{"unmapped", (SLOT_FREE << TWZ_SLOT_SHIFT) + 64},
	{"kernel", 0xffffffff80200000},
	{"kernel's map of memory", 0xffff880000100000},
	{"first after the program's half", 0x800000000000},
	{"not canonical", 0x8000000000000000},
	{"wraps around", 0xfffffffffffffff8},
};

static void try_pointer(const struct call_case *c, const struct argument *argument, unsigned i,
			const char *what, uint64_t address)
{
	prepare(c);
	fixture.a[i] = address;
	issue(c);
	finish(c, argument->name, "", what, -TWZ_ERR_BAD_ADDRESS);
}

/* The argument's bytes half in a mapping, half behind it. */
static void try_crossing(const struct call_case *c, const struct argument *argument, unsigned i)
{
	struct twz_id id = raw_at(SLOT_LAST, RW, TWZ_INHERIT_PRIVATE);
	uint64_t size, at;

	prepare(c);
	size = fixture.reach[i] ? fixture.reach[i] : argument->size;
	at = (uint64_t)SLOT(SLOT_LAST + 1) - size / 2;
	if (argument->kind == ARGUMENT_IN)
		memcpy((void *)at, (void *)fixture.a[i], size / 2);
	fixture.a[i] = at;
	issue(c);
	finish(c, argument->name, "", "crosses the end of a mapping", -TWZ_ERR_BAD_ADDRESS);
	drop(id, SLOT_LAST);
}

static void try_pointers(const struct call_case *c, const struct argument *argument, unsigned i)
{
	for (unsigned b = 0; b < sizeof(bad_pointers) / sizeof(bad_pointers[0]); b++) {
		if (b == 0 && c->null_is_right >> i & 1) {
			prepare(c);
			fixture.a[i] = 0;
			issue(c);
			finish(c, argument->name, "", "NULL", 0);
			continue;
		}
		try_pointer(c, argument, i, bad_pointers[b].what, bad_pointers[b].address);
	}
	try_crossing(c, argument, i);
	if (argument->kind == ARGUMENT_OUT) {
		struct twz_id id = raw_at(SLOT_LAST, TWZ_RIGHT_READ, TWZ_INHERIT_PRIVATE);

		try_pointer(c, argument, i, "read-only", (uint64_t)SLOT(SLOT_LAST));
		drop(id, SLOT_LAST);
	}
}

TEST(every_bad_pointer_is_refused)
{
	describe_calls();
	for (const struct call_case *c = __start_call_cases; c < __stop_call_cases; c++) {
		const struct call *call = call_of(c->number);

		for (unsigned i = 0; i < call->count; i++) {
			if (call->arguments[i].kind != ARGUMENT_NUMBER && c->prepare)
				try_pointers(c, &call->arguments[i], i);
		}
	}
}

/* ---- nothing is left out ---- */

static bool has(const struct call *call, const char *argument, const char *field, const char *what)
{
	for (const struct variant *v = __start_variants; v < __stop_variants; v++) {
		if (v->number == call->number && same_text(v->argument, argument) &&
		    same_text(v->field, field) && (!what || same_text(v->what, what)))
			return true;
	}
	return false;
}

static void want(const struct call *call, const char *argument, const char *field, const char *what)
{
	if (!has(call, argument, field, what))
		complain(call->number, argument, field, what ? what : "no case", 0, 1);
}

static bool right_is_tested(const struct call *call)
{
	for (const struct variant *v = __start_variants; v < __stop_variants; v++) {
		if (v->number == call->number && same_text(v->what, "missing right"))
			return true;
	}
	return false;
}

static void want_fields(const struct call *call, const struct argument *argument)
{
	unsigned found = 0;

	for (unsigned i = 0; i < field_count; i++) {
		if (!same_text(fields[i].type, argument->type))
			continue;
		want(call, argument->name, fields[i].name, NULL);
		found++;
	}
	if (argument->size > sizeof(uint64_t) && !found)
		complain(call->number, argument->name, "", "fields.c does not list it", 0, 1);
}

static bool ends_in(const char *text, const char *end)
{
	while (*text && !same_text(text, end))
		text++;
	return *text;
}

static void want_argument(const struct call *call, const struct argument *argument)
{
	if (argument->kind != ARGUMENT_NUMBER) {
		if (!argument->size)
			complain(call->number, argument->name, "", "describe.c lacks its type", 0,
				 1);
		if (argument->kind == ARGUMENT_IN)
			want_fields(call, argument);
		return;
	}
	if (ends_in(argument->name, "_lo"))
		return; /* goes with the other half */
	want(call, argument->name, "", NULL);
	if (ends_in(argument->name, "_hi")) {
		want(call, argument->name, "", "unknown");
		want(call, argument->name, "", "deleted");
		want(call, argument->name, "", "other kind");
	}
	if (same_text(argument->name, "offset"))
		want(call, argument->name, "", "overflow");
}

TEST(every_call_argument_and_field_has_a_case)
{
	describe_calls();
	for (unsigned i = 0; i < call_count; i++) {
		if (!case_of(calls[i].number)) {
			complain(calls[i].number, "", "", "no CALL()", 0, 1);
			continue;
		}
		for (unsigned a = 0; a < calls[i].count; a++)
			want_argument(&calls[i], &calls[i].arguments[a]);
		if (calls[i].rights && !right_is_tested(&calls[i]))
			complain(calls[i].number, "", "", "missing right", 0, 1);
	}
	/* a field that fields.c does not know leaves a hole */
	for (unsigned i = 0; i < field_count; i++) {
		bool last = i + 1 == field_count || !same_text(fields[i].type, fields[i + 1].type);
		uint64_t align = last ? 8 : fields[i + 1].size >= 8 ? 8 : fields[i + 1].size;
		uint64_t end = (fields[i].offset + fields[i].size + align - 1) / align * align;
		uint64_t next = last ? 0 : fields[i + 1].offset;

		for (unsigned c = 0; last && c < call_count; c++) {
			for (unsigned a = 0; a < calls[c].count; a++) {
				if (same_text(calls[c].arguments[a].type, fields[i].type))
					next = calls[c].arguments[a].size;
			}
		}
		if (next != end)
			failed(fields[i].type, (int)next, "a field that fields.c does not list",
			       (long)end);
	}
}
