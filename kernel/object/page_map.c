/* SPDX-License-Identifier: BSD-2-Clause */
/* Page directories and page tables of objects: find, build, share, drop. */
#include <heap.h>
#include <log.h>
#include <string.h>
#include <thread.h>
#include <view.h>
#include "page_map.h"

/*
 * The processor sets the accessed bit of an entry before it caches what stands there, maybe between
 * our reading of the entry and our writing: so each write sets it (accessed.c).
 */
static uint64_t pte_accessed(uint64_t value)
{
	return value & PTE_PRESENT ? value | PTE_ACCESSED : value;
}

uint64_t pte_make(const struct object *object, physical_address frame, uint64_t soft)
{
	uint64_t entry = platform->frame_to_entry(frame) | platform->pte_user | soft;

	if (!(soft & PTE_NOACCESS))
		entry |= PTE_PRESENT | PTE_ACCESSED;
	if (!(soft & (PTE_NOWRITE | PTE_COPY | PTE_ASK)))
		entry |= PTE_WRITE;
	if (object->flags & TWZ_OBJECT_RAW && !(soft & PTE_EXEC))
		entry |= PTE_NX;
	return entry;
}

uint64_t directory_entry(physical_address table, uint64_t soft)
{
	return platform->frame_to_entry(table) | PTE_PRESENT | PTE_ACCESSED | platform->pte_user |
	       (soft & PTE_COPY ? PTE_COPY : PTE_WRITE);
}

/* Directories count their entries as tables do. */
void directory_write(volatile uint64_t *slot, uint64_t value)
{
	*frame_note(virt_to_phys((const void *)slot)) += (value != 0) - (*slot != 0);
	platform->pte_write(slot, pte_accessed(value));
}

static volatile uint64_t *table_at(uint64_t entry)
{
	return phys_to_virt(pte_frame(entry));
}

/* Show the new directory in every view that maps the object. */
static void link_directory(struct object *object)
{
	LIST_FOR_EACH (node, &object->maps) {
		struct mapping *map = LIST_ENTRY(node, struct mapping, object_node);

		platform->pte_write(map->entry, mapping_entry(map));
	}
}

static bool make_directory(struct object *object)
{
	object->directory = platform->table_alloc();
	if (!object->directory)
		return false;
	link_directory(object);
	return true;
}

/* How many entries of a table are not zero: an empty one is found without looking through it. */
static uint32_t *table_used(const volatile uint64_t *entry)
{
	return frame_note(virt_to_phys((const void *)entry));
}

/* A table for an absent directory entry, whose software bits are the rights of all its pages. */
static bool make_table(volatile uint64_t *slot)
{
	physical_address table = platform->table_alloc();
	volatile uint64_t *entries = phys_to_virt(table);
	uint64_t rights = *slot & PTE_RIGHTS;

	if (!table)
		return false;
	for (unsigned i = 0; rights && i < TABLE_ENTRIES; i++)
		entries[i] = rights;
	*frame_note(table) = rights ? TABLE_ENTRIES : 0;
	directory_write(slot, directory_entry(table, 0));
	return true;
}

/*
 * Give this object a table of its own in place of a shared one. Both sides' pages become
 * copy-on-write; the other sharers' directory entries forbid writing as ours does, so theirs need
 * no flush.
 */
static bool own_table(struct object *object, uint64_t page, volatile uint64_t *slot)
{
	physical_address shared = pte_frame(*slot), table;
	volatile uint64_t *old = phys_to_virt(shared), *entries;

	page_map_widen(object);
	if (frame_references(shared) == 1) {
		platform->pte_write(slot, directory_entry(shared, 0));
		return true;
	}
	table = platform->table_alloc();
	if (!table)
		return false;
	entries = phys_to_virt(table);
	*frame_note(table) = *frame_note(shared);
	for (unsigned i = 0, left = *frame_note(shared); left; i++) {
		uint64_t entry = old[i];

		if (pte_has_frame(entry)) {
			entry = (entry | PTE_COPY) & ~PTE_WRITE;
			frame_ref(pte_frame(entry));
			platform->pte_write(&old[i], pte_accessed(entry));
		}
		if (entry) {
			platform->pte_write(&entries[i], entry);
			left--;
		}
	}
	platform->pte_write(slot, directory_entry(table, 0));
	tlb_flush_object_page(object, page); /* paging-structure caches forget the old table */
	page_table_drop(shared);
	return true;
}

volatile uint64_t *page_map_entry(struct object *object, uint64_t page, bool own)
{
	volatile uint64_t *slot;

	if (!object->directory && (!own || !make_directory(object)))
		return NULL;
	slot = (volatile uint64_t *)phys_to_virt(object->directory) + page / TABLE_ENTRIES;
	if (!pte_has_frame(*slot) && (!own || !make_table(slot)))
		return NULL;
	if (*slot & PTE_LARGE)
		large_split(object, page, slot);
	if (own && *slot & PTE_COPY && !own_table(object, page, slot))
		return NULL;
	return table_at(*slot) + page % TABLE_ENTRIES;
}

uint64_t page_map_next_table(const struct object *object, uint64_t page)
{
	const volatile uint64_t *directory = phys_to_virt(object->directory);
	uint64_t first = page;

	if (!object->directory || !*frame_note(object->directory))
		return OBJECT_PAGES;
	for (; page < OBJECT_PAGES; page = (page / TABLE_ENTRIES + 1) * TABLE_ENTRIES) {
		if (pte_has_frame(directory[page / TABLE_ENTRIES]))
			return page < first ? first : page;
	}
	return OBJECT_PAGES;
}

void page_map_write(struct object *object, volatile uint64_t *entry, uint64_t value)
{
	object->pages += pte_has_frame(value);
	object->pages -= pte_has_frame(*entry);
	if (value & ~*entry & PTE_PRESENT)
		page_map_widen(object);
	*table_used(entry) += (value != 0) - (*entry != 0);
	platform->pte_write(entry, pte_accessed(value));
}

void page_table_drop(physical_address table)
{
	volatile uint64_t *entries = phys_to_virt(table);
	physical_address frames[TLB_PAGES];
	uint32_t count = 0;

	if (!frame_last_reference(table))
		return;
	for (unsigned i = 0, left = *frame_note(table); left; i++) {
		uint64_t entry = entries[i];

		if (!entry)
			continue;
		left--;
		platform->pte_write(&entries[i], 0);
		if (!pte_has_frame(entry))
			continue;
		if (count == sizeof(frames) / sizeof(frames[0])) {
			frame_unref_list(frames, count);
			count = 0;
		}
		frames[count++] = pte_frame(entry);
	}
	frame_unref_list(frames, count);
	platform->table_free(table);
}

void page_map_destroy(struct object *object)
{
	volatile uint64_t *directory = phys_to_virt(object->directory);

	kernel_free(object->usual);
	object->usual = NULL;
	if (!object->directory)
		return;
	for (unsigned i = 0; *frame_note(object->directory); i++) {
		uint64_t entry = directory[i];

		directory_write(&directory[i], 0);
		if (entry & PTE_LARGE)
			large_free(pte_frame(entry));
		else if (pte_has_frame(entry))
			page_table_drop(pte_frame(entry));
		thread_breathe();
	}
	platform->table_free(object->directory);
	object->directory = 0;
	object->pages = 0;
}

uint32_t page_map_present(const struct object *object, uint32_t *pages, uint32_t limit)
{
	uint32_t found = 0;

	if (object->narrow)
		return page_map_usual(object, pages);
	if (object->pages > limit)
		return limit + 1;
	for (uint64_t at = 0; found < object->pages; at += TABLE_ENTRIES) {
		const volatile uint64_t *directory = phys_to_virt(object->directory), *entries;

		at = page_map_next_table(object, at);
		entries = table_at(directory[at / TABLE_ENTRIES]);
		for (uint32_t i = 0, left = *table_used(entries); left; i++) {
			left -= entries[i] != 0;
			if (pte_has_frame(entries[i]))
				pages[found++] = (uint32_t)at + i;
		}
	}
	return found;
}

physical_address page_map_share(struct object *object, volatile uint64_t *entry, uint64_t page,
				struct tlb_batch *batch)
{
	physical_address frame = pte_frame(*entry);

	if (!frame_counted(frame)) {
		/* nobody ever writes a frame that is copy-on-write and uncounted: the image's */
		return *entry & PTE_COPY ? frame : 0;
	}
	frame_ref(frame);
	if (!(*entry & PTE_COPY)) {
		if (*entry & PTE_WRITE)
			tlb_batch_narrow(batch, page);
		page_map_write(object, entry, (*entry | PTE_COPY) & ~PTE_WRITE);
	}
	return frame;
}

void page_map_install_shared(struct object *object, volatile uint64_t *entry, uint64_t page,
			     physical_address frame, struct tlb_batch *batch)
{
	uint64_t old = *entry, rights = old & PTE_RIGHTS;

	page_map_write(object, entry, frame ? pte_make(object, frame, rights | PTE_COPY) : rights);
	if (pte_has_frame(old))
		tlb_batch_add(batch, page, pte_frame(old));
}
