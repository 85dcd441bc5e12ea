/* SPDX-License-Identifier: BSD-2-Clause */
/* BLAKE2b (RFC 7693, unkeyed), the derivation of object ids from it, and FNV-1a. */
#include <twz/id.h>

static const uint64_t initial[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t sigma[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t rotate_right(uint64_t value, unsigned bits)
{
	return value >> bits | value << (64 - bits);
}

static void mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate_right(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = rotate_right(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 63);
}

static void compress(struct twz_blake2b *hash, int last)
{
	uint64_t v[16];
	uint64_t m[16];

	/* little-endian words, as the processor has them */
	__builtin_memcpy(m, hash->block, sizeof(m));
	for (int i = 0; i < 8; i++) {
		v[i] = hash->state[i];
		v[i + 8] = initial[i];
	}
	v[12] ^= hash->count;
	if (last)
		v[14] = ~v[14];
	for (int round = 0; round < 12; round++) {
		const uint8_t *s = sigma[round % 10];
		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (int i = 0; i < 8; i++)
		hash->state[i] ^= v[i] ^ v[i + 8];
}

void twz_blake2b_init(struct twz_blake2b *hash, uint32_t length)
{
	for (int i = 0; i < 8; i++)
		hash->state[i] = initial[i];
	hash->state[0] ^= 0x01010000 ^ length;
	hash->count = 0;
	hash->filled = 0;
	hash->length = length;
}

void twz_blake2b_update(struct twz_blake2b *hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	while (size--) {
		if (hash->filled == sizeof(hash->block)) {
			hash->count += sizeof(hash->block);
			compress(hash, 0);
			hash->filled = 0;
		}
		hash->block[hash->filled++] = *bytes++;
	}
}

void twz_blake2b_final(struct twz_blake2b *hash, void *digest)
{
	uint8_t *out = digest;

	hash->count += hash->filled;
	while (hash->filled < sizeof(hash->block))
		hash->block[hash->filled++] = 0;
	compress(hash, 1);
	for (uint32_t i = 0; i < hash->length; i++)
		out[i] = (uint8_t)(hash->state[i / 8] >> (i % 8 * 8));
}

static void update_word(struct twz_blake2b *hash, uint64_t word, int bytes)
{
	uint8_t little[8];

	for (int i = 0; i < bytes; i++)
		little[i] = (uint8_t)(word >> (i * 8));
	twz_blake2b_update(hash, little, (size_t)bytes);
}

struct twz_id twz_id_derive(struct twz_id nonce, struct twz_id owner, uint32_t protections)
{
	struct twz_blake2b hash;
	uint8_t digest[16];
	struct twz_id id = TWZ_ID_NONE;

	twz_blake2b_init(&hash, sizeof(digest));
	update_word(&hash, nonce.hi, 8);
	update_word(&hash, nonce.lo, 8);
	update_word(&hash, owner.hi, 8);
	update_word(&hash, owner.lo, 8);
	update_word(&hash, protections, 4);
	twz_blake2b_final(&hash, digest);
	for (int i = 0; i < 8; i++) {
		id.hi = id.hi << 8 | digest[i];
		id.lo = id.lo << 8 | digest[i + 8];
	}
	if (twz_id_is_none(id))
		id.lo = 1;
	return id;
}

uint64_t twz_fnv1a(uint64_t seed, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	while (size--)
		seed = (seed ^ *bytes++) * 0x100000001b3ull;
	return seed;
}
