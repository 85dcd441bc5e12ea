/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making memory free under pressure: page tables of idle objects that can be built again, and what
 * the kernel keeps only to be faster. Nothing that anybody could miss.
 */
#include <heap.h>
#include "internal.h"
#include "page_map.h"

/* True when the table became empty and was given up. Nobody maps the object. */
static bool trim_table(struct object *object, volatile uint64_t *slot)
{
	physical_address table = pte_frame(*slot);
	volatile uint64_t *entries = phys_to_virt(table);

	if (*slot & PTE_COPY)
		return false; /* shared with a clone: giving up a reference frees nothing */
	for (unsigned i = 0, left = *frame_note(table); left; i++) {
		uint64_t entry = entries[i];

		left -= entry != 0;
		if (!page_map_clean(object, entry))
			continue;
		page_map_write(object, &entries[i], 0);
		frame_unref(pte_frame(entry)); /* nobody maps the object, so no TLB holds it */
	}
	if (*frame_note(table))
		return false;
	directory_write(slot, 0);
	platform->table_free(table);
	return true;
}

bool object_trim(struct object *object)
{
	volatile uint64_t *directory = phys_to_virt(object->directory);
	bool any = false;

	/* a control object's only page is its pager's, which is asked once */
	if (!object->directory || object->map_count || object->flags & OBJECT_CONTROL)
		return false;
	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		if (pte_has_frame(directory[i]) && !(directory[i] & PTE_LARGE))
			any |= trim_table(object, &directory[i]);
	}
	if (!*frame_note(object->directory)) {
		platform->table_free(object->directory);
		object->directory = 0;
		any = true;
	}
	return any;
}

bool objects_reclaim(void)
{
	bool stacks = kernel_stacks_trim(), objects = objects_trim();

	/* last: objects are pieces of the heap */
	return heap_trim() || stacks || objects;
}
