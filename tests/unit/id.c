/* SPDX-License-Identifier: BSD-2-Clause */
/* BLAKE2b against RFC 7693's vector and Python's hashlib, FNV-1a against its published vectors. */
#include "test.h"
#include <string.h>
#include <twz/id.h>

static void blake2b_512_of_abc(void)
{
	static const uint8_t expected[] = {0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d};
	struct twz_blake2b hash;
	uint8_t digest[64];

	twz_blake2b_init(&hash, 64);
	twz_blake2b_update(&hash, "abc", 3);
	twz_blake2b_final(&hash, digest);
	EXPECT(memcmp(digest, expected, sizeof(expected)) == 0);
}

/* hashlib.blake2b(bytes(range(256)) * 2, digest_size=16).hexdigest() */
static void blake2b_128_over_blocks(void)
{
	static const uint8_t expected[16] = {0x43, 0xd6, 0xc8, 0xc9, 0xd7, 0x1d, 0x2b, 0xf4,
					     0x82, 0xbc, 0x9f, 0xdc, 0xb3, 0x5a, 0x54, 0x96};
	struct twz_blake2b hash;
	uint8_t digest[16];

	twz_blake2b_init(&hash, 16);
	for (int i = 0; i < 512; i++) {
		uint8_t byte = (uint8_t)i;
		twz_blake2b_update(&hash, &byte, 1);
	}
	twz_blake2b_final(&hash, digest);
	EXPECT(memcmp(digest, expected, sizeof(expected)) == 0);
}

static void ids_depend_on_everything(void)
{
	struct twz_id a = {1, 2}, b = {1, 3};
	struct twz_id id = twz_id_derive(a, TWZ_ID_NONE, 3);

	EXPECT(twz_id_equal(id, twz_id_derive(a, TWZ_ID_NONE, 3)));
	EXPECT(!twz_id_equal(id, twz_id_derive(b, TWZ_ID_NONE, 3)));
	EXPECT(!twz_id_equal(id, twz_id_derive(a, b, 3)));
	EXPECT(!twz_id_equal(id, twz_id_derive(a, TWZ_ID_NONE, 7)));
}

static void fnv1a_vectors(void)
{
	EXPECT(twz_fnv1a(TWZ_FNV_START, "", 0) == 0xcbf29ce484222325ull);
	EXPECT(twz_fnv1a(TWZ_FNV_START, "a", 1) == 0xaf63dc4c8601ec8cull);
	EXPECT(twz_fnv1a(TWZ_FNV_START, "foobar", 6) == 0x85944171f73967e8ull);
}

static const struct test tests[] = {
	{blake2b_512_of_abc, "BLAKE2b-512 of abc is RFC 7693's"},
	{blake2b_128_over_blocks, "BLAKE2b-128 over several blocks"},
	{ids_depend_on_everything, "an id depends on nonce, owner and protections"},
	{fnv1a_vectors, "FNV-1a 64 vectors"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
