/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32C eight bytes at a time. A CRC is linear: the checksums of two blocks that differ in one
 * word differ by the raw CRC of the difference, multiplied by x^64 for each word that follows.
 */
#include "crc32c.h"

#define POLYNOMIAL 0x82f63b78u
#define WORDS	   512

static uint32_t tables[8][256];
static uint32_t powers[WORDS]; /* x^(64 n) modulo the polynomial */

/* The product of two polynomials, bit 31 being x^0. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (unsigned i = 0; i < 32; i++) {
		product ^= b & (0u - (a >> 31));
		a <<= 1;
		b = (b >> 1) ^ (POLYNOMIAL & (0u - (b & 1)));
	}
	return product;
}

/* Advances a raw CRC by the eight bytes of a word, two at a time as the processor names them. */
static inline __attribute__((always_inline)) uint32_t advance(uint32_t crc, uint64_t word)
{
	uint64_t rest = word ^ crc;
	uint32_t next = 0;

#pragma GCC unroll 4
	for (unsigned i = 8; i > 0; i -= 2) {
		next ^= tables[i - 1][rest & 255] ^ tables[i - 2][rest >> 8 & 255];
		rest >>= 16;
		__asm__("" : "+Q"(rest)); /* or the compiler shifts anew for each byte */
	}
	return next;
}

void crc32c_init(void)
{
	if (powers[0])
		return;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1)));
		tables[0][i] = crc;
	}
	for (unsigned table = 1; table < 8; table++)
		for (uint32_t i = 0; i < 256; i++)
			tables[table][i] =
				(tables[table - 1][i] >> 8) ^ tables[0][tables[table - 1][i] & 255];
	uint32_t step = advance(1u << 31, 0); /* x^64 */
	for (unsigned i = 1; i < WORDS; i++)
		powers[i] = multiply(i == 1 ? 1u << 31 : powers[i - 1], step);
	__atomic_store_n(&powers[0], 1u << 31, __ATOMIC_RELEASE);
}

uint32_t crc32c(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint32_t crc = ~0u;

#pragma GCC unroll 4
	for (; length >= 8; length -= 8, at += 8) {
		uint64_t word;
		__builtin_memcpy(&word, at, 8);
		crc = advance(crc, word);
	}
	for (; length > 0; length--)
		crc = (crc >> 8) ^ tables[0][(crc ^ *at++) & 255];
	return ~crc;
}

uint32_t crc32c_difference(uint64_t difference, unsigned behind)
{
	return multiply(powers[behind % WORDS], advance(0, difference));
}
