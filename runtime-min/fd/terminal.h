/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's input: line editing with echo, erase, kill, end of file, interrupt (POSIX canonical
 * mode), or byte by byte. */
#ifndef RT_TERMINAL_H
#define RT_TERMINAL_H

#include "internal.h"

RT_BEGIN

/* Reads from a finished line, waiting for one; 0 after Ctrl-D on an empty line. */
twz_result rt_terminal_read(uint32_t stream, void *buffer, size_t length, bool wait);
/*
 * Whether a read would find something: takes what has been typed so far. False while another thread
 * reads, which has it then.
 */
bool rt_terminal_ready(uint32_t stream);
/* Bytes of finished lines that nobody has read. */
size_t rt_terminal_pending(void);

/* TWZ_FD_GET_TERMINAL and its like. BAD_ADDRESS, INVALID_ARGUMENT. */
twz_result rt_terminal_mode(uint32_t command, uint64_t argument, uint32_t stream);

/* How a program finds it. */
extern const struct twz_rt_terminal rt_terminal_usual;

/* The line under work; pure, for the tests. */
struct rt_line {
	const struct twz_rt_terminal *mode; /* NULL: the usual */
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
