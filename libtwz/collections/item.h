/* SPDX-License-Identifier: BSD-2-Clause */
/* Items: keys and values in blocks of their own, of the B+tree and the hash map. */
#ifndef LIBTWZ_ITEM_H
#define LIBTWZ_ITEM_H

#include "bytes.h"
#include <twz/item.h>

#define ITEM_IN_PLACE 128 /* bytes of a value that are logged rather than made anew */

/* The key and value of the item that a word leads to; false: CORRUPT. */
static inline bool item_read(const uint8_t *start, twz_iptr word, struct bytes *key,
			     struct bytes *value)
{
	const struct twz_item *item = part_of(start, word, sizeof(*item));

	if (!item)
		return false;
	key->data = item->bytes;
	key->length = load32(&item->key_length);
	value->data = item->bytes + key->length;
	value->length = load32(&item->value_length);
	return key->length <= TWZ_ITEM_KEY_MAX &&
	       key->length + value->length <= HEAP_LIMIT - word - sizeof(*item);
}

/* A new item in a block of at least `least` bytes, key and value copied; its offset, or 0: see the
 * stage's result. */
twz_iptr item_make(struct twz_stage *stage, uint64_t least, struct bytes key, struct bytes value);

/* Whether a value that is there can be changed in its place; if so, that is staged and applied. */
bool item_replace(struct twz_stage *stage, struct bytes old, struct bytes value,
		  twz_result *result);

/* Whether a key and value of these lengths can be put. INVALID_ARGUMENT, TOO_MANY. */
twz_result item_check(size_t key_length, size_t value_length);

#endif
