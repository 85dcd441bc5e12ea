/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal's line editing. */
#include <string.h>
#include "../test.h"
#include "fd/terminal.h"

static uint8_t bytes[64];
static struct rt_line line;
static char echoed[4096];
static size_t echo_count;

static const struct twz_rt_terminal *mode; /* NULL: the usual */

static enum rt_line_event type(const char *text, size_t length)
{
	enum rt_line_event event = RT_LINE_MORE;
	line = (struct rt_line){.mode = mode, .bytes = bytes, .capacity = sizeof(bytes)};
	echo_count = 0;
	for (size_t i = 0; i < length; i++) {
		char echo[256];
		size_t count;
		event = rt_line_input(&line, (uint8_t)text[i], echo, &count);
		EXPECT(count <= sizeof(echo) && line.length <= line.capacity);
		memcpy(echoed + echo_count, echo, count);
		echo_count += count;
	}
	return event;
}

#define TYPE(text) type(text, sizeof(text) - 1)
#define EXPECT_LINE(text) \
	EXPECT(line.length == sizeof(text) - 1 && memcmp(bytes, text, line.length) == 0)

static void plain(void)
{
	EXPECT_EQUAL(TYPE("abc"), RT_LINE_MORE);
	EXPECT_EQUAL(TYPE("abc\r"), RT_LINE_FINISHED);
	EXPECT_LINE("abc\n");
	EXPECT(echo_count == 5 && memcmp(echoed, "abc\r\n", 5) == 0);
}

static void erase(void)
{
	TYPE("abx\x7f\b"
	     "c\n");
	EXPECT_LINE("ac\n");
	TYPE("\x7f\x7f\n");
	EXPECT_LINE("\n");
	TYPE("a\xc3\xa9\x7f\n"); /* both bytes of one character */
	EXPECT_LINE("a\n");
	TYPE("one two  \x17"
	     "x\n");
	EXPECT_LINE("one x\n");
	TYPE("one two\x15\n");
	EXPECT_LINE("\n");
}

static void ends(void)
{
	EXPECT_EQUAL(TYPE("\x04"), RT_LINE_FINISHED);
	EXPECT(line.end && line.length == 0);
	EXPECT_EQUAL(TYPE("ab\x04"), RT_LINE_FINISHED);
	EXPECT_LINE("ab");
	EXPECT_EQUAL(TYPE("ab\x03"), RT_LINE_INTERRUPT);
	EXPECT_LINE("");
}

static void long_line(void)
{
	static char text[1000];
	memset(text, 'x', sizeof(text));
	EXPECT_EQUAL(type(text, sizeof(text)), RT_LINE_MORE);
	EXPECT_EQUAL(line.length, sizeof(bytes) - 1);
	text[999] = '\n';
	EXPECT_EQUAL(type(text, sizeof(text)), RT_LINE_FINISHED);
	EXPECT_EQUAL(line.length, sizeof(bytes));
}

static void modes(void)
{
	struct twz_rt_terminal changed = rt_terminal_usual;

	mode = &changed;
	changed.flags &= ~TWZ_TERMINAL_ECHO;
	EXPECT_EQUAL(TYPE("a\x7f"
			  "b\r"),
		     RT_LINE_FINISHED);
	EXPECT_LINE("b\n");
	EXPECT_EQUAL(echo_count, 0);
	changed.flags &= ~(TWZ_TERMINAL_SIGNALS | TWZ_TERMINAL_CR_TO_NL);
	EXPECT_EQUAL(TYPE("a\r\x03"), RT_LINE_MORE); /* neither ends a line nor interrupts */
	EXPECT_LINE("a");
	changed = rt_terminal_usual;
	changed.erase = '#';
	changed.kill = 0;
	EXPECT_EQUAL(TYPE("ab#c\x15\n"), RT_LINE_FINISHED);
	EXPECT_LINE("ac\n");
	mode = NULL;
}

int main(void)
{
	static const struct test tests[] = {
		{plain, "a line and its echo"},
		{erase, "erase, word erase, kill"},
		{ends, "end of file and interrupt"},
		{long_line, "a line longer than its room"},
		{modes, "echo, signals, carriage returns, other characters"},
	};
	return RUN_TESTS(tests);
}
