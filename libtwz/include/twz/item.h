/* SPDX-License-Identifier: BSD-2-Clause */
/* What the B+tree and the hash map share: a key and its value in a block of their own. */
#ifndef TWZ_ITEM_H
#define TWZ_ITEM_H

#include <stdint.h>

#define TWZ_ITEM_KEY_MAX 1024 /* bytes */

struct twz_item {
	uint32_t key_length, value_length;
	uint8_t bytes[]; /* the key, then the value */
};

#endif
