/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the console: lines as they are finished. */
#include "fd/terminal.h"

#define SIGNAL_INTERRUPT 2

static uint8_t bytes[4096]; /* MAX_CANON and more: a line longer than this cannot be typed */
static struct rt_line line = {.bytes = bytes, .capacity = sizeof(bytes)};

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

twz_result rt_terminal_read(uint32_t stream, void *buffer, size_t length, bool wait)
{
	size_t part = 0;
	rt_lock(&rt_locks[RT_LOCK_TERMINAL]);
	twz_result result = fill(stream, wait);
	if (result >= 0) {
		part = line.length - line.taken < length ? line.length - line.taken : length;
		memcpy(buffer, line.bytes + line.taken, part);
		line.taken += part;
		if (line.taken == line.length) {
			line.length = line.taken = 0;
			line.finished = line.end = false;
		}
	}
	rt_unlock(&rt_locks[RT_LOCK_TERMINAL]);
	if (result == RT_ERROR(INTERRUPTED))
		twz_rt_thread_interrupt(twz_rt_thread_number(), SIGNAL_INTERRUPT);
	return result < 0 ? result : (twz_result)part;
}
