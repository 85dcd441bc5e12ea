/* SPDX-License-Identifier: BSD-2-Clause */
/* Absurd arguments to every call: the kernel answers with an error and lives. */
#include "describe.h"
#include "test.h"

/* Calls that are right to do what they are told: end, sleep, switch off. */
static bool leave_out(uint64_t number)
{
	return number == TWZ_SYS_view_exit || number == TWZ_SYS_thread_exit ||
	       number == TWZ_SYS_upcall_return || number == TWZ_SYS_view_set_upcall ||
	       number == TWZ_SYS_thread_interrupt || number == TWZ_SYS_system_shutdown ||
	       number == TWZ_SYS_program_send || number == TWZ_SYS_stream_write ||
	       number == TWZ_SYS_stream_read || number == TWZ_SYS_handler_return ||
	       number == TWZ_SYS_view_kill; /* view 0 is the caller's */
}

static const uint64_t absurd[] = {
	0,
	1,
	7,
	0xfff,
	0x1000,
	0x400000,
	0x7fffffffffff,
	0x800000000000,
	0xffff800000000000,
	0xffff880000000000,
	0xffffffff80200000,
	0xffffffffffffffff,
	0xfffffffffffff000,
	0x8000000000000000,
	0x4000000000,
	0xffffffff,
};

static uint64_t state = 88172645463325252ull;

static uint64_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

TEST(absurd_arguments_get_errors)
{
	static const struct twz_upcall_target none = {0};

	for (unsigned n = 0; n < call_count; n++) {
		if (leave_out(calls[n].number))
			continue;
		for (int round = 0; round < 60; round++) {
			uint64_t arguments[6];

			for (int i = 0; i < 6; i++)
				arguments[i] = absurd[random_word() % 16];
			/* thread_control would move FS or the upcall stack; these are put back
			 * below */
			if (calls[n].number == TWZ_SYS_thread_sync)
				arguments[2] = 0;
			raw_call(calls[n].number, arguments);
		}
	}
	(void)none;
	twz_sys_thread_control(TWZ_THREAD_SET_FS, 0);
	twz_sys_thread_control(TWZ_THREAD_ROBUST_LIST, 0);
	twz_sys_thread_control(TWZ_THREAD_CLEAR_WORD, 0);
	faults_init();
}

TEST(unknown_calls_are_refused)
{
	const uint64_t none[6] = {0};

	EQUAL(raw_call(0, none), -TWZ_ERR_NO_SUCH_SYSCALL);
	EQUAL(raw_call(0xfff, none), -TWZ_ERR_NO_SUCH_SYSCALL);
	EQUAL(raw_call(0x1fff, none), -TWZ_ERR_NO_SUCH_SYSCALL);
	EQUAL(raw_call(~0ull, none), -TWZ_ERR_NO_SUCH_SYSCALL);
}

TEST(information_is_plausible)
{
	struct twz_system_info info;
	char line[64];
	uint8_t random[16] = {0};
	uint64_t a, b;

	EQUAL(twz_sys_system_info(&info), 0);
	EQUAL(info.abi.major, TWZ_ABI_MAJOR);
	CHECK(info.cpus >= 1 && info.pages_free < info.pages_total && info.boot_nanoseconds > 0);
	CHECK(twz_sys_system_command_line(line, sizeof(line)) > 0);
	a = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
	b = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
	CHECK(b >= a);
	/* after 2024 */
	CHECK((uint64_t)twz_sys_clock_read(TWZ_CLOCK_REALTIME) > 1704067200000000000ull);
	CHECK(twz_sys_clock_read(TWZ_CLOCK_THREAD) > 0);
	CHECK(twz_sys_clock_read(TWZ_CLOCK_PROGRAM) > 0);
	EQUAL(twz_sys_clock_read(99), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_random_read(random, sizeof(random)), sizeof(random));
	CHECK(random[0] | random[1] | random[2] | random[3] | random[4] | random[5]);
}
