/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator of all choices (xorshift64*): the same seed, the same run. */
#ifndef CRASH_RANDOM_H
#define CRASH_RANDOM_H

#include <stdint.h>

static inline uint64_t draw_word(uint64_t *state)
{
	if (*state == 0)
		*state = 0x9e3779b97f4a7c15ull;
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* 0 to below - 1. */
static inline uint64_t draw_below(uint64_t *state, uint64_t below)
{
	return (draw_word(state) >> 32) % below;
}

#endif
