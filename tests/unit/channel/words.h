/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines and the words they split into, which init and x86_64-twizzler-run must agree on. */
#ifndef TESTS_CHANNEL_WORDS_H
#define TESTS_CHANNEL_WORDS_H

#define WORDS_MOST 5

struct words_case {
	const char *line;
	int count; /* -1: a quote is open */
	const char *words[WORDS_MOST];
};

static const struct words_case words_cases[] = {
	{"", 0, {0}},
	{" \t\r\n", 0, {0}},
	{"# a comment", 0, {0}},
	{"one", 1, {"one"}},
	{"  one  two\n", 2, {"one", "two"}},
	{"one # two", 1, {"one"}},
	{"one#two", 1, {"one#two"}},
	{"'a b' \"c d\"", 2, {"a b", "c d"}},
	{"a'b c'd", 1, {"ab cd"}},
	{"'' \"\"", 2, {"", ""}},
	{"a\\ b \\# \\'", 3, {"a b", "#", "'"}},
	{"'a\\b'", 1, {"a\\b"}},
	{"\"a\\\"b\"", 1, {"a\"b"}},
	{"'open", -1, {0}},
	{"\"open", -1, {0}},
	{"a 'b", -1, {0}},
	{"1 2 3 4 5", 5, {"1", "2", "3", "4", "5"}},
};

#define WORDS_CASES (sizeof(words_cases) / sizeof(*words_cases))

#endif
