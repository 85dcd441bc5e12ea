/* SPDX-License-Identifier: BSD-2-Clause */
/* ChaCha20 (RFC 8439), for machines whose kernel has no random hardware to offer. Pure. */
#ifndef RT_RANDOM_H
#define RT_RANDOM_H

#include "internal.h"

RT_BEGIN

/* One block of key stream; state: constants, key, counter and nonce as in RFC 8439, section 2.3. */
void rt_chacha20_block(const uint32_t state[16], uint8_t out[64]);

RT_END

#endif
