/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal's line under work: what each input byte does to it, and its echo. */
#include "fd/terminal.h"

#define ERASE_ONE "\b \b"

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE		0x7f

const struct twz_rt_terminal rt_terminal_usual = {
	.flags = TWZ_TERMINAL_CANONICAL | TWZ_TERMINAL_ECHO | TWZ_TERMINAL_SIGNALS |
		 TWZ_TERMINAL_CR_TO_NL,
	.minimum = 1,
	.interrupt = CONTROL('c'),
	.end = CONTROL('d'),
	.erase = DELETE,
	.kill = CONTROL('u'),
	.word_erase = CONTROL('w'),
};

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

static void erase_word(struct rt_line *line, char *echo, size_t *echo_length)
{
	while (line->length != 0 && line->bytes[line->length - 1] == ' ')
		erase(line, echo, echo_length);
	while (line->length != 0 && line->bytes[line->length - 1] != ' ')
		erase(line, echo, echo_length);
}

static void append(struct rt_line *line, uint8_t byte, char *echo, size_t *echo_length)
{
	/* One byte stays free for the newline. */
	if (line->length + 1 >= line->capacity)
		return;
	line->bytes[line->length++] = byte;
	echo[(*echo_length)++] = (char)byte;
}

static bool is(uint8_t byte, uint8_t character)
{
	return character != 0 && byte == character;
}

static enum rt_line_event take(struct rt_line *line, const struct twz_rt_terminal *mode,
			       uint8_t byte, char *echo, size_t *echo_length)
{
	if ((mode->flags & TWZ_TERMINAL_SIGNALS) && is(byte, mode->interrupt)) {
		line->length = 0;
		memcpy(echo, "^C\r\n", 4);
		*echo_length = 4;
		return RT_LINE_INTERRUPT;
	}
	if (byte == '\n') {
		line->bytes[line->length++] = '\n';
		memcpy(echo, "\r\n", 2);
		*echo_length = 2;
		line->finished = true;
		return RT_LINE_FINISHED;
	}
	if (is(byte, mode->end)) {
		line->end = true;
		line->finished = true;
		return RT_LINE_FINISHED;
	}
	/* both keys that terminals send for it, while it has its usual character */
	if (is(byte, mode->erase) || (byte == '\b' && mode->erase == DELETE))
		erase(line, echo, echo_length);
	else if (is(byte, mode->kill))
		while (line->length != 0)
			erase(line, echo, echo_length);
	else if (is(byte, mode->word_erase))
		erase_word(line, echo, echo_length);
	else if (byte >= ' ' || byte == '\t')
		append(line, byte, echo, echo_length);
	return RT_LINE_MORE;
}

enum rt_line_event rt_line_input(struct rt_line *line, uint8_t byte, char *echo,
				 size_t *echo_length)
{
	const struct twz_rt_terminal *mode = line->mode != NULL ? line->mode : &rt_terminal_usual;
	*echo_length = 0;
	if (byte == '\r' && (mode->flags & TWZ_TERMINAL_CR_TO_NL))
		byte = '\n';
	enum rt_line_event event = take(line, mode, byte, echo, echo_length);
	if (!(mode->flags & TWZ_TERMINAL_ECHO))
		*echo_length = 0;
	return event;
}
