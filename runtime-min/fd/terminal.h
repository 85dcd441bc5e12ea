/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's line editing: echo, erase, kill, end of file, interrupt (POSIX canonical mode). */
#ifndef RT_TERMINAL_H
#define RT_TERMINAL_H

#include "internal.h"

RT_BEGIN

/* Reads from a finished line, waiting for one; 0 after Ctrl-D on an empty line. */
twz_result rt_terminal_read(uint32_t stream, void *buffer, size_t length, bool wait);
/* Bytes of finished lines that nobody has read. */
size_t rt_terminal_pending(void);

/* The line under work; pure, for the tests. */
struct rt_line {
	uint8_t *bytes;
	size_t length, capacity;
	size_t taken; /* of a finished line */
	bool finished;
	bool end; /* Ctrl-D ended it */
};

enum rt_line_event {
	RT_LINE_MORE = 0,
	RT_LINE_FINISHED = 1,
	RT_LINE_INTERRUPT = 2,
};

/*
 * Takes one byte of input. *echo: up to 256 bytes to be written to the terminal. A full line takes
 * nothing but its end.
 */
enum rt_line_event rt_line_input(struct rt_line *line, uint8_t byte, char *echo,
				 size_t *echo_length);

RT_END

#endif
