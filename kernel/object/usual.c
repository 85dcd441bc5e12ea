/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that are mapped again and again for the same few pages, as a big structure is for its
 * root: their maps end without a look at accessed bits. The rules:
 *
 * Park: after some maps that used the same pages, at most USUAL_PAGES, all other entries stop being
 * present. They keep their frames and bits. From then on (`narrow`) nothing but the usual pages can
 * be cached. Only while nobody maps the object and all processors have flushed.
 *
 * Unpark: a touch of anything else makes the part that it lies in present again, without a flush,
 * since nobody caches what is not present. Whatever makes an entry present ends `narrow` first, and
 * each end doubles the number of maps alike that the next beginning takes.
 *
 * A table with parked pages is this object's alone: a clone unparks them before it shares. Its
 * directory entry says PTE_PARKED.
 */
#include <heap.h>
#include <string.h>
#include "page_map.h"

#define USUAL_PAGES 8u
#define FIRST_ALIKE 8u	/* maps, doubled each time that narrow ends */
#define MAX_DOUBLED 12u /* times */

struct usual_pages {
	uint32_t alike, doubled; /* maps since pages are the same; how often narrow has ended */
	uint32_t count;		 /* USUAL_PAGES + 1: too many, which are like no others */
	uint32_t pages[USUAL_PAGES];
};

static volatile uint64_t *table_of(uint64_t entry)
{
	return phys_to_virt(pte_frame(entry));
}

static bool is_present(uint64_t entry)
{
	return pte_has_frame(entry) && entry & PTE_PRESENT;
}

static bool is_usual(const struct object *object, uint32_t page)
{
	const struct usual_pages *usual = object->usual;

	for (uint32_t i = 0; i < usual->count; i++) {
		if (usual->pages[i] == page)
			return true;
	}
	return false;
}

static bool is_usual_part(const struct object *object, uint32_t part)
{
	const struct usual_pages *usual = object->usual;

	for (uint32_t i = 0; i < usual->count; i++) {
		if (usual->pages[i] / TABLE_ENTRIES == part)
			return true;
	}
	return false;
}

static void park(volatile uint64_t *entry)
{
	platform->pte_write(entry, *entry & ~(PTE_PRESENT | PTE_ACCESSED));
}

static void park_table(const struct object *object, volatile uint64_t *slot, uint32_t part)
{
	volatile uint64_t *entries = table_of(*slot);

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		if (is_present(entries[i]) && !is_usual(object, part * TABLE_ENTRIES + i))
			park(&entries[i]);
	}
	platform->pte_write(slot, *slot | PTE_PARKED);
}

/* The tables of the usual pages may hold parked ones. */
static bool can_park(const struct usual_pages *usual, const volatile uint64_t *directory)
{
	for (uint32_t i = 0; i < usual->count; i++) {
		uint64_t entry = directory[usual->pages[i] / TABLE_ENTRIES];

		if (entry & PTE_LARGE)
			continue;
		if (!pte_has_frame(entry) || entry & PTE_COPY ||
		    frame_references(pte_frame(entry)) != 1)
			return false;
	}
	return true;
}

static void park_others(struct object *object)
{
	volatile uint64_t *directory = phys_to_virt(object->directory);

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		if (!is_present(directory[i]))
			continue;
		if (!is_usual_part(object, i))
			park(&directory[i]);
		else if (!(directory[i] & PTE_LARGE))
			park_table(object, &directory[i], i);
	}
	object->parked = object->narrow = true;
}

uint32_t page_map_usual(const struct object *object, uint32_t *pages)
{
	memcpy(pages, object->usual->pages, object->usual->count * sizeof(*pages));
	return object->usual->count;
}

void page_map_used(struct object *object, const uint32_t *pages, uint32_t count)
{
	struct usual_pages *usual = object->usual;

	if (!usual)
		usual = object->usual = kernel_alloc(sizeof(*usual));
	if (!usual)
		return;
	if (count <= USUAL_PAGES && count == usual->count &&
	    memcmp(pages, usual->pages, count * sizeof(*pages)) == 0) {
		if (++usual->alike < FIRST_ALIKE << usual->doubled)
			return;
		usual->alike = 0;
		if (can_park(usual, phys_to_virt(object->directory)))
			park_others(object);
		return;
	}
	usual->alike = 0;
	usual->count = count <= USUAL_PAGES ? count : USUAL_PAGES + 1;
	if (count <= USUAL_PAGES)
		memcpy(usual->pages, pages, count * sizeof(*pages));
}

void page_map_widen(struct object *object)
{
	if (!object->narrow)
		return;
	object->narrow = false;
	object->usual->alike = 0;
	if (object->usual->doubled < MAX_DOUBLED)
		object->usual->doubled++;
}

static void unpark_table(volatile uint64_t *slot)
{
	volatile uint64_t *entries = table_of(*slot);

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t entry = entries[i];

		if (pte_has_frame(entry) && !(entry & (PTE_PRESENT | PTE_NOACCESS)))
			platform->pte_write(&entries[i], entry | PTE_PRESENT | PTE_ACCESSED);
	}
	platform->pte_write(slot, *slot & ~PTE_PARKED);
}

void page_map_unpark(struct object *object, uint64_t page)
{
	volatile uint64_t *slot;

	if (!object->directory)
		return;
	slot = (volatile uint64_t *)phys_to_virt(object->directory) + page / TABLE_ENTRIES;
	if (!pte_has_frame(*slot))
		return;
	if (*slot & PTE_PARKED) {
		uint64_t entry = table_of(*slot)[page % TABLE_ENTRIES];

		if (pte_has_frame(entry) && !(entry & (PTE_PRESENT | PTE_NOACCESS))) {
			page_map_widen(object);
			unpark_table(slot);
		}
	}
	if (!(*slot & PTE_PRESENT)) {
		page_map_widen(object);
		platform->pte_write(slot, *slot | PTE_PRESENT | PTE_ACCESSED);
	}
}

void page_map_unpark_all(struct object *object)
{
	volatile uint64_t *directory = phys_to_virt(object->directory);

	page_map_widen(object);
	for (uint32_t i = 0; object->directory && i < TABLE_ENTRIES; i++) {
		if (directory[i] & PTE_PARKED)
			unpark_table(&directory[i]);
		if (pte_has_frame(directory[i]))
			platform->pte_write(&directory[i],
					    directory[i] | PTE_PRESENT | PTE_ACCESSED);
	}
	object->parked = false;
}
