/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on programs: messages, groups, sessions, successors. */
#include "cases.h"

#define MESSAGE(f) STRUCTURE(f, twz_message, 1)
#define SELF	   ((uint64_t)twz_sys_thread_control(TWZ_THREAD_NUMBER, 0))
#define NOBODY	   0x7ffffff0ull
extern volatile uint32_t interrupts_seen;
extern volatile uint64_t last_interrupt;

#define TAKES(x) EQUAL(twz_sys_program_control(0, TWZ_PROGRAM_TAKES, x), 0)

static void drain(void)
{
	struct twz_message message;

	while (twz_sys_program_take(&message) >= 0)
		continue;
	TAKES(0);
}

/* ---- program_send: to a program that loops and takes nothing ---- */

static void send_prepare(struct fixture *f)
{
	f->view = looping_view();
	f->a[0] = looping_thread;
	*MESSAGE(f) = (struct twz_message){.signal = 10};
	POINT(f, 1);
}

static void send_check(struct fixture *f)
{
	EQUAL(f->result, 1);
}

static void send_clean(struct fixture *f)
{
	end_view(f->view);
	drain();
}

CALL(program_send, .prepare = send_prepare, .check = send_check, .clean = send_clean);

WRONG(program_send, "target", "", "nobody", NO_SUCH_THREAD)
{
	f->a[0] = NOBODY;
}
WRONG(program_send, "target", "", "no group", NO_SUCH_THREAD)
{
	f->a[0] = -NOBODY;
}
WRONG(program_send, "target", "", "beyond all numbers", NO_SUCH_THREAD)
{
	f->a[0] = 1ull << 62;
}
WRONG(program_send, "target", "", "beyond all groups", NO_SUCH_THREAD)
{
	f->a[0] = -(1ull << 62);
}
WRONG(program_send, "target", "", "the lowest number", INVALID_ARGUMENT)
{
	f->a[0] = 1ull << 63;
}
RIGHT(program_send, "target", "", "a group")
{
	f->a[0] =
		(uint64_t) - (int64_t)twz_sys_program_control(looping_thread, TWZ_PROGRAM_GROUP, 0);
}
RIGHT(program_send, "target", "", "the caller's group")
{
	f->a[0] = 0;
}
RIGHT(program_send, "message", "signal", "0: only asks")
{
	MESSAGE(f)->signal = 0;
}
WRONG(program_send, "message", "signal", "too large", INVALID_ARGUMENT)
{
	MESSAGE(f)->signal = 65;
}
RIGHT(program_send, "message", "code", "any")
{
	MESSAGE(f)->code = -1;
}
RIGHT(program_send, "message", "status", "any")
{
	MESSAGE(f)->status = -1;
}
RIGHT(program_send, "message", "value", "any")
{
	MESSAGE(f)->value = ~0ull;
}
WRONG(program_send, "message", "sender", "not 0", INVALID_ARGUMENT)
{
	MESSAGE(f)->sender = 1;
}
WRONG(program_send, "flags", "", "unknown bits", INVALID_ARGUMENT)
{
	f->a[2] = 4;
}
RIGHT(program_send, "flags", "", "ends who takes nothing")
{
	f->a[2] = TWZ_SEND_END;
}
RIGHT(program_send, "flags", "", "ends everybody")
{
	f->a[2] = TWZ_SEND_KILL;
}

/* ---- program_take ---- */

static void take_prepare(struct fixture *f)
{
	const struct twz_message message = {.signal = 40, .code = -2, .status = 3, .value = 4};

	TAKES(TWZ_TAKES_MESSAGES);
	EQUAL(twz_sys_program_send((int64_t)SELF, &message, 0), 1);
	POINT(f, 0);
}

static void take_check(struct fixture *f)
{
	const struct twz_message *message = STRUCTURE(f, twz_message, 0);

	EQUAL(message->signal, 40);
	EQUAL(message->code, -2);
	EQUAL(message->sender, SELF);
	EQUAL(message->status, 3);
	EQUAL(message->value, 4);
	EQUAL(twz_sys_program_take((struct twz_message *)f->buffer[0]), -TWZ_ERR_NOT_FOUND);
}

static void take_clean(struct fixture *f)
{
	(void)f;
	drain();
}

CALL(program_take, .prepare = take_prepare, .check = take_check, .clean = take_clean);

WRONG(program_take, "message", "", "none waits", NOT_FOUND)
{
	EQUAL(twz_sys_program_take((struct twz_message *)f->buffer[0]), 0);
}

/* ---- program_control ---- */

static void program_prepare(struct fixture *f)
{
	f->view = looping_view();
	f->a[1] = TWZ_PROGRAM_GROUP;
}

CALL(program_control, .prepare = program_prepare, .clean = send_clean);

WRONG(program_control, "number", "", "nobody", NO_SUCH_THREAD)
{
	f->a[0] = NOBODY;
}
WRONG(program_control, "number", "", "of a command for the caller", INVALID_ARGUMENT)
{
	f->a[0] = looping_thread;
	f->a[1] = TWZ_PROGRAM_REPORT;
}
WRONG(program_control, "command", "", "the first unknown one", INVALID_ARGUMENT)
{
	f->a[1] = TWZ_PROGRAM_CRASH + 1;
}
RIGHT(program_control, "command", "", "session of a child")
{
	f->a[0] = looping_thread;
	f->a[1] = TWZ_PROGRAM_SESSION;
}
WRONG(program_control, "command", "", "group of a session's leader", ACCESS_DENIED)
{
	f->a[0] = looping_thread;
	f->a[1] = TWZ_PROGRAM_SET_GROUP;
}
WRONG(program_control, "command", "", "session of a leader", ACCESS_DENIED)
{
	f->a[1] = TWZ_PROGRAM_NEW_SESSION;
}
WRONG(program_control, "command", "", "the crash of a child that runs", NOT_FOUND)
{
	f->a[0] = looping_thread;
	f->a[1] = TWZ_PROGRAM_CRASH;
	f->a[2] = (uint64_t)f->buffer[0];
}
WRONG(program_control, "command", "", "the crash of no child", ACCESS_DENIED)
{
	f->a[0] = SELF;
	f->a[1] = TWZ_PROGRAM_CRASH;
	f->a[2] = (uint64_t)f->buffer[0];
}
WRONG(program_control, "number", "", "the crash of nobody", NO_SUCH_THREAD)
{
	f->a[0] = NOBODY;
	f->a[1] = TWZ_PROGRAM_CRASH;
}
RIGHT(program_control, "argument", "", "report")
{
	f->a[1] = TWZ_PROGRAM_REPORT;
	f->a[2] = 7;
}
WRONG(program_control, "argument", "", "takes unknown kinds", INVALID_ARGUMENT)
{
	f->a[1] = TWZ_PROGRAM_TAKES;
	f->a[2] = 4;
}
WRONG(program_control, "argument", "", "a group beyond all numbers", INVALID_ARGUMENT)
{
	f->a[1] = TWZ_PROGRAM_SET_GROUP;
	f->a[2] = 1ull << 40;
}
WRONG(program_control, "argument", "", "no successor's id", BAD_ADDRESS)
{
	f->a[1] = TWZ_PROGRAM_SUCCESSOR;
	f->a[2] = 8;
}
WRONG(program_control, "argument", "", "an unknown successor", NO_SUCH_OBJECT)
{
	f->a[1] = TWZ_PROGRAM_SUCCESSOR;
	f->a[2] = (uint64_t)f->buffer[0];
	*(struct twz_id *)f->buffer[0] = UNKNOWN_ID;
}
WRONG(program_control, "argument", "", "itself as its successor", INVALID_ARGUMENT)
{
	f->a[1] = TWZ_PROGRAM_SUCCESSOR;
	f->a[2] = (uint64_t)f->buffer[0];
	*(struct twz_id *)f->buffer[0] = own_view();
}
WRONG(program_control, "argument", "", "a successor that runs", INVALID_ARGUMENT)
{
	f->a[1] = TWZ_PROGRAM_SUCCESSOR;
	f->a[2] = (uint64_t)f->buffer[0];
	*(struct twz_id *)f->buffer[0] = f->view;
}
RIGHT(program_control, "argument", "", "no successor any more")
{
	f->a[1] = TWZ_PROGRAM_SUCCESSOR;
}

/* ---- what they come to together ---- */

TEST(plain_messages_merge_and_realtime_ones_queue)
{
	struct twz_message message = {.signal = 12}, taken;

	TAKES(TWZ_TAKES_MESSAGES);
	interrupts_seen = 0;
	EQUAL(twz_sys_program_send((int64_t)SELF, &message, 0), 1);
	CHECK(interrupts_seen >= 1);
	EQUAL(last_interrupt, TWZ_INTERRUPT_MESSAGE);
	EQUAL(twz_sys_program_send((int64_t)SELF, &message, 0), 1);
	message.signal = 40;
	for (message.value = 0; message.value < TWZ_MESSAGE_MAX - 1; message.value++)
		EQUAL(twz_sys_program_send((int64_t)SELF, &message, 0), 1);
	EQUAL(twz_sys_program_send((int64_t)SELF, &message, 0), -TWZ_ERR_OUT_OF_MEMORY);
	EQUAL(twz_sys_program_take(&taken), 0);
	EQUAL(taken.signal, 12);
	for (uint64_t i = 0; i < TWZ_MESSAGE_MAX - 1; i++) {
		EQUAL(twz_sys_program_take(&taken), 0);
		EQUAL(taken.value, i);
	}
	EQUAL(twz_sys_program_take(&taken), -TWZ_ERR_NOT_FOUND);
	drain();
}

TEST(the_end_of_a_child_is_a_message)
{
	struct twz_message taken;
	struct twz_id view;

	TAKES(TWZ_TAKES_MESSAGES | TWZ_TAKES_CHILDREN);
	view = looping_view();
	end_view(view);
	EQUAL(twz_sys_program_take(&taken), 0);
	EQUAL(taken.signal, TWZ_MESSAGE_CHILD);
	EQUAL(taken.code, 2);
	EQUAL(taken.sender, looping_thread);
	EQUAL(taken.status, 9);
	drain();
}

static uint8_t crash_bytes[TWZ_CRASH_MAX];

/* Whatever the stack pointer is, what a fault leaves is told to the parent and to nobody twice. */
TEST(a_fault_leaves_its_registers_and_stack)
{
	static const uint64_t stacks[] = {
		0, 1, 8, 0x3fffffffffff, 0x7ffffffffff0, 0x7fffffffffff,
	};
	const struct twz_crash *crash = (const void *)crash_bytes;

	for (unsigned i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		struct twz_id view = faulted_view(stacks[i]);
		uint64_t number = looping_thread;

		EQUAL(twz_sys_program_control(number, TWZ_PROGRAM_CRASH, 16), -TWZ_ERR_BAD_ADDRESS);
		EQUAL(twz_sys_program_control(number, TWZ_PROGRAM_CRASH, (uint64_t)crash_bytes),
		      (twz_result)sizeof(*crash));
		EQUAL(crash->thread, number);
		EQUAL(crash->image_count, 0);
		EQUAL(crash->stack, stacks[i]);
		EQUAL(crash->registers.rsp, stacks[i]);
		EQUAL(crash->stack_length, 0);
		CHECK(crash->registers.rip >= (uint64_t)SLOT(3) &&
		      crash->registers.rip < (uint64_t)SLOT(4));
		EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
		EQUAL(twz_sys_program_control(number, TWZ_PROGRAM_CRASH, (uint64_t)crash_bytes),
		      -TWZ_ERR_NO_SUCH_THREAD);
	}
}

/* Who was killed by another has no place to name, nor one whose signal is no defect. */
TEST(a_kill_leaves_nothing)
{
	static const int64_t signals[] = {9, 15, 6, 11};

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct twz_id view = looping_view();

		EQUAL(twz_sys_view_kill(view.hi, view.lo, signals[i]), 0);
		wait_for_end(view);
		EQUAL(twz_sys_program_control(looping_thread, TWZ_PROGRAM_CRASH,
					      (uint64_t)crash_bytes),
		      -TWZ_ERR_NOT_FOUND);
		EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
	}
}

/* While its control object is there the number leads to nobody else, and then to nobody. */
TEST(a_number_stays_its_programs)
{
	const struct twz_message message = {0};
	struct twz_id view = looping_view();
	int64_t number = (int64_t)looping_thread;

	EQUAL(twz_sys_program_send(number, &message, 0), 1);
	end_view(view);
	EQUAL(twz_sys_program_send(number, &message, 0), -TWZ_ERR_NO_SUCH_THREAD);
}
