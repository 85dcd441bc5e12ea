/* SPDX-License-Identifier: BSD-2-Clause */
/* memcpy, memmove, memcmp and strcspn: every short length, some long ones, all ways to overlap and
 * to be aligned. */
#ifndef COPY_CHECKS_H
#define COPY_CHECKS_H

#include "check.h"

#define COPY_ROOM 4096

/* By pointers that the compiler does not see through. */
static void *(*volatile copy_far)(void *, const void *, size_t) = memcpy;
static void *(*volatile copy_any)(void *, const void *, size_t) = memmove;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static size_t (*volatile span_without)(const char *, const char *) = strcspn;

/* Whether only the bytes at `to` have changed, and to those that were at `from`. */
static int copies(size_t to, size_t from, size_t length)
{
	static unsigned char bytes[COPY_ROOM], wanted[COPY_ROOM];
	size_t distance = to > from ? to - from : from - to;

	for (size_t i = 0; i < COPY_ROOM; i++)
		bytes[i] = (unsigned char)((i * 131 + length) >> 1);
	for (size_t i = 0; i < COPY_ROOM; i++)
		wanted[i] = i - to < length ? bytes[from + (i - to)] : bytes[i];
	void *result = (distance < length ? copy_any : copy_far)(bytes + to, bytes + from, length);
	for (size_t i = 0; i < COPY_ROOM; i++)
		if (bytes[i] != wanted[i])
			return 0;
	return result == bytes + to;
}

static void check_copies(void)
{
	unsigned wrong = 0;

	for (size_t length = 0; length < 1200; length += length < 80 ? 1 : 67)
		for (size_t to = 0; to < 18; to += 3)
			for (size_t from = 0; from < 18; from += 5) {
				wrong += !copies(1500 + to, 1500 + from, length);
				wrong += !copies(1500 + to + length / 3, 1500 + from, length);
				wrong += !copies(1500 + to, 1500 + from + length / 3, length);
				wrong += !copies(2800 + to, 1500 + from, length);
			}
	CHECK(wrong == 0);
}

static void check_compares(void)
{
	unsigned char a[96], b[96];
	unsigned wrong = 0;

	for (size_t length = 0; length < 80; length++)
		for (size_t start = 0; start < 9; start++)
			for (size_t at = 0; at <= length; at++) {
				/* what comes behind the first difference says nothing */
				memset(a, 7, sizeof(a));
				memset(b, 7, sizeof(b));
				a[start + at] = 0x80;
				b[start + at + 1] = 0xff;
				int result = compare(a + start, b + start, length);
				int back = compare(b + start, a + start, length);
				wrong += at < length ? result <= 0 || back >= 0
						     : result != 0 || back != 0;
			}
	CHECK(wrong == 0);
}

/* The text is `length` bytes that are not of the set, then a byte of the set, then others; and
 * nothing of the set at all. What is before the text says nothing. */
static void check_spans(void)
{
	static const char *const sets[] = {"", "q", "qQ", "Qq", "\xff\x80", "qQx", "01234567\xe9"};
	char bytes[96];
	unsigned wrong = 0;

	for (size_t which = 0; which < sizeof sets / sizeof *sets; which++)
		for (size_t start = 0; start < 18; start++)
			for (size_t length = 0; length < 70; length++)
				for (const char *stop = sets[which];; stop++) {
					memset(bytes, length % 2 ? 'a' : 1, sizeof(bytes));
					memset(bytes, *sets[which], start);
					bytes[start + length] = *stop;
					bytes[start + length + 1] = *sets[which];
					bytes[start + length + 2] = '\0';
					wrong += span_without(bytes + start, sets[which]) != length;
					if (!*stop)
						break;
				}
	CHECK(wrong == 0);
}

#endif
