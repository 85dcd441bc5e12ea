/* SPDX-License-Identifier: BSD-2-Clause */
/* Object ids and checksums: BLAKE2b-128 (RFC 7693) and FNV-1a 64. Pure; shared with the kernel. */
#ifndef TWZ_ID_H
#define TWZ_ID_H

#include <twizzler/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct twz_blake2b {
	uint64_t state[8];
	uint64_t count;
	uint8_t block[128];
	uint32_t filled;
	uint32_t length; /* of the digest in bytes, 1 to 64 */
};
void twz_blake2b_init(struct twz_blake2b *hash, uint32_t length);
void twz_blake2b_update(struct twz_blake2b *hash, const void *data, size_t size);
/* Writes hash->length bytes. */
void twz_blake2b_final(struct twz_blake2b *hash, void *digest);

/* All at once: the digest of `size` bytes. */
static inline void twz_blake2b(void *digest, uint32_t length, const void *data, size_t size)
{
	struct twz_blake2b hash;

	twz_blake2b_init(&hash, length);
	twz_blake2b_update(&hash, data, size);
	twz_blake2b_final(&hash, digest);
}

/* The id of the object with this nonce, owner key and protections (twz_object_meta). Never none. */
struct twz_id twz_id_derive(struct twz_id nonce, struct twz_id owner, uint32_t protections);

/* FNV-1a, continued from `seed`; start with TWZ_FNV_START. */
#define TWZ_FNV_START 0xcbf29ce484222325ull
uint64_t twz_fnv1a(uint64_t seed, const void *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
