/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four byte functions that the compiler calls by itself, for libtwz_rt.so and programs without
 * libstd-c; weak, so that libstd-c's win.
 */
#include "internal.h"

#define WEAK __attribute__((weak))

WEAK void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *start = to;
	size_t words = length / 8;
	length %= 8;
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
	return start;
}

WEAK void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *d = to;
	const unsigned char *s = from;
	if (d <= s || d >= s + length)
		return memcpy(to, from, length);
	for (; length >= 8; length -= 8) {
		uint64_t word;
		__builtin_memcpy(&word, s + length - 8, 8);
		__builtin_memcpy(d + length - 8, &word, 8);
	}
	while (length-- != 0) {
		d[length] = s[length];
		__asm__ volatile("" : : : "memory"); /* not to become a call of this function */
	}
	return to;
}

WEAK void *memset(void *to, int byte, size_t length)
{
	void *start = to;
	uint64_t word = (uint8_t)byte * 0x0101010101010101ull;
	size_t words = length / 8;
	length %= 8;
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(word) : "memory");
	return start;
}

WEAK int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;
	for (size_t i = 0; i < length; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
