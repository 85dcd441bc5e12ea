/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to the console, and what a freestanding program owes its compiler. */
#include <twz/sys.h>
#include "print.h"

static long console = -1;

void *memset(void *to, int byte, unsigned long length)
{
	char *p = to;

	for (unsigned long i = 0; i < length; i++)
		p[i] = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, unsigned long length)
{
	char *d = to;
	const char *s = from;

	for (unsigned long i = 0; i < length; i++)
		d[i] = s[i];
	return to;
}

int memcmp(const void *a, const void *b, unsigned long length)
{
	const unsigned char *x = a, *y = b;

	while (length && *x == *y) {
		x++;
		y++;
		length--;
	}
	return length ? *x - *y : 0;
}

void print(const char *text)
{
	unsigned long length = 0;

	while (text[length])
		length++;
	if (console < 0)
		console = twz_sys_stream_find("console", 7);
	twz_sys_stream_write((uint32_t)console, text, length);
}

void print_number(long number)
{
	char text[24], *at = text + sizeof(text) - 1;
	unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;

	*at = 0;
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		*--at = '-';
	print(at);
}
