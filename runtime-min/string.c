/* SPDX-License-Identifier: BSD-2-Clause */
/* The four byte functions that the compiler calls by itself; weak, so that libstd-c's win. */
#include "internal.h"

#define RT_WEAK __attribute__((weak))

RT_WEAK void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *start = to;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
	return start;
}

RT_WEAK void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *d = to;
	const unsigned char *s = from;
	if (d == s || length == 0)
		return to;
	if (d < s || d >= s + length)
		return memcpy(to, from, length);
	while (length-- != 0) {
		d[length] = s[length];
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

RT_WEAK void *memset(void *to, int byte, size_t length)
{
	void *start = to;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(byte) : "memory");
	return start;
}

RT_WEAK int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;
	for (size_t i = 0; i < length; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
