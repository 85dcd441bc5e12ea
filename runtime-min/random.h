/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that need not be secret, and ChaCha20 (RFC 8439), which makes them. */
#ifndef RT_RANDOM_H
#define RT_RANDOM_H

#include "internal.h"

RT_BEGIN

/* One block of key stream; state: constants, key, counter and nonce as in RFC 8439, section 2.3. */
void rt_chacha20_block(const uint32_t state[16], uint8_t out[64]);

/*
 * As twz_rt_random; on a machine without random hardware the bytes differ from call to call and
 * program to program, but can be guessed.
 */
twz_result rt_random_weak(void *buffer, size_t length);

RT_END

#endif
