/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the console: lines as they are finished, or bytes as they come. */
#include "fd/terminal.h"

#define SIGNAL_INTERRUPT 2
#define TENTH		 100000000ull

static uint8_t bytes[4096]; /* MAX_CANON and more: a line longer than this cannot be typed */
/* All under RT_LOCK_TERMINAL; who asks how much there is only looks. */
static struct twz_rt_terminal mode;
static struct rt_line line = {.bytes = bytes, .capacity = sizeof(bytes)};

static const struct twz_rt_terminal *current(void)
{
	return line.mode != NULL ? line.mode : &rt_terminal_usual;
}

size_t rt_terminal_pending(void)
{
	size_t pending = __atomic_load_n(&line.length, __ATOMIC_RELAXED);
	size_t taken = __atomic_load_n(&line.taken, __ATOMIC_RELAXED);
	return __atomic_load_n(&line.finished, __ATOMIC_RELAXED) && pending > taken
		       ? pending - taken
		       : 0;
}

static twz_result fill(uint32_t stream, bool wait)
{
	while (!line.finished) {
		uint8_t byte;
		char echo[256];
		size_t echo_length;
		twz_result got = twz_sys_stream_read(stream, &byte, 1, wait ? TWZ_FOREVER : 0);
		if (got == RT_ERROR(TIMED_OUT))
			return RT_ERROR(WOULD_BLOCK);
		if (got < 0 && got != RT_ERROR(END_OF_STREAM))
			return got;
		if (got <= 0) {
			line.end = line.finished = true;
			return 0;
		}
		enum rt_line_event event = rt_line_input(&line, byte, echo, &echo_length);
		if (echo_length != 0)
			twz_sys_stream_write(stream, echo, echo_length);
		if (event == RT_LINE_INTERRUPT)
			return RT_ERROR(INTERRUPTED);
	}
	return 0;
}

/* Takes from the line what there is of it. */
static size_t take_line(void *buffer, size_t length)
{
	size_t part = line.length - line.taken < length ? line.length - line.taken : length;
	memcpy(buffer, line.bytes + line.taken, part);
	line.taken += part;
	if (line.taken == line.length) {
		line.length = line.taken = 0;
		line.finished = line.end = false;
	}
	return part;
}

/* Does what the mode says with bytes that came; how many stay. *interrupt: one was the signal's. */
static size_t convert(uint32_t stream, uint8_t *at, size_t count, bool *interrupt)
{
	const struct twz_rt_terminal *how = current();
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if ((how->flags & TWZ_TERMINAL_SIGNALS) && how->interrupt != 0 &&
		    at[i] == how->interrupt) {
			*interrupt = true;
			continue;
		}
		at[kept++] = at[i] == '\r' && (how->flags & TWZ_TERMINAL_CR_TO_NL) ? '\n' : at[i];
	}
	if ((how->flags & TWZ_TERMINAL_ECHO) && kept != 0)
		twz_sys_stream_write(stream, at, kept);
	return kept;
}

/* When a read of bytes that has got so many gives up; 0: what is there is enough. */
static uint64_t patience(size_t got, size_t want, bool wait)
{
	uint64_t pause = current()->tenths * TENTH;
	if (!wait || (got >= want && got != 0) || (want == 0 && pause == 0))
		return 0;
	if (pause == 0 || (want != 0 && got == 0))
		return TWZ_FOREVER;
	return twz_rt_clock(TWZ_CLOCK_MONOTONIC) + pause;
}

/* Bytes as they come (POSIX.1-2017, 11.1.7): at least `minimum`, or what came within the time. */
static twz_result read_bytes(uint32_t stream, uint8_t *buffer, size_t length, bool wait)
{
	size_t want = current()->minimum < length ? current()->minimum : length;
	size_t got = take_line(buffer, length);
	bool interrupt = false;
	while (got < length && !interrupt) {
		uint64_t deadline = patience(got, want, wait);
		twz_result more = twz_sys_stream_read(stream, buffer + got, length - got, deadline);
		if (more == RT_ERROR(TIMED_OUT) || more == RT_ERROR(WOULD_BLOCK)) {
			if (got == 0 && !wait && want != 0)
				return RT_ERROR(WOULD_BLOCK);
			break;
		}
		if (more < 0 && more != RT_ERROR(END_OF_STREAM) && got == 0)
			return more;
		if (more <= 0 || (uint64_t)more > length - got)
			break;
		got += convert(stream, buffer + got, (size_t)more, &interrupt);
		if (deadline == 0)
			break;
	}
	if (interrupt && got == 0)
		return RT_ERROR(INTERRUPTED);
	if (interrupt)
		twz_rt_thread_interrupt(twz_rt_thread_number(), SIGNAL_INTERRUPT);
	return (twz_result)got;
}

twz_result rt_terminal_read(uint32_t stream, void *buffer, size_t length, bool wait)
{
	rt_lock(&rt_locks[RT_LOCK_TERMINAL]);
	twz_result result;
	if (!(current()->flags & TWZ_TERMINAL_CANONICAL)) {
		result = read_bytes(stream, buffer, length, wait);
	} else {
		result = fill(stream, wait);
		if (result >= 0)
			result = (twz_result)take_line(buffer, length);
	}
	rt_unlock(&rt_locks[RT_LOCK_TERMINAL]);
	if (result == RT_ERROR(INTERRUPTED))
		twz_rt_thread_interrupt(twz_rt_thread_number(), SIGNAL_INTERRUPT);
	return result;
}

bool rt_terminal_ready(uint32_t stream)
{
	struct twz_stream_stat stat;
	twz_result result = 0;
	bool ready;
	if (!rt_try_lock(&rt_locks[RT_LOCK_TERMINAL]))
		return rt_terminal_pending() != 0;
	if (current()->flags & TWZ_TERMINAL_CANONICAL) {
		result = fill(stream, false);
		ready = line.finished;
	} else {
		ready = line.length > line.taken ||
			(twz_sys_stream_stat(stream, &stat) >= 0 && stat.readable != 0);
	}
	rt_unlock(&rt_locks[RT_LOCK_TERMINAL]);
	if (result == RT_ERROR(INTERRUPTED))
		twz_rt_thread_interrupt(twz_rt_thread_number(), SIGNAL_INTERRUPT);
	return ready;
}

static void drop_input(uint32_t stream)
{
	uint8_t dropped[256];
	line.length = line.taken = 0;
	line.finished = line.end = false;
	while (twz_sys_stream_read(stream, dropped, sizeof(dropped), 0) > 0)
		;
}

twz_result rt_terminal_mode(uint32_t command, uint64_t argument, uint32_t stream)
{
	const uint32_t flags = TWZ_TERMINAL_CANONICAL | TWZ_TERMINAL_ECHO | TWZ_TERMINAL_SIGNALS |
			       TWZ_TERMINAL_CR_TO_NL;
	struct twz_rt_terminal *user = (struct twz_rt_terminal *)argument;
	twz_result result = 0;
	if (command != TWZ_FD_DROP_INPUT && !rt_user_pointer(user, sizeof(*user)))
		return RT_ERROR(BAD_ADDRESS);
	rt_lock(&rt_locks[RT_LOCK_TERMINAL]);
	if (command == TWZ_FD_GET_TERMINAL) {
		*user = *current();
	} else if (command == TWZ_FD_DROP_INPUT) {
		drop_input(stream);
	} else if ((user->flags & ~flags) || user->reserved != 0) {
		result = RT_ERROR(INVALID_ARGUMENT);
	} else {
		bool bytes_until_now = !(current()->flags & TWZ_TERMINAL_CANONICAL);
		mode = *user;
		line.mode = &mode;
		/* What has been typed of a line can be read at once; what is left of one that was
		 * read by bytes counts as a line, as on Linux. */
		if (!(mode.flags & TWZ_TERMINAL_CANONICAL))
			line.finished = line.end = false;
		else if (bytes_until_now)
			line.finished = line.length > line.taken;
	}
	rt_unlock(&rt_locks[RT_LOCK_TERMINAL]);
	return result;
}
