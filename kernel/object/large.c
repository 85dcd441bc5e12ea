/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large pages: a directory entry that maps 2 MiB at once. The rules:
 *
 * Promote: a touch of a 2 MiB part of which nothing is there yet, right behind RUN pages that are
 * there, gets a large page, if memory is plentiful. Who writes a range from its start on takes one
 * fault for 2 MiB instead of many, and no table is looked through when it goes.
 *
 * Demote: whatever concerns less than the whole part (rights, copies, moves, discarding, a clone,
 * the kernel's own access) splits it first into the 512 pages that it is made of. This cannot fail:
 * the table for them is set aside with the page. A large page belongs to one object only and has no
 * rights of its own.
 */
#include <log.h>
#include "page_map.h"

#define ORDER 9
#define RUN   256u

/* The table set aside lies in the note of the page's first frame. */
static physical_address reserve_of(physical_address first)
{
	return (physical_address)*frame_note(first) << PAGE_SHIFT;
}

/* Nothing is there, not even rights; an empty table does not count. */
static bool part_empty(uint64_t entry)
{
	return !entry || (pte_has_frame(entry) && !(entry & (PTE_LARGE | PTE_COPY)) &&
			  !*frame_note(pte_frame(entry)));
}

/* The last RUN pages of a part are there. */
static bool part_runs_out(uint64_t entry)
{
	const volatile uint64_t *entries = phys_to_virt(pte_frame(entry));

	if (entry & PTE_LARGE)
		return true;
	if (!pte_has_frame(entry) || *frame_note(pte_frame(entry)) < RUN)
		return false;
	for (unsigned i = TABLE_ENTRIES; i > TABLE_ENTRIES - RUN; i--) {
		if (!(entries[i - 1] & PTE_PRESENT))
			return false;
	}
	return true;
}

bool large_fits(const struct object *object, uint64_t page)
{
	const volatile uint64_t *directory = phys_to_virt(object->directory);
	uint64_t part = page / TABLE_ENTRIES;

	if (!part || !object->directory || object->pager || object->flags & OBJECT_FIXED)
		return false;
	/* the meta page is another's in its part */
	if (part == TABLE_ENTRIES - 1 && !(object->flags & TWZ_OBJECT_RAW))
		return false;
	return part_empty(directory[part]) && part_runs_out(directory[part - 1]) &&
	       frames_free() > frames_total() / 4 + 2 * TABLE_ENTRIES;
}

physical_address large_alloc(void)
{
	physical_address first = frames_try(ORDER), table;

	if (!first)
		return 0;
	table = platform->table_alloc();
	if (!table) {
		frames_unref(first, ORDER);
		return 0;
	}
	*frame_note(first) = (uint32_t)(table >> PAGE_SHIFT);
	return first;
}

void large_free(physical_address first)
{
	platform->table_free(reserve_of(first));
	frames_unref(first, ORDER);
}

void large_enter(struct object *object, uint64_t page, physical_address first)
{
	volatile uint64_t *directory = phys_to_virt(object->directory);
	volatile uint64_t *slot = &directory[page / TABLE_ENTRIES];
	physical_address empty = pte_has_frame(*slot) ? pte_frame(*slot) : 0;

	page_map_widen(object);
	directory_write(slot, pte_make(object, first, 0) | PTE_LARGE);
	object->pages += TABLE_ENTRIES;
	object->large_pages++;
	if (empty) {
		tlb_flush_object_page(object, page);
		platform->table_free(empty);
	}
}

void large_split(struct object *object, uint64_t page, volatile uint64_t *slot)
{
	physical_address first = pte_frame(*slot), table = reserve_of(first);
	volatile uint64_t *entries = phys_to_virt(table);
	uint64_t dirty = *slot & PTE_DIRTY;

	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		platform->pte_write(&entries[i],
				    pte_make(object, first + i * PAGE_SIZE, 0) | dirty);
	*frame_note(table) = TABLE_ENTRIES;
	*frame_note(first) = 0;
	page_map_widen(object);
	directory_write(slot, directory_entry(table, 0));
	object->large_pages--;
	/* one page of it makes the processor forget the large translation (SDM volume 3, 4.10.4) */
	tlb_flush_object_page(object, page);
}

void large_discard(struct object *object, uint64_t page)
{
	volatile uint64_t *slot = large_slot(object, page);
	physical_address first = pte_frame(*slot);

	directory_write(slot, 0);
	object->pages -= TABLE_ENTRIES;
	object->large_pages--;
	tlb_flush_object_page(object, page);
	large_free(first);
}
