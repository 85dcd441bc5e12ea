/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of the calls on threads. */
#include "cases.h"

#define SPEC(f) STRUCTURE(f, twz_thread_spec, 0)
#define OPS(f)	STRUCTURE(f, twz_sync_op, 0)

extern char worker_entry[];
extern volatile uint32_t interrupts_seen;
extern volatile uint64_t last_interrupt;

/* ---- thread_spawn ---- */

static struct worker worker;
static volatile uint32_t ran;
static char stack[8192] __attribute__((aligned(16)));

static void end_at_once(void *unused)
{
	(void)unused;
	ran = 1;
	twz_sys_thread_exit((uint32_t *)&worker.running, 0, 0);
}

static void spawn_prepare(struct fixture *f)
{
	ran = 0;
	worker = (struct worker){.running = 1, .function = end_at_once};
	*SPEC(f) = (struct twz_thread_spec){
		.entry = (uint64_t)worker_entry,
		.stack = (uint64_t)stack + sizeof(stack),
		.argument = (uint64_t)&worker,
	};
	POINT(f, 0);
	POINT(f, 1);
}

static void spawn_check(struct fixture *f)
{
	CHECK(f->result > 0);
	wait_word(&worker.running, 1);
	EQUAL(ran, 1);
}

static void spawn_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->view))
		end_view(f->view);
	if (!twz_id_is_none(f->other))
		delete_object(f->other);
}

CALL(thread_spawn, .prepare = spawn_prepare, .check = spawn_check, .clean = spawn_clean,
     .null_is_right = 2);

WRONG(thread_spawn, "spec", "view", "unknown", NO_SUCH_OBJECT)
{
	SPEC(f)->view = UNKNOWN_ID;
}
WRONG(thread_spawn, "spec", "view", "deleted", NO_SUCH_OBJECT)
{
	SPEC(f)->view = deleted_id();
}
WRONG(thread_spawn, "spec", "view", "other kind", INVALID_ARGUMENT)
{
	SPEC(f)->view = f->other = make_raw(0);
}
WRONG(thread_spawn, "spec", "view", "missing right", ACCESS_DENIED)
{
	SPEC(f)->view = f->other = make_raw(TWZ_RIGHTS_ALL & ~TWZ_RIGHT_USE);
}
WRONG(thread_spawn, "spec", "view", "ended", NO_SUCH_THREAD)
{
	SPEC(f)->view = f->view = ended_view();
}
WRONG(thread_spawn, "spec", "entry", "kernel", INVALID_ARGUMENT)
{
	SPEC(f)->entry = 0xffffffff80200000;
}
WRONG(thread_spawn, "spec", "entry", "not canonical", INVALID_ARGUMENT)
{
	SPEC(f)->entry = 0x800000000000;
}
WRONG(thread_spawn, "spec", "stack", "kernel", INVALID_ARGUMENT)
{
	SPEC(f)->stack = 0xffff880000000000;
}
RIGHT(thread_spawn, "spec", "stack", "misaligned: the entry's own affair")
{
	SPEC(f)->stack -= 3;
}
SHOWN(thread_spawn, "spec", "argument", "the entry's own affair");
WRONG(thread_spawn, "spec", "fs_base", "kernel", INVALID_ARGUMENT)
{
	SPEC(f)->fs_base = 0xffff880000000000;
}
WRONG(thread_spawn, "spec", "upcall_stack", "kernel", INVALID_ARGUMENT)
{
	SPEC(f)->upcall_stack = 0xffff880000000000;
}
WRONG(thread_spawn, "spec", "upcall_stack_length", "below 0", INVALID_ARGUMENT)
{
	SPEC(f)->upcall_stack = PAGE;
	SPEC(f)->upcall_stack_length = 2 * PAGE;
}
WRONG(thread_spawn, "spec", "flags", "unknown bits", INVALID_ARGUMENT)
{
	SPEC(f)->flags = TWZ_THREAD_SPEC_PRIORITY << 1;
}
RIGHT(thread_spawn, "spec", "priority", "lower")
{
	SPEC(f)->flags = TWZ_THREAD_SPEC_PRIORITY;
	SPEC(f)->priority = TWZ_PRIORITY_DEFAULT - 1;
}
WRONG(thread_spawn, "spec", "priority", "without its flag", INVALID_ARGUMENT)
{
	SPEC(f)->priority = 1;
}
WRONG(thread_spawn, "spec", "priority", "past the last", INVALID_ARGUMENT)
{
	SPEC(f)->flags = TWZ_THREAD_SPEC_PRIORITY;
	SPEC(f)->priority = TWZ_PRIORITIES;
}
WRONG(thread_spawn, "spec", "priority", "unknown bits", INVALID_ARGUMENT)
{
	SPEC(f)->flags = TWZ_THREAD_SPEC_PRIORITY;
	SPEC(f)->priority = TWZ_PRIORITY_FIFO << 1;
}

/* ---- thread_exit ---- */

static uint64_t exit_arguments[3];

static void exit_so(void *unused)
{
	(void)unused;
	twz_sys_thread_exit((uint32_t *)exit_arguments[0], exit_arguments[1], exit_arguments[2]);
	ran = 2; /* refused */
}

static void exit_with(uint64_t word, uint64_t from, uint64_t length, uint32_t expected)
{
	struct worker one;

	ran = 0;
	exit_arguments[0] = word;
	exit_arguments[1] = from;
	exit_arguments[2] = length;
	worker_start(&one, exit_so, 0);
	twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	if (expected == 0) {
		/* ends without its own word: its control object tells */
		struct twz_object_stat stat;

		while (twz_sys_object_stat(one.id.hi, one.id.lo, &stat) == 0)
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		one.running = 0;
	}
	worker_join(&one);
	EQUAL(ran, expected);
}

static void exit_run(void)
{
	static volatile uint32_t word;
	const struct twz_object_stat *unused = NULL;
	struct twz_object_stat stat = {0};
	struct twz_id id = raw_at(SLOT_A, RW, TWZ_INHERIT_PRIVATE);

	(void)unused;
	word = 5;
	SLOT(SLOT_A)[0] = SLOT(SLOT_A)[PAGE] = 1;
	exit_with((uint64_t)&word, (uint64_t)SLOT(SLOT_A), PAGE, 0);
	EQUAL(word, 0);
	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	EQUAL(stat.pages, 1);
	exit_with((uint64_t)&word + 1, 0, 0, 2);		    /* misaligned */
	exit_with(0xffff880000000000, 0, 0, 2);			    /* kernel */
	exit_with(1ull << 63, 0, 0, 2);				    /* not canonical */
	exit_with((uint64_t)SLOT(SLOT_FREE), 0, 0, 0);		    /* unmapped: passed over */
	exit_with(0, (uint64_t)SLOT(SLOT_FREE), PAGE, 0);	    /* a stack that is not there */
	exit_with(0, (uint64_t)SLOT(SLOT_A) + 1, PAGE, 0);	    /* misaligned */
	exit_with(0, 0xffff880000000000, PAGE, 0);		    /* kernel */
	exit_with(0, (uint64_t)SLOT(SLOT_A), TWZ_SLOT_SIZE * 2, 0); /* past the object */
	exit_with(0, (uint64_t)SLOT(SLOT_A), ~0ull, 0);		    /* overflow */
	EQUAL(twz_sys_object_stat(id.hi, id.lo, &stat), 0);
	EQUAL(stat.pages, 1);
	drop(id, SLOT_A);
}

CALL(thread_exit, .run = exit_run);
SHOWN(thread_exit, "stack", "", "unmapped, misaligned, kernel: frees nothing");
SHOWN(thread_exit, "length", "", "past the object, overflow: frees nothing");

/* ---- thread_sync ---- */

static uint32_t word, word2;
static uint64_t wide;

static void sync_prepare(struct fixture *f)
{
	word = 7;
	wide = 7;
	*OPS(f) = (struct twz_sync_op){.word = &word, .value = 3};
	POINT(f, 0);
	f->a[1] = 1;
	f->a[2] = TWZ_FOREVER;
}

static void sync_check(struct fixture *f)
{
	EQUAL(f->result, 0); /* the first word differs; nobody to wake */
}

CALL(thread_sync, .prepare = sync_prepare, .check = sync_check);

WRONG(thread_sync, "ops", "word", "misaligned", INVALID_ARGUMENT)
{
	OPS(f)->word = (uint32_t *)((uint64_t)&word + 2);
}
WRONG(thread_sync, "ops", "word", "unmapped", BAD_ADDRESS)
{
	OPS(f)->word = (uint32_t *)SLOT(SLOT_FREE);
}
WRONG(thread_sync, "ops", "word", "NULL", BAD_ADDRESS)
{
	OPS(f)->word = NULL;
}
WRONG(thread_sync, "ops", "word", "kernel", BAD_ADDRESS)
{
	OPS(f)->word = (uint32_t *)0xffff880000000000;
}
WRONG(thread_sync, "ops", "value", "the word's: sleeps to the deadline", TIMED_OUT)
{
	OPS(f)->value = 7;
	f->a[2] = 1;
}
WRONG(thread_sync, "ops", "kind", "unknown", INVALID_ARGUMENT)
{
	OPS(f)->kind = TWZ_SYNC_REQUEUE + 1;
}
RIGHT(thread_sync, "ops", "kind", "wake nobody")
{
	OPS(f)->kind = TWZ_SYNC_WAKE;
}
RIGHT(thread_sync, "ops", "word2", "requeue nobody")
{
	OPS(f)->kind = TWZ_SYNC_REQUEUE;
	OPS(f)->word2 = &word2;
}
WRONG(thread_sync, "ops", "word2", "misaligned", INVALID_ARGUMENT)
{
	OPS(f)->kind = TWZ_SYNC_REQUEUE;
	OPS(f)->word2 = (uint32_t *)((uint64_t)&word2 + 1);
}
WRONG(thread_sync, "ops", "word2", "unmapped", BAD_ADDRESS)
{
	OPS(f)->kind = TWZ_SYNC_REQUEUE;
	OPS(f)->word2 = (uint32_t *)SLOT(SLOT_FREE);
}
WRONG(thread_sync, "ops", "word2", "kernel", BAD_ADDRESS)
{
	OPS(f)->kind = TWZ_SYNC_REQUEUE;
	OPS(f)->word2 = (uint32_t *)0xffff880000000000;
}
WRONG(thread_sync, "ops", "flags", "unknown bits", INVALID_ARGUMENT)
{
	OPS(f)->flags = 1ull << 63;
}
WRONG(thread_sync, "ops", "value64", "the word's: sleeps to the deadline", TIMED_OUT)
{
	*OPS(f) =
		(struct twz_sync_op){.word = (uint32_t *)&wide, .flags = TWZ_SYNC_64, .value64 = 7};
	f->a[2] = 1;
}
WRONG(thread_sync, "count", "", "huge", TOO_MANY)
{
	f->a[1] = ~0ull;
}
WRONG(thread_sync, "count", "", "more than there are", BAD_ADDRESS)
{
	f->a[0] = USER_LAST - sizeof(struct twz_sync_op);
	f->a[1] = 1000;
}
WRONG(thread_sync, "count", "", "0: sleeps to the deadline", TIMED_OUT)
{
	f->a[1] = 0;
	f->a[2] = 1;
}
WRONG(thread_sync, "deadline", "", "past", TIMED_OUT)
{
	OPS(f)->value = 7;
	f->a[2] = 0;
}

/* ---- thread_control ---- */

static void control_prepare(struct fixture *f)
{
	f->a[0] = TWZ_THREAD_NUMBER;
}

static void control_check(struct fixture *f)
{
	if (f->a[0] == TWZ_THREAD_NUMBER)
		CHECK(f->result > 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_SET_FS, 0), 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_ROBUST_LIST, 0), 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_CLEAR_WORD, 0), 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_INTERRUPT_WORDS, 0), 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_SET_PRIORITY, TWZ_PRIORITY_DEFAULT), 0);
	faults_init();
}

static void control_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->view))
		end_view(f->view);
}

CALL(thread_control, .prepare = control_prepare, .check = control_check, .clean = control_clean);

#define COMMAND(f, command, value) ((f)->a[0] = TWZ_THREAD_##command, (f)->a[1] = (value))

/* A new command fails here until it has its cases, and is named in this one. */
WRONG(thread_control, "command", "", "the first unknown one", INVALID_ARGUMENT)
{
	f->a[0] = TWZ_THREAD_SET_CEILING + 1;
}
WRONG(thread_control, "command", "", "huge", INVALID_ARGUMENT)
{
	f->a[0] = ~0ull;
}
RIGHT(thread_control, "command", "", "yield")
{
	COMMAND(f, YIELD, 0);
}
RIGHT(thread_control, "argument", "", "FS base")
{
	COMMAND(f, SET_FS, (uint64_t)stack);
}
WRONG(thread_control, "argument", "", "FS base in the kernel", INVALID_ARGUMENT)
{
	COMMAND(f, SET_FS, 0xffff880000000000);
}
WRONG(thread_control, "argument", "", "FS base not canonical", INVALID_ARGUMENT)
{
	COMMAND(f, SET_FS, 1ull << 47);
}
RIGHT(thread_control, "argument", "", "name")
{
	COMMAND(f, SET_NAME, (uint64_t) "a name that is longer than what is kept of it");
}
WRONG(thread_control, "argument", "", "name unmapped", BAD_ADDRESS)
{
	COMMAND(f, SET_NAME, (uint64_t)SLOT(SLOT_FREE));
}
WRONG(thread_control, "argument", "", "name in the kernel", BAD_ADDRESS)
{
	COMMAND(f, SET_NAME, 0xffff880000000000);
}
WRONG(thread_control, "argument", "", "name crosses the end", BAD_ADDRESS)
{
	COMMAND(f, SET_NAME, USER_LAST);
}
RIGHT(thread_control, "argument", "", "robust list")
{
	COMMAND(f, ROBUST_LIST, (uint64_t)stack);
}
WRONG(thread_control, "argument", "", "robust list in the kernel", INVALID_ARGUMENT)
{
	COMMAND(f, ROBUST_LIST, 0xffff880000000000);
}
RIGHT(thread_control, "argument", "", "no upcall stack")
{
	COMMAND(f, UPCALL_STACK, 0);
}
WRONG(thread_control, "argument", "", "upcall stack unmapped", BAD_ADDRESS)
{
	COMMAND(f, UPCALL_STACK, (uint64_t)SLOT(SLOT_FREE));
}
WRONG(thread_control, "argument", "", "upcall stack overflow", INVALID_ARGUMENT)
{
	f->buffer[1][0] = PAGE;
	f->buffer[1][1] = ~0ull;
	COMMAND(f, UPCALL_STACK, (uint64_t)f->buffer[1]);
}
WRONG(thread_control, "argument", "", "upcall stack in the kernel", INVALID_ARGUMENT)
{
	f->buffer[1][0] = 0xffff880000000000;
	f->buffer[1][1] = PAGE;
	COMMAND(f, UPCALL_STACK, (uint64_t)f->buffer[1]);
}
RIGHT(thread_control, "argument", "", "clear word")
{
	COMMAND(f, CLEAR_WORD, (uint64_t)&word);
}
WRONG(thread_control, "argument", "", "clear word misaligned", INVALID_ARGUMENT)
{
	COMMAND(f, CLEAR_WORD, (uint64_t)&word + 1);
}
WRONG(thread_control, "argument", "", "clear word in the kernel", INVALID_ARGUMENT)
{
	COMMAND(f, CLEAR_WORD, 0xffff880000000000);
}
RIGHT(thread_control, "argument", "", "view")
{
	COMMAND(f, VIEW, (uint64_t)f->buffer[1]);
}
WRONG(thread_control, "argument", "", "view to nowhere", BAD_ADDRESS)
{
	COMMAND(f, VIEW, 0);
}
WRONG(thread_control, "argument", "", "view to the kernel", BAD_ADDRESS)
{
	COMMAND(f, VIEW, 0xffff880000000000);
}

RIGHT(thread_control, "command", "", "calls")
{
	COMMAND(f, CALLS, 0);
}
RIGHT(thread_control, "argument", "", "interrupt words")
{
	COMMAND(f, INTERRUPT_WORDS, (uint64_t)f->buffer[1]);
}
WRONG(thread_control, "argument", "", "interrupt words misaligned", INVALID_ARGUMENT)
{
	COMMAND(f, INTERRUPT_WORDS, (uint64_t)f->buffer[1] + 4);
}
WRONG(thread_control, "argument", "", "interrupt words in the kernel", INVALID_ARGUMENT)
{
	COMMAND(f, INTERRUPT_WORDS, 0xffff880000000000);
}

RIGHT(thread_control, "argument", "", "priority")
{
	COMMAND(f, PRIORITY, 0);
}
WRONG(thread_control, "argument", "", "priority, with bits below the number", INVALID_ARGUMENT)
{
	COMMAND(f, PRIORITY, 1);
}
WRONG(thread_control, "argument", "", "priority of no thread", NO_SUCH_THREAD)
{
	COMMAND(f, PRIORITY, ~0ull << 32);
}
WRONG(thread_control, "argument", "", "priority of another program's thread", NO_SUCH_THREAD)
{
	f->view = looping_view();
	COMMAND(f, PRIORITY, looping_thread << 32);
}
RIGHT(thread_control, "argument", "", "set priority")
{
	COMMAND(f, SET_PRIORITY, TWZ_PRIORITY_DEFAULT + 1);
}
WRONG(thread_control, "argument", "", "set priority past the last", INVALID_ARGUMENT)
{
	COMMAND(f, SET_PRIORITY, TWZ_PRIORITIES);
}
WRONG(thread_control, "argument", "", "set priority, unknown bits", INVALID_ARGUMENT)
{
	COMMAND(f, SET_PRIORITY, TWZ_PRIORITY_FIFO << 1);
}
WRONG(thread_control, "argument", "", "set priority of no thread", NO_SUCH_THREAD)
{
	COMMAND(f, SET_PRIORITY, ~0ull << 32 | TWZ_PRIORITY_DEFAULT);
}
WRONG(thread_control, "argument", "", "set priority of another program's thread", NO_SUCH_THREAD)
{
	f->view = looping_view();
	COMMAND(f, SET_PRIORITY, looping_thread << 32 | TWZ_PRIORITY_DEFAULT);
}
RIGHT(thread_control, "argument", "", "set ceiling: the last, no change")
{
	COMMAND(f, SET_CEILING, TWZ_PRIORITIES - 1);
}
WRONG(thread_control, "argument", "", "set ceiling past the last", INVALID_ARGUMENT)
{
	COMMAND(f, SET_CEILING, TWZ_PRIORITIES);
}

static long above_ceiling[3];

static void try_above_ceiling(void *unused)
{
	(void)unused;
	above_ceiling[0] = twz_sys_thread_control(TWZ_THREAD_SET_CEILING, 20);
	above_ceiling[1] = twz_sys_thread_control(TWZ_THREAD_SET_CEILING, 21);
	above_ceiling[2] = twz_sys_thread_control(TWZ_THREAD_SET_PRIORITY, 21);
}

TEST(a_ceiling_only_goes_down)
{
	struct worker one;

	worker_start(&one, try_above_ceiling, 0);
	worker_join(&one);
	EQUAL(above_ceiling[0], 0);
	EQUAL(above_ceiling[1], -TWZ_ERR_ACCESS_DENIED);
	EQUAL(above_ceiling[2], -TWZ_ERR_ACCESS_DENIED);
}

/* ---- thread_interrupt ---- */

static void interrupt_prepare(struct fixture *f)
{
	interrupts_seen = 0;
	f->a[0] = (uint64_t)twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);
	f->a[1] = 42;
}

static void interrupt_check(struct fixture *f)
{
	EQUAL(interrupts_seen, 1);
	EQUAL(last_interrupt, f->a[1]);
}

static void interrupt_clean(struct fixture *f)
{
	if (!twz_id_is_none(f->view))
		end_view(f->view);
}

CALL(thread_interrupt, .prepare = interrupt_prepare, .check = interrupt_check,
     .clean = interrupt_clean);

WRONG(thread_interrupt, "thread", "", "0", NO_SUCH_THREAD)
{
	f->a[0] = 0;
}
WRONG(thread_interrupt, "thread", "", "unknown", NO_SUCH_THREAD)
{
	f->a[0] = 100000;
}
WRONG(thread_interrupt, "thread", "", "huge", NO_SUCH_THREAD)
{
	f->a[0] = ~0ull;
}
/* The right to interrupt is to be of the same program: others' threads do not exist. */
WRONG(thread_interrupt, "thread", "", "missing right", NO_SUCH_THREAD)
{
	f->view = looping_view();
	f->a[0] = looping_thread;
}
RIGHT(thread_interrupt, "code", "", "last")
{
	f->a[1] = TWZ_INTERRUPT_MAX;
}
WRONG(thread_interrupt, "code", "", "0", INVALID_ARGUMENT)
{
	f->a[1] = 0;
}
WRONG(thread_interrupt, "code", "", "too large", INVALID_ARGUMENT)
{
	f->a[1] = TWZ_INTERRUPT_MAX + 1;
}
WRONG(thread_interrupt, "code", "", "huge", INVALID_ARGUMENT)
{
	f->a[1] = ~0ull;
}
