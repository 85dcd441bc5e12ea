/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal's line under work: what each input byte does to it, and its echo. */
#include "fd/terminal.h"

#define ERASE_ONE "\b \b"

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE		0x7f

/* Takes the last character back, all its bytes where it is UTF-8. */
static void erase(struct rt_line *line, char *echo, size_t *echo_length)
{
	if (line->length == 0)
		return;
	do
		line->length--;
	while (line->length != 0 && (line->bytes[line->length] & 0xc0) == 0x80);
	if (*echo_length + 3 <= 256) {
		memcpy(echo + *echo_length, ERASE_ONE, 3);
		*echo_length += 3;
	}
}

static void append(struct rt_line *line, uint8_t byte, char *echo, size_t *echo_length)
{
	/* One byte stays free for the newline. */
	if (line->length + 1 >= line->capacity)
		return;
	line->bytes[line->length++] = byte;
	echo[(*echo_length)++] = (char)byte;
}

enum rt_line_event rt_line_input(struct rt_line *line, uint8_t byte, char *echo,
				 size_t *echo_length)
{
	*echo_length = 0;
	switch (byte) {
	case '\r':
	case '\n':
		line->bytes[line->length++] = '\n';
		memcpy(echo, "\r\n", 2);
		*echo_length = 2;
		line->finished = true;
		return RT_LINE_FINISHED;
	case CONTROL('d'):
		line->end = true;
		line->finished = true;
		return RT_LINE_FINISHED;
	case CONTROL('c'):
		line->length = 0;
		memcpy(echo, "^C\r\n", 4);
		*echo_length = 4;
		return RT_LINE_INTERRUPT;
	case '\b':
	case DELETE:
		erase(line, echo, echo_length);
		return RT_LINE_MORE;
	case CONTROL('u'):
		while (line->length != 0)
			erase(line, echo, echo_length);
		return RT_LINE_MORE;
	case CONTROL('w'):
		while (line->length != 0 && line->bytes[line->length - 1] == ' ')
			erase(line, echo, echo_length);
		while (line->length != 0 && line->bytes[line->length - 1] != ' ')
			erase(line, echo, echo_length);
		return RT_LINE_MORE;
	}
	if (byte >= ' ' || byte == '\t')
		append(line, byte, echo, echo_length);
	return RT_LINE_MORE;
}
