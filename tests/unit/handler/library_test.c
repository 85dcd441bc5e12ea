/* SPDX-License-Identifier: BSD-2-Clause */
/* The handler library on the host: the formatter against printf, appends against the buffer's end.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "run.h"

/* The manifest's outputs, which handler.ld gathers in a handler. */
const struct twz_handler_output test_outputs[] = {{TWZ_OUTPUT_APPEND, "/a"},
						  {TWZ_OUTPUT_APPEND, "/log/b"}};
__asm__(".globl twz_outputs_start, twz_outputs_end\n"
	".set twz_outputs_start, test_outputs\n"
	".set twz_outputs_end, test_outputs + 32\n");
_Static_assert(sizeof(test_outputs) == 32, "the end of test_outputs");

static struct {
	struct twz_handler_entry entry;
	uint64_t buffer[8];
} run;

struct twz_handler_entry *run_entry(void)
{
	return &run.entry;
}

static int failures, checks;

static void check(bool good, const char *what)
{
	checks++;
	if (good)
		return;
	failures++;
	fprintf(stderr, "FAIL %s\n", what);
}

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#define SAME(size, ...)                                                             \
	do {                                                                        \
		char ours[512], theirs[512];                                        \
		memset(ours, 'z', sizeof(ours));                                    \
		memset(theirs, 'z', sizeof(theirs));                                \
		int a = twz_format(ours, size, __VA_ARGS__),                        \
		    b = snprintf(theirs, size, __VA_ARGS__);                        \
		check(a == b && !memcmp(ours, theirs, sizeof(ours)), #__VA_ARGS__); \
	} while (0)

static void format(void)
{
	SAME(100, "plain");
	SAME(3, "plain");
	SAME(1, "plain");
	SAME(100, "%d %i %u", 0, -5, 7u);
	SAME(100, "%d %ld %lld", INT32_MIN, INT64_MIN, INT64_MIN);
	SAME(100, "%u %lu %zu", UINT32_MAX, UINT64_MAX, (size_t)9);
	SAME(100, "%hhd %hd %hhu %hu", 300, 70000, 300, 70000);
	SAME(100, "%x %X %#x %#X %#x %o %#o", 255, 255, 255, 255, 0, 8, 8);
	SAME(100, "[%5d] [%-5d] [%05d] [%+d] [% d] [%+5d]", 42, 42, 42, 42, 42, 42);
	SAME(100, "[%.3d] [%8.3d] [%-8.3d] [%.0d] [%08.3d]", 7, 7, 7, 0, 7);
	SAME(100, "[%*d] [%-*d] [%.*d]", 6, 1, 6, 2, 3, 4);
	SAME(100, "[%*d]", -6, 1);
	SAME(100, "[%s] [%10s] [%-10s] [%.2s] [%.*s]", "abc", "abc", "abc", "abc", 1, "abc");
	SAME(100, "[%c] [%3c] [%-3c] %%", 'a', 'b', 'c');
	SAME(100, "%p", (void *)0x1234);
	SAME(100, "%08x|%#010x|%-#8x|", 0xbeef, 0xbeef, 0xbeef);
	SAME(10, "%50d", 5);
	SAME(100, "%lx %jd %td", UINT64_MAX, (intmax_t)-1, (ptrdiff_t)-2);
	check(twz_format(NULL, 0, "%d", 12345) == 5, "no buffer: only the length");
	check(twz_format((char[10]){0}, 10, "%f", 1.0) < 0, "%f is unknown");
	check(twz_format((char[10]){0}, 10, "%2000000000d", 1) == 2000000000,
	      "a huge width is quick");
}

static void appends(struct twz_handler_entry *entry)
{
	struct twz_handler_append *record;
	char long_text[4000];

	entry->output = (uint64_t)run.buffer;
	entry->output_size = sizeof(run.buffer);
	check(twz_append("/log/b", "%lu\n", 17ul) == 0, "an append");
	record = (void *)entry->output;
	check(record->output == 1 && record->length == 3 && !memcmp(record + 1, "17\n", 3),
	      "its record");
	check(entry->output_used == 16, "records are padded to 8 bytes");
	check(twz_append("/none", "x") == -TWZ_ERR_ACCESS_DENIED, "an undeclared file");
	check(twz_append("/log/bb", "x") == -TWZ_ERR_ACCESS_DENIED, "a longer name");
	check(twz_append("/log", "x") == -TWZ_ERR_ACCESS_DENIED, "a shorter name");
	check(entry->output_used == 16, "a refused append leaves nothing");
	check(twz_append_bytes("/a", "0123456789012345678901234567890123456789", 40) == 0,
	      "up to the last byte");
	check(entry->output_used == 64, "the buffer is full");
	check(twz_append("/a", "x") == -TWZ_ERR_NO_SPACE, "full");
	check(twz_append("/a", "%s", "") == -TWZ_ERR_NO_SPACE, "full for an empty text too");
	entry->output_used = 56;
	check(twz_append("/a", "x") == -TWZ_ERR_NO_SPACE, "no room behind the record's header");
	entry->output_used = 0;
	memset(long_text, 'l', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	check(twz_append("/a", "%s", long_text) == -TWZ_ERR_NO_SPACE,
	      "a text longer than the buffer");
	check(twz_append_bytes("/a", long_text, ~0ull) == -TWZ_ERR_NO_SPACE, "an absurd length");
	check(entry->output_used == 0, "nothing of them stays");
}

int main(void)
{
	format();
	appends(&run.entry);
	printf("handler library: %d checks, %d failures\n", checks, failures);
	return failures != 0;
}
