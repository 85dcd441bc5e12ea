/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a heap is whole; see subject.h. */
#include "subject.h"
#include <twz/alloc.h>

#define BLOCKS (16u << 10) /* of 16 bytes: as far as a check follows a heap */

static uint8_t uses[BLOCKS];

static const char *use(uint64_t data)
{
	uint64_t index = (data - TWZ_BASE_OFFSET) / 16;

	if (data < TWZ_BASE_OFFSET || data % 16 != 0 || index >= BLOCKS)
		return "a pointer leads nowhere";
	return uses[index]++ ? "a block is used twice" : NULL;
}

static uint64_t size_of(uint64_t tag)
{
	uint64_t power = 32ull << (tag & 0xffff) / 2;

	return tag & 1 ? power + power / 2 : power;
}

const char *heap_check(const uint8_t *start, const uint64_t *owners, size_t count)
{
	const struct twz_object_meta *meta = (const void *)(start + TWZ_META_OFFSET);
	const struct twz_heap *heap = (const void *)(start + meta->heap);
	if (meta->heap < TWZ_BASE_OFFSET || meta->heap > TWZ_BASE_OFFSET + BLOCKS * 16)
		return "the heap's place is wrong";
	uint64_t at = ((uint64_t)((const uint8_t *)(heap + 1) - start) + 15) / 16 * 16, used = 0;
	const char *wrong = NULL;

	if (heap->end < at || heap->end > TWZ_BASE_OFFSET + BLOCKS * 16)
		return "the heap's end is wrong";
	memset(uses, 0, (heap->end - TWZ_BASE_OFFSET) / 16);
	for (size_t i = 0; i < count && !wrong; i++) {
		wrong = owners[i] ? use(owners[i]) : NULL;
		used += owners[i] != 0;
	}
	for (unsigned class = 0; class < TWZ_HEAP_CLASSES && !wrong; class ++) {
		for (uint64_t free = heap->free[class]; free != 0 && !wrong; used++) {
			wrong = use(free);
			if (!wrong)
				free = ((const struct twz_block *)(start + free))[-1].next;
		}
	}
	for (; at < heap->end && !wrong; used--) {
		const struct twz_block *block = (const void *)(start + at);
		if ((block->size_class & ~0xffffull) != TWZ_BLOCK_MAGIC)
			return "a block's header is torn";
		if (uses[(at + sizeof(*block) - TWZ_BASE_OFFSET) / 16] != 1)
			return "a block is lost";
		at += size_of(block->size_class);
	}
	if (wrong)
		return wrong;
	if (at != heap->end)
		return "the blocks do not fill the heap";
	return used == 0 ? NULL : "a pointer leads into a block";
}
