/* SPDX-License-Identifier: BSD-2-Clause */
/* Items: made and changed. */
#include "item.h"

twz_iptr item_make(struct twz_stage *stage, uint64_t least, struct bytes key, struct bytes value)
{
	uint64_t size = sizeof(struct twz_item) + key.length + value.length;
	struct twz_item *item = twz_stage_alloc(stage, size < least ? least : size, size);

	if (!item)
		return 0;
	item->key_length = (uint32_t)key.length;
	item->value_length = (uint32_t)value.length;
	copy_bytes(item->bytes, key.length, key);
	copy_bytes(item->bytes + key.length, value.length, value);
	return twz_stage_offset(stage, item);
}

bool item_replace(struct twz_stage *stage, struct bytes old, struct bytes value, twz_result *result)
{
	if (old.length != value.length || value.length > ITEM_IN_PLACE)
		return false;
	if (value.length != 0)
		copy_bytes(twz_stage_bytes(stage, old.data, old.length), old.length, value);
	*result = twz_stage_apply(stage);
	return true;
}

twz_result item_check(size_t key_length, size_t value_length)
{
	if (key_length > TWZ_ITEM_KEY_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (value_length > TWZ_HEAP_LARGEST - TWZ_ITEM_KEY_MAX - sizeof(struct twz_item))
		return -TWZ_ERR_TOO_MANY;
	return TWZ_OK;
}
