/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and string functions. */
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *result = to;
	size_t words = length / 8;

	length &= 7;
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
	return result;
}

void *memmove(void *to, const void *from, size_t length)
{
	char *d = to;
	const char *s = from;

	if (d <= s || d >= s + length)
		return memcpy(to, from, length);
	while (length--)
		d[length] = s[length];
	return to;
}

void *memset(void *to, int byte, size_t length)
{
	void *p = to;
	size_t words = length / 8;

	length &= 7;
	__asm__ volatile("rep stosq"
			 : "+D"(p), "+c"(words)
			 : "a"(0x0101010101010101ull * (uint8_t)byte)
			 : "memory");
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(length) : "a"(byte) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < length; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t length = 0;

	while (s[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t length)
{
	for (; length; length--, a++, b++) {
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
	return 0;
}

void string_copy(char *to, const char *from, size_t size)
{
	size_t i = 0;

	for (; i + 1 < size && from[i]; i++)
		to[i] = from[i];
	to[i] = 0;
}
