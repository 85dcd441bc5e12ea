/* SPDX-License-Identifier: BSD-2-Clause */
/* Random streams, and the words that break things. */
#include "fuzz.h"

uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t z = a + 0x9e3779b97f4a7c15ull * (b + 1);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) | 1;
}

uint64_t draw(struct context *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random;
}

uint64_t below(struct context *c, uint64_t limit)
{
	return (draw(c) >> 16) % limit;
}

bool chance(struct context *c, unsigned one_in)
{
	return below(c, one_in) == 0;
}

static const uint64_t edges[] = {
	0,
	1,
	7,
	8,
	0xfff,
	0x1000,
	0x1001,
	0x200000,
	0x3fffffff,
	0x40000000,
	0x40000001,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffefff,
	0x7fffffffffff,
	0x800000000000,
	0xffff7fffffffffff,
	0xffff800000000000,
	0xffff880000000000,
	0xffffffff80000000,
	0xffffffff80200000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xfffffffffffff000,
	0xfffffffffffffff8,
	0xffffffffffffffff,
};

uint64_t weird(struct context *c)
{
	uint64_t edge = edges[below(c, sizeof(edges) / sizeof(edges[0]))];

	switch (below(c, 8)) {
	case 0:
		return draw(c);
	case 1:
		return draw(c) & 0xffff;
	case 2:
		return edge + below(c, 64) - 32;
	case 3:
		return 1ull << below(c, 64);
	case 4:
		return (uint64_t)SLOT(SLOT_PLAY + below(c, PLAY_SLOTS)) + below(c, 1ull << 30);
	default:
		return edge;
	}
}
