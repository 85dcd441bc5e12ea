/* SPDX-License-Identifier: BSD-2-Clause */
/* Regular expressions, character sets, the locale "C" and its UTF-8 sister. */
#ifndef TEXT_CHECKS_H
#define TEXT_CHECKS_H

#include <ctype.h>
#include <iconv.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <regex.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>
#include "check.h"

struct regex_case {
	const char *pattern, *text;
	int flags;
	int from[2], to[2]; /* of the match and the first group; -1: none */
};

static const struct regex_case regex_cases[] = {
	{"b+", "abbbc", REG_EXTENDED, {1, -1}, {4, -1}},
	{"a(b|c)d", "xacdx", REG_EXTENDED, {1, 2}, {4, 3}},
	{"^a.*z$", "abcz", REG_EXTENDED, {0, -1}, {4, -1}},
	{"^b", "ab", REG_EXTENDED, {-1, -1}, {-1, -1}},
	{"(x*)*y", "xxy", REG_EXTENDED, {0, 0}, {3, 2}},
	{"[[:digit:]]{2,3}", "a1b1234", REG_EXTENDED, {3, -1}, {6, -1}},
	{"[^a-c]+", "abcdef", REG_EXTENDED, {3, -1}, {6, -1}},
	{"HeLLo", "say hello", REG_EXTENDED | REG_ICASE, {4, -1}, {9, -1}},
	{"\\(a\\)\\1", "baab", 0, {1, 1}, {3, 2}},
	{"a+", "a+", 0, {0, -1}, {2, -1}},
	{"a|ab|abc", "abcd", REG_EXTENDED, {0, -1}, {3, -1}}, /* the longest */
	{"^b$", "a\nb\nc", REG_EXTENDED | REG_NEWLINE, {2, -1}, {3, -1}},
	{"()", "", REG_EXTENDED, {0, 0}, {0, 0}},
	{"[a-c]+", "xBAC", REG_EXTENDED | REG_ICASE, {1, -1}, {4, -1}},
	{"a.c", "a\nc", REG_EXTENDED | REG_NEWLINE, {-1, -1}, {-1, -1}},
	{"a[^b]c", "a\nc", REG_EXTENDED | REG_NEWLINE, {-1, -1}, {-1, -1}},
	{"a[^b]c", "a\nc", REG_EXTENDED, {0, -1}, {3, -1}},
};

static void check_regex(void)
{
	static const struct {
		const char *pattern;
		int error;
		const char *text;
	} wrong[] = {{"(", REG_EPAREN, "Missing ')'"},
		     {"[a", REG_EBRACK, "Missing ']'"},
		     {"a{2,1}", REG_BADBR, "Invalid contents of {}"},
		     {"*a", REG_BADRPT, "Repetition not preceded by valid expression"},
		     {"[[:no:]]", REG_ECTYPE, "Unknown character class name"},
		     {"\\", REG_EESCAPE, "Trailing backslash"}};
	char text[64];
	regex_t regex;

	for (size_t i = 0; i < sizeof regex_cases / sizeof *regex_cases; i++) {
		const struct regex_case *c = &regex_cases[i];
		regmatch_t match[2] = {{-1, -1}, {-1, -1}};

		CHECK(regcomp(&regex, c->pattern, c->flags) == 0);
		CHECK(regexec(&regex, c->text, 2, match, 0) == (c->from[0] < 0 ? REG_NOMATCH : 0));
		if (c->from[0] >= 0)
			CHECK(match[0].rm_so == c->from[0] && match[0].rm_eo == c->to[0] &&
			      match[1].rm_so == c->from[1] && match[1].rm_eo == c->to[1]);
		regfree(&regex);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int error = regcomp(&regex, wrong[i].pattern, REG_EXTENDED);

		CHECK(error == wrong[i].error);
		CHECK(regerror(error, NULL, text, sizeof text) == strlen(wrong[i].text) + 1);
		CHECK(!strcmp(text, wrong[i].text));
	}
}

/* Converts; returns the bytes made, or -errno and how many bytes of input were taken in *taken. */
static long convert(const char *to, const char *from, const char *in, size_t length, char *out,
		    size_t capacity, size_t *taken)
{
	iconv_t converter = iconv_open(to, from);
	char *input = (char *)in, *output = out;
	size_t left = length, room = capacity;

	if (converter == (iconv_t)-1)
		return -errno;
	size_t result = iconv(converter, &input, &left, &output, &room);
	long error = result == (size_t)-1 ? -errno : 0;
	iconv_close(converter);
	*taken = length - left;
	return error ? error : (long)(capacity - room);
}

static void check_iconv(void)
{
	char out[32];
	size_t taken;

	CHECK(convert("UTF-16LE", "UTF-8", "a\xc3\xa4\xf0\x9f\x98\x80", 7, out, 32, &taken) == 8);
	CHECK(!memcmp(out, "a\0\xe4\0\x3d\xd8\x00\xde", 8));
	CHECK(convert("UTF-8", "ISO-8859-1", "\xe4\xf6", 2, out, 32, &taken) == 4);
	CHECK(!memcmp(out, "\xc3\xa4\xc3\xb6", 4));
	CHECK(convert("UTF-8", "SHIFT_JIS", "\x93\xfa", 2, out, 32, &taken) == 3);
	CHECK(!memcmp(out, "\xe6\x97\xa5", 3));
	CHECK(convert("UTF-32BE", "UTF-8", "\xe2\x82\xac", 3, out, 32, &taken) == 4);
	CHECK(!memcmp(out, "\0\0\x20\xac", 4));
	CHECK(convert("UTF-16LE", "UTF-8", "ab\xff", 3, out, 32, &taken) == -EILSEQ && taken == 2);
	CHECK(convert("UTF-16LE", "UTF-8", "ab\xc3", 3, out, 32, &taken) == -EINVAL && taken == 2);
	CHECK(convert("UTF-16LE", "UTF-8", "abc", 3, out, 4, &taken) == -E2BIG && taken == 2);
	CHECK(convert("UTF-8", "NO-SUCH-SET", "", 0, out, 0, &taken) == -EINVAL);
}

static void check_locale(void)
{
	const struct lconv *conventions = localeconv();
	mbstate_t state = {0};
	char bytes[MB_LEN_MAX];
	wchar_t wide;

	CHECK(!strcmp(setlocale(LC_ALL, NULL), "C"));
	CHECK(!strcmp(conventions->decimal_point, ".") && !*conventions->thousands_sep);
	CHECK(!strcmp(nl_langinfo(RADIXCHAR), ".") && !strcmp(nl_langinfo(DAY_1), "Sunday"));
	CHECK(strcoll("B", "a") < 0 && strtod("1.5", NULL) == 1.5);
	CHECK(toupper('a') == 'A' && toupper(0xe4) == 0xe4 && !isalpha(0xe4));
	CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL && MB_CUR_MAX == 4);
	CHECK(!strcmp(nl_langinfo(CODESET), "UTF-8"));
	CHECK(mbrtowc(&wide, "\xc3\xa4", 2, &state) == 2 && wide == 0xe4);
	CHECK(mbrtowc(&wide, "\xc3", 1, &state) == (size_t)-2);
	CHECK(mbrtowc(&wide, "\xa4", 1, &state) == 1 && wide == 0xe4);
	CHECK(mbrtowc(&wide, "\xff", 1, &state) == (size_t)-1 && errno == EILSEQ);
	/* too long for what it says, half a pair, beyond the last one */
	static const char *const wrong[] = {"\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		state = (mbstate_t){0};
		CHECK(mbrtowc(&wide, wrong[i], 4, &state) == (size_t)-1 && errno == EILSEQ);
	}
	CHECK(wcrtomb(bytes, 0x20ac, NULL) == 3 && !memcmp(bytes, "\xe2\x82\xac", 3));
	CHECK(towupper(0xe4) == 0xc4 && iswalpha(0x3b1) && iswspace(0x2003) && !iswdigit(0x660));
	CHECK(wcwidth(0x65e5) == 2 && wcwidth(0x301) == 0 && wcwidth('a') == 1);
	CHECK(setlocale(LC_ALL, "C") != NULL);
}

#endif
