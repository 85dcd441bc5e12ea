/* SPDX-License-Identifier: BSD-2-Clause */
/* memcmp, eight bytes at a time; musl's goes byte by byte. */
#include <stdint.h>
#include <string.h>

typedef uint64_t word __attribute__((may_alias, aligned(1)));
typedef uint32_t half __attribute__((may_alias, aligned(1)));

/* The first byte that differs is the highest one once the words are big-endian. */
static int order(uint64_t a, uint64_t b)
{
	a = __builtin_bswap64(a);
	b = __builtin_bswap64(b);
	return a < b ? -1 : a > b;
}

int memcmp(const void *left, const void *right, size_t length)
{
	const unsigned char *a = left, *b = right;

	if (length >= 8) {
		size_t last = length - 8;
		for (size_t at = 0; at < last; at += 8) {
			uint64_t x = *(const word *)(a + at), y = *(const word *)(b + at);
			if (x != y)
				return order(x, y);
		}
		return order(*(const word *)(a + last), *(const word *)(b + last));
	}
	if (length >= 4) {
		uint32_t x = *(const half *)a, y = *(const half *)b;
		if (x == y) {
			x = *(const half *)(a + length - 4);
			y = *(const half *)(b + length - 4);
		}
		return order(x, y);
	}
	for (; length != 0; a++, b++, length--)
		if (*a != *b)
			return *a - *b;
	return 0;
}
