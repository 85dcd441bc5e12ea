/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of the calls for time, information, randomness, streams and the host's files. */
#include "cases.h"

/* ---- clock_read ---- */

static void clock_prepare(struct fixture *f)
{
	f->a[0] = TWZ_CLOCK_MONOTONIC;
}

static void clock_check(struct fixture *f)
{
	CHECK(f->result > 0);
}

CALL(clock_read, .prepare = clock_prepare, .check = clock_check);

RIGHT(clock_read, "clock", "", "real time")
{
	f->a[0] = TWZ_CLOCK_REALTIME;
}
RIGHT(clock_read, "clock", "", "thread")
{
	f->a[0] = TWZ_CLOCK_THREAD;
}
RIGHT(clock_read, "clock", "", "program")
{
	f->a[0] = TWZ_CLOCK_PROGRAM;
}
WRONG(clock_read, "clock", "", "unknown", INVALID_ARGUMENT)
{
	f->a[0] = 99;
}
WRONG(clock_read, "clock", "", "huge", INVALID_ARGUMENT)
{
	f->a[0] = ~0ull;
}

/* ---- system_info, system_command_line, system_shutdown ---- */

static void info_prepare(struct fixture *f)
{
	POINT(f, 0);
}

static void info_check(struct fixture *f)
{
	EQUAL(STRUCTURE(f, twz_system_info, 0)->abi.major, TWZ_ABI_MAJOR);
}

CALL(system_info, .prepare = info_prepare, .check = info_check);

static void line_prepare(struct fixture *f)
{
	POINT(f, 0);
	f->a[1] = sizeof(f->buffer[0]);
	f->reach[0] = 4;
}

static void line_check(struct fixture *f)
{
	const char *line = (const char *)f->buffer[0];

	CHECK(f->result > 0);
	for (uint64_t i = 0; i < f->a[1] && i < (uint64_t)f->result; i++)
		CHECK(line[i] >= ' ');
}

CALL(system_command_line, .prepare = line_prepare, .check = line_check);

RIGHT(system_command_line, "length", "", "0")
{
	f->a[1] = 0;
}
RIGHT(system_command_line, "length", "", "1")
{
	f->a[1] = 1;
}
RIGHT(system_command_line, "length", "", "huge: as long as the line")
{
	f->a[1] = ~0ull;
}

static void shutdown_prepare(struct fixture *f)
{
	f->a[0] = 2;
}

static void shutdown_run(void)
{
	/* the end of this boot is the success, with its code: see main.c and lib.sh */
	EQUAL(twz_sys_system_shutdown(2, 0), -TWZ_ERR_INVALID_ARGUMENT);
}

CALL(system_shutdown, .prepare = shutdown_prepare, .run = shutdown_run);

WRONG(system_shutdown, "action", "", "unknown", INVALID_ARGUMENT)
{
	f->a[0] = 2;
}
WRONG(system_shutdown, "action", "", "huge", INVALID_ARGUMENT)
{
	f->a[0] = ~0ull;
}
SHOWN(system_shutdown, "code", "", "the end of the boot");

/* ---- random_read ---- */

static void random_prepare(struct fixture *f)
{
	POINT(f, 0);
	f->a[1] = 64;
	f->reach[0] = 64;
}

static void random_check(struct fixture *f)
{
	uint64_t all = 0;

	EQUAL(f->result, f->a[1]);
	for (unsigned i = 0; i < 8; i++)
		all |= f->buffer[0][i];
	CHECK(!f->a[1] || all);
}

CALL(random_read, .prepare = random_prepare, .check = random_check);

RIGHT(random_read, "length", "", "0")
{
	f->a[1] = 0;
}
WRONG(random_read, "length", "", "past what is mapped", BAD_ADDRESS)
{
	f->a[0] = USER_LAST - PAGE;
	f->a[1] = PAGE;
}
WRONG(random_read, "length", "", "overflow", BAD_ADDRESS)
{
	f->a[1] = ~0ull;
}

/* ---- streams: the console, and the port "test", which has input and throws output away ---- */

static uint32_t port(void)
{
	long number = twz_sys_stream_find("test", 4);

	return number < 0 ? (uint32_t)twz_sys_stream_find("console", 7) : (uint32_t)number;
}

static void find_prepare(struct fixture *f)
{
	memcpy(f->buffer[0], "console", 8);
	POINT(f, 0);
	f->a[1] = 7;
	f->reach[0] = 7;
}

CALL(stream_find, .prepare = find_prepare);

WRONG(stream_find, "name", "", "unknown", NOT_FOUND)
{
	memcpy(f->buffer[0], "konsole", 8);
}
WRONG(stream_find, "length", "", "0", NOT_FOUND)
{
	f->a[1] = 0;
}
WRONG(stream_find, "length", "", "too long", NAME_TOO_LONG)
{
	f->a[1] = 500;
}
WRONG(stream_find, "length", "", "huge", NAME_TOO_LONG)
{
	f->a[1] = ~0ull;
}

static void read_prepare(struct fixture *f)
{
	f->a[0] = port();
	POINT(f, 1);
	f->a[2] = 8;
	f->reach[1] = 8;
	f->a[3] = TWZ_FOREVER;
}

static void read_run(void)
{
	struct twz_stream_stat stat = {0};
	struct fixture f = {0};
	uint8_t byte = 0;

	read_prepare(&f);
	EQUAL(twz_sys_stream_stat((uint32_t)f.a[0], &stat), 0);
	if (stat.kind == TWZ_STREAM_PORT) {
		EQUAL(twz_sys_stream_read((uint32_t)f.a[0], &byte, 1, TWZ_FOREVER), 1);
		EQUAL(byte, 'x');
		EQUAL(twz_sys_stream_read((uint32_t)f.a[0], &byte, 0, 0), 0);
	}
	/* the console has no input in these boots */
	f.a[0] = (uint64_t)twz_sys_stream_find("console", 7);
	EQUAL(twz_sys_stream_read((uint32_t)f.a[0], &byte, 1, 0), -TWZ_ERR_WOULD_BLOCK);
	EQUAL(twz_sys_stream_read((uint32_t)f.a[0], &byte, 1, 1), -TWZ_ERR_TIMED_OUT);
}

CALL(stream_read, .prepare = read_prepare, .run = read_run);

WRONG(stream_read, "stream", "", "unknown", BAD_HANDLE)
{
	f->a[0] = 1000;
}
WRONG(stream_read, "stream", "", "huge", BAD_HANDLE)
{
	f->a[0] = ~0ull;
}
WRONG(stream_read, "length", "", "overflow", BAD_ADDRESS)
{
	f->a[1] = USER_LAST - 8;
	f->a[2] = ~0ull;
}
SHOWN(stream_read, "deadline", "", "0, past");

static void write_prepare(struct fixture *f)
{
	memcpy(f->buffer[1], "\n", 1);
	f->a[0] = port();
	POINT(f, 1);
	f->a[2] = 2;
	f->reach[1] = 2;
}

static void write_check(struct fixture *f)
{
	EQUAL(f->result, f->a[2]);
}

CALL(stream_write, .prepare = write_prepare, .check = write_check);

WRONG(stream_write, "stream", "", "unknown", BAD_HANDLE)
{
	f->a[0] = 1000;
}
RIGHT(stream_write, "length", "", "0")
{
	f->a[2] = 0;
}
WRONG(stream_write, "length", "", "overflow", BAD_ADDRESS)
{
	f->a[2] = ~0ull;
}

static void stream_stat_prepare(struct fixture *f)
{
	f->a[0] = port();
	POINT(f, 1);
}

static void stream_stat_check(struct fixture *f)
{
	CHECK(STRUCTURE(f, twz_stream_stat, 1)->name[0]);
}

CALL(stream_stat, .prepare = stream_stat_prepare, .check = stream_stat_check);

WRONG(stream_stat, "stream", "", "unknown", BAD_HANDLE)
{
	f->a[0] = 1000;
}

static void stream_control_prepare(struct fixture *f)
{
	f->a[0] = port();
	f->a[1] = TWZ_STREAM_OUTPUT_END;
	f->a[2] = 0;
}

static void stream_control_check(struct fixture *f)
{
	(void)f;
	EQUAL(twz_sys_stream_control((uint32_t)port(), TWZ_STREAM_INPUT_FROM, 0), 0);
	EQUAL(twz_sys_stream_control((uint32_t)port(), TWZ_STREAM_OUTPUT_END, 0), 0);
}

CALL(stream_control, .prepare = stream_control_prepare, .check = stream_control_check);

RIGHT(stream_control, "command", "", "input from")
{
	f->a[1] = TWZ_STREAM_INPUT_FROM;
}
RIGHT(stream_control, "command", "", "input ends")
{
	f->a[1] = TWZ_STREAM_INPUT_END;
	f->a[2] = ~0ull;
}

RIGHT(stream_control, "command", "", "events")
{
	f->a[1] = TWZ_STREAM_EVENTS;
	f->a[2] = (uint64_t)f->buffer[0];
}
RIGHT(stream_control, "command", "", "events of the console")
{
	f->a[0] = (uint64_t)twz_sys_stream_find("console", 7);
	f->a[1] = TWZ_STREAM_EVENTS;
	f->a[2] = (uint64_t)f->buffer[0];
}

WRONG(stream_control, "stream", "", "unknown", BAD_HANDLE)
{
	f->a[0] = 1000;
}
WRONG(stream_control, "stream", "", "no port", NOT_SUPPORTED)
{
	f->a[0] = (uint64_t)twz_sys_stream_find("console", 7);
}
WRONG(stream_control, "command", "", "unknown", INVALID_ARGUMENT)
{
	f->a[1] = 4;
}
WRONG(stream_control, "argument", "", "no place for the events' id", BAD_ADDRESS)
{
	f->a[1] = TWZ_STREAM_EVENTS;
	f->a[2] = 16;
}
WRONG(stream_control, "argument", "", "neither 0 nor 1", INVALID_ARGUMENT)
{
	f->a[2] = 2;
}

/* ---- the host's files: an attachment that each success gives back ---- */

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (; bytes; bytes--, value >>= 8)
		*at++ = (uint8_t)value;
	return at;
}

/* size[4] type[1] tag[2], then Tattach: fid afid uname aname n_uname */
static uint64_t attach(uint8_t *message)
{
	uint8_t *at = put(put(put(message, 0, 4), 104, 1), 1, 2);

	at = put(put(put(put(put(at, 7, 4), ~0u, 4), 0, 2), 0, 2), 0, 4);
	put(message, (uint64_t)(at - message), 4);
	return (uint64_t)(at - message);
}

static bool has_host(void)
{
	struct twz_host_info info;

	return twz_sys_host_info(0, &info) == 0;
}

static void call_prepare(struct fixture *f)
{
	f->a[0] = 0;
	f->a[2] = attach((uint8_t *)f->buffer[1]);
	f->reach[1] = f->a[2];
	POINT(f, 1);
	POINT(f, 3);
	f->a[4] = sizeof(f->buffer[3]);
	f->reach[3] = 20;
}

static void call_clean(struct fixture *f)
{
	uint8_t message[16], reply[64];

	(void)f;
	put(put(put(put(message, 11, 4), 120, 1), 1, 2), 7, 4);
	twz_sys_host_call(0, message, 11, reply, sizeof(reply)); /* Tclunk, if it is there */
}

static void call_check(struct fixture *f)
{
	const uint8_t *reply = (const uint8_t *)f->buffer[3];

	CHECK(f->result > 7);
	EQUAL(reply[4], 105); /* Rattach */
}

CALL(host_call, .prepare = call_prepare, .check = call_check, .clean = call_clean);

WRONG(host_call, "device", "", "unknown", NOT_FOUND)
{
	f->a[0] = 99;
}
WRONG(host_call, "request", "", "of no known type", NOT_SUPPORTED)
{
	((uint8_t *)f->buffer[1])[4] = 255;
}
WRONG(host_call, "request", "", "cut short", BAD_FORMAT)
{
	f->a[2]--;
	put((uint8_t *)f->buffer[1], f->a[2], 4);
}
WRONG(host_call, "request", "", "with a length of its own", BAD_FORMAT)
{
	put((uint8_t *)f->buffer[1], f->a[2] + 1, 4);
}
WRONG(host_call, "length", "", "0", INVALID_ARGUMENT)
{
	f->a[2] = 0;
}
WRONG(host_call, "length", "", "huge", INVALID_ARGUMENT)
{
	f->a[2] = ~0ull;
}
WRONG(host_call, "capacity", "", "0", NO_SPACE)
{
	f->a[4] = 0;
}
WRONG(host_call, "capacity", "", "overflow", BAD_ADDRESS)
{
	f->a[4] = ~0ull;
}

static void host_info_prepare(struct fixture *f)
{
	f->a[0] = 0;
	POINT(f, 1);
}

static void host_info_check(struct fixture *f)
{
	CHECK(STRUCTURE(f, twz_host_info, 1)->message_size >= 4096);
}

CALL(host_info, .prepare = host_info_prepare, .check = host_info_check);

WRONG(host_info, "device", "", "past the last", NOT_FOUND)
{
	f->a[0] = 99;
}
WRONG(host_info, "device", "", "huge", NOT_FOUND)
{
	f->a[0] = ~0ull;
}

TEST(these_boots_have_every_device)
{
	CHECK(has_host());
	CHECK(twz_sys_stream_find("test", 4) > 0);
}
