/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processors may have cached of an object, by the accessed bits of its entries, so that the
 * end of a map flushes the pages that were used and not all there are. The rules:
 *
 * A processor caches a translation, or a directory entry, only when the accessed bit stands in each
 * entry on the way (SDM volume 3, 4.10.2). An entry without it is cached nowhere.
 *
 * Whoever writes an entry sets the bit. It is cleared here alone, when nobody maps the object and
 * all processors have flushed. A table shared with other objects keeps its bits, since their maps
 * use them.
 */
#include "page_map.h"

#define LINE	  16u /* entries looked at together */
#define FORGOTTEN 4u  /* tables cleared in one go, which bounds the time with the lock held */

/* Whether any of a line of entries was used. Each load is one instruction: this is the hot part. */
static bool line_accessed(const volatile uint64_t *line)
{
	uint64_t any = line[0];

#define OR(i) __asm__ volatile("or %1, %0" : "+r"(any) : "m"(line[i]))
	OR(1);
	OR(2);
	OR(3);
	OR(4);
	OR(5);
	OR(6);
	OR(7);
	OR(8);
	OR(9);
	OR(10);
	OR(11);
	OR(12);
	OR(13);
	OR(14);
	OR(15);
#undef OR
	return any & PTE_ACCESSED;
}

static bool is_accessed(uint64_t entry)
{
	return (entry & (PTE_PRESENT | PTE_ACCESSED)) == (PTE_PRESENT | PTE_ACCESSED);
}

/* The pages of one table, from number `first` on; `found` are in the list already. */
static uint32_t add_table(const volatile uint64_t *entries, uint32_t first, uint32_t *pages,
			  uint32_t found, uint32_t limit)
{
	uint32_t before = found;

	for (uint32_t at = 0; at < TABLE_ENTRIES; at += LINE) {
		if (!line_accessed(&entries[at]))
			continue;
		for (uint32_t i = at; i < at + LINE; i++) {
			if (!is_accessed(entries[i]))
				continue;
			if (found == limit)
				return limit + 1;
			pages[found++] = first + i;
		}
	}
	if (found == before) {
		if (found == limit)
			return limit + 1;
		pages[found++] = first;
	}
	return found;
}

uint32_t page_map_accessed(const struct object *object, uint32_t *pages, uint32_t limit)
{
	const volatile uint64_t *directory = phys_to_virt(object->directory);
	uint32_t found = 0;

	if (!object->directory)
		return 0;
	for (uint32_t at = 0; at < TABLE_ENTRIES; at += LINE) {
		if (!line_accessed(&directory[at]))
			continue;
		for (uint32_t i = at; i < at + LINE; i++) {
			uint64_t entry = directory[i];

			if (!is_accessed(entry))
				continue;
			if (!(entry & PTE_LARGE))
				found = add_table(phys_to_virt(pte_frame(entry)), i * TABLE_ENTRIES,
						  pages, found, limit);
			else if (found < limit)
				pages[found++] = i * TABLE_ENTRIES;
			else
				found = limit + 1;
			if (found > limit)
				return found;
		}
	}
	return found;
}

/* The table of a directory entry, if it is this object's alone. */
static volatile uint64_t *own_table_at(uint64_t entry)
{
	if (entry & (PTE_LARGE | PTE_COPY) || frame_references(pte_frame(entry)) != 1)
		return NULL;
	return phys_to_virt(pte_frame(entry));
}

static void forget_all(volatile uint64_t *directory)
{
	uint32_t tables = 0;

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		volatile uint64_t *entries;

		if (!is_accessed(directory[i]))
			continue;
		entries = own_table_at(directory[i]);
		/* the others go when they are found used again */
		if (entries && tables++ < FORGOTTEN) {
			for (uint32_t j = 0; j < TABLE_ENTRIES; j++) {
				if (is_accessed(entries[j]))
					platform->pte_forget(&entries[j]);
			}
		}
		platform->pte_forget(&directory[i]);
	}
}

void page_map_forget(struct object *object, const uint32_t *pages, uint32_t count, uint32_t limit)
{
	volatile uint64_t *directory = phys_to_virt(object->directory);

	if (!object->directory)
		return;
	if (count > limit) {
		forget_all(directory);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		volatile uint64_t *slot = &directory[pages[i] / TABLE_ENTRIES], *entries;

		entries = own_table_at(*slot);
		if (entries && is_accessed(entries[pages[i] % TABLE_ENTRIES]))
			platform->pte_forget(&entries[pages[i] % TABLE_ENTRIES]);
		platform->pte_forget(slot);
	}
	page_map_used(object, pages, count);
}
