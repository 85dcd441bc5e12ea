/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving page-table entries, with their rights, between raw objects (mremap). */
#include <thread.h>
#include "internal.h"
#include "page_map.h"

#define CHUNK 32 /* pages under one hold of the locks */

/* Both locks held. Returns how many pages were moved, or -OUT_OF_MEMORY when not one could be. */
static int64_t move_chunk(struct object *to, uint64_t to_page, struct object *from,
			  uint64_t from_page, uint64_t count)
{
	struct tlb_batch given_up, left;
	uint64_t i;

	tlb_batch_begin(&given_up, to);
	tlb_batch_begin(&left, from);
	for (i = 0; i < count && i < CHUNK; i++) {
		volatile uint64_t *target = page_map_entry(to, to_page + i, true);
		volatile uint64_t *source = page_map_entry(from, from_page + i, false);
		uint64_t moved = 0;

		if (source && *source)
			source = page_map_entry(from, from_page + i, true);
		if (!target || (!source && page_map_entry(from, from_page + i, false)))
			break;
		if (source) {
			moved = *source;
			if (pte_has_frame(moved))
				tlb_batch_narrow(&left, from_page + i);
			page_map_write(from, source, 0);
		}
		if (pte_has_frame(*target))
			tlb_batch_add(&given_up, to_page + i, pte_frame(*target));
		page_map_write(to, target,
			       pte_has_frame(moved) ? pte_make(to, pte_frame(moved),
							       moved & (PTE_RIGHTS | PTE_COPY))
						    : moved & PTE_RIGHTS);
	}
	tlb_batch_finish(&left);
	tlb_batch_finish(&given_up);
	return i ? (int64_t)i : -TWZ_ERR_OUT_OF_MEMORY;
}

twz_result object_move(struct object *to, uint64_t to_offset, struct object *from,
		       uint64_t from_offset, uint64_t length)
{
	twz_result result = object_check_ranges(to, to_offset, from, from_offset, length);
	struct object *first = to < from ? to : from, *second = to < from ? from : to;
	uint64_t count = length / PAGE_SIZE;

	if (result < 0)
		return result;
	if ((to_offset | from_offset | length) % PAGE_SIZE || to->pager || from->pager ||
	    !(to->flags & from->flags & TWZ_OBJECT_RAW))
		return -TWZ_ERR_INVALID_ARGUMENT;
	for (uint64_t done = 0; done < count; done += (uint64_t)result) {
		uint64_t flags = spin_lock(&first->lock), inner = 0;

		if (first != second)
			inner = spin_lock_second(&second->lock);
		result = move_chunk(to, to_offset / PAGE_SIZE + done, from,
				    from_offset / PAGE_SIZE + done, count - done);
		if (first != second)
			spin_unlock(&second->lock, inner);
		spin_unlock(&first->lock, flags);
		if (result < 0)
			return result;
		thread_breathe();
	}
	return TWZ_OK;
}
