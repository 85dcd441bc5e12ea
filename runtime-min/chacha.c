/* SPDX-License-Identifier: BSD-2-Clause */
/* The ChaCha20 block function of RFC 8439. */
#include "random.h"

static inline uint32_t rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b, *d = rotate(*d ^ *a, 16);
	*c += *d, *b = rotate(*b ^ *c, 12);
	*a += *b, *d = rotate(*d ^ *a, 8);
	*c += *d, *b = rotate(*b ^ *c, 7);
}

void rt_chacha20_block(const uint32_t state[16], uint8_t out[64])
{
	uint32_t x[16];
	memcpy(x, state, sizeof(x));
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			quarter(&x[i], &x[i + 4], &x[i + 8], &x[i + 12]);
		for (int i = 0; i < 4; i++)
			quarter(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4],
				&x[12 + (i + 3) % 4]);
	}
	for (int i = 0; i < 16; i++) {
		uint32_t word = x[i] + state[i];
		memcpy(out + 4 * i, &word, 4);
	}
}
