/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on ranges of one object: discard, protect, visit written pages. */
#include <thread.h>
#include <view.h>
#include "page_map.h"

static bool range_valid(uint64_t offset, uint64_t length)
{
	return (offset | length) % PAGE_SIZE == 0 && offset <= TWZ_SLOT_SIZE &&
	       length <= TWZ_SLOT_SIZE - offset;
}

/* One table's worth at most: pages [page, end) of one page table. Returns false when out of memory.
 */
static bool discard_in_table(struct object *object, uint64_t page, uint64_t end)
{
	uint64_t flags = spin_lock(&object->lock);
	struct tlb_batch batch;
	bool done = true;

	if (end - page == TABLE_ENTRIES && large_slot(object, page)) {
		large_discard(object, page);
		spin_unlock(&object->lock, flags);
		return true;
	}
	tlb_batch_begin(&batch, object);
	for (; page < end; page++) {
		volatile uint64_t *entry = page_map_entry(object, page, false);
		uint64_t old;

		if (!entry || !pte_has_frame(*entry))
			continue;
		entry = page_map_entry(object, page, true);
		if (!entry) {
			done = false;
			break;
		}
		old = *entry;
		page_map_write(object, entry, old & PTE_RIGHTS);
		tlb_batch_add(&batch, page, pte_frame(old));
	}
	tlb_batch_finish(&batch);
	spin_unlock(&object->lock, flags);
	return done;
}

static uint64_t table_end(uint64_t page, uint64_t end)
{
	uint64_t next = (page / TABLE_ENTRIES + 1) * TABLE_ENTRIES;

	return next < end ? next : end;
}

static uint64_t next_table(struct object *object, uint64_t page)
{
	uint64_t flags = spin_lock(&object->lock);

	page = page_map_next_table(object, page);
	spin_unlock(&object->lock, flags);
	return page;
}

twz_result object_drop_pages(struct object *object, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;

	for (uint64_t page = next_table(object, first); page < end;
	     page = next_table(object, page)) {
		uint64_t stop = table_end(page, end);

		if (!discard_in_table(object, page, stop))
			return -TWZ_ERR_OUT_OF_MEMORY;
		page = stop;
		thread_breathe();
		if (page == OBJECT_PAGES)
			break;
	}
	return TWZ_OK;
}

twz_result object_discard_pages(struct object *object, uint64_t offset, uint64_t length)
{
	uint64_t first = offset / PAGE_SIZE, count = length / PAGE_SIZE;
	twz_result result;

	if (!range_valid(offset, length))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (object->flags & (OBJECT_SEALED | OBJECT_CONTROL))
		return -TWZ_ERR_ACCESS_DENIED;
	result = object_drop_pages(object, first, count);
	if (result >= 0 && object->pager && object->pager->discard && length)
		result = object->pager->discard(object, first, count);
	return result;
}

static uint64_t rights_bits(uint32_t rights)
{
	uint64_t bits = 0;

	if (!rights)
		return PTE_NOACCESS;
	if (!(rights & TWZ_RIGHT_WRITE))
		bits |= PTE_NOWRITE;
	if (rights & TWZ_RIGHT_EXEC)
		bits |= PTE_EXEC;
	return bits;
}

/* A whole absent table takes its rights in the directory entry. Lock held. */
static bool protect_absent_table(struct object *object, uint64_t page, uint64_t end, uint64_t bits)
{
	volatile uint64_t *slot;

	if (page % TABLE_ENTRIES || end - page < TABLE_ENTRIES || !object->directory)
		return false;
	slot = (volatile uint64_t *)phys_to_virt(object->directory) + page / TABLE_ENTRIES;
	if (pte_has_frame(*slot))
		return false;
	directory_write(slot, bits);
	return true;
}

static bool protect_in_table(struct object *object, uint64_t page, uint64_t end, uint64_t bits)
{
	uint64_t flags = spin_lock(&object->lock);
	struct tlb_batch batch;
	bool done = true;

	tlb_batch_begin(&batch, object);
	/* the first entry's table makes the directory, which protect_absent_table wants */
	if (!object->directory && !page_map_entry(object, page, true))
		done = false;
	for (; done && page < end; page++) {
		volatile uint64_t *entry;
		uint64_t old, value;

		if (protect_absent_table(object, page, end, bits))
			break;
		entry = page_map_entry(object, page, true);
		if (!entry) {
			done = false;
			break;
		}
		old = *entry;
		value = pte_has_frame(old)
				? pte_make(object, pte_frame(old),
					   bits | (old & (PTE_COPY | PTE_ASK | PTE_DIRTY)))
				: bits;
		if (old & PTE_PRESENT &&
		    (old & ~value & (PTE_PRESENT | PTE_WRITE) || ~old & value & PTE_NX))
			tlb_batch_narrow(&batch, page);
		page_map_write(object, entry, value);
	}
	tlb_batch_finish(&batch);
	spin_unlock(&object->lock, flags);
	return done;
}

twz_result object_bind(struct object *object, struct view **out)
{
	uint64_t flags = spin_lock(&object->lock);
	twz_result result = TWZ_OK;

	*out = NULL;
	LIST_FOR_EACH (node, &object->maps) {
		struct mapping *map = LIST_ENTRY(node, struct mapping, object_node);

		if ((*out && map->view != *out) || map->inherit == TWZ_INHERIT_SHARED)
			result = -TWZ_ERR_BUSY;
		*out = map->view;
	}
	if (result >= 0)
		object->page_rights = true;
	if (result >= 0 && *out)
		view_get(*out);
	spin_unlock(&object->lock, flags);
	return result;
}

twz_result object_protect_pages(struct object *object, uint64_t offset, uint64_t length,
				uint32_t rights)
{
	uint64_t page = offset / PAGE_SIZE, end = page + length / PAGE_SIZE;

	if (!range_valid(offset, length) ||
	    rights & ~(TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC) ||
	    (rights & TWZ_RIGHT_WRITE && rights & TWZ_RIGHT_EXEC))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!(object->flags & TWZ_OBJECT_RAW))
		return -TWZ_ERR_NOT_SUPPORTED;
	while (page < end) {
		uint64_t stop = table_end(page, end);

		if (!protect_in_table(object, page, stop, rights_bits(rights)))
			return -TWZ_ERR_OUT_OF_MEMORY;
		page = stop;
		thread_breathe();
	}
	return TWZ_OK;
}

void object_redirty(struct object *object, uint64_t page)
{
	uint64_t flags = spin_lock(&object->lock);
	volatile uint64_t *entry =
		page_map_goes(object) ? NULL : page_map_entry(object, page, false);

	if (entry && pte_has_frame(*entry))
		page_map_write(object, entry, *entry | PTE_DIRTY);
	spin_unlock(&object->lock, flags);
}

#define EVICT 64

uint64_t object_evict(struct object *object, uint64_t *page, uint64_t wanted)
{
	uint64_t flags = spin_lock(&object->lock), gone = 0;
	struct tlb_batch batch;

	tlb_batch_begin(&batch, object);
	for (uint64_t seen = 0; gone < wanted && seen < EVICT; seen++) {
		volatile uint64_t *entry;
		uint64_t old;

		*page = page_map_goes(object) ? OBJECT_PAGES : page_map_next_table(object, *page);
		if (*page >= OBJECT_PAGES)
			break;
		entry = page_map_entry(object, *page, false);
		old = entry ? *entry : 0;
		if (page_map_clean(object, old)) {
			page_map_write(object, entry, 0);
			tlb_batch_add(&batch, *page, pte_frame(old));
			gone++;
		}
		++*page;
	}
	tlb_batch_finish(&batch);
	spin_unlock(&object->lock, flags);
	return gone;
}

#define VISIT 32

/*
 * Somebody may be about to write the page of an entry: after a write fault that was answered, and
 * before the write. He asks once more, or who clears would not know. False: he has written it.
 */
static bool forbid_writing(struct object *object, volatile uint64_t *entry)
{
	/* at once, as the processor may mark it dirty meanwhile; it looks again before it does */
	uint64_t value = __atomic_and_fetch(entry, ~PTE_WRITE, __ATOMIC_SEQ_CST);

	if (value & PTE_DIRTY)
		return false;
	page_map_write(object, entry, value | PTE_ASK);
	return true;
}

/* Collect written pages from *page on, up to VISIT; clean and write-protect them when asked. */
static uint64_t collect_dirty(struct object *object, uint64_t *page, uint64_t end, bool clear,
			      uint64_t pages[VISIT], physical_address frames[VISIT])
{
	uint64_t flags = spin_lock(&object->lock), count = 0;
	bool asks = clear && object->pager && object->pager->evicts;
	volatile uint64_t *entry = NULL;
	struct tlb_batch batch;

	tlb_batch_begin(&batch, object);
	*page = page_map_goes(object) ? end : page_map_next_table(object, *page);
	for (; *page < end && count < VISIT; ++*page) {
		if (entry && *page % TABLE_ENTRIES != 0) {
			entry++;
		} else {
			*page = page_map_next_table(object, *page);
			if (*page >= end)
				break;
			entry = page_map_entry(object, *page, false);
		}
		if (!pte_has_frame(*entry))
			continue;
		if (!(*entry & PTE_DIRTY)) {
			if (!asks || !(*entry & PTE_WRITE))
				continue;
			if (forbid_writing(object, entry)) {
				tlb_batch_narrow(&batch, *page);
				continue;
			}
		}
		pages[count] = *page;
		frames[count++] = pte_frame(*entry);
		frame_ref(pte_frame(*entry));
		if (clear) {
			/* who else has the frame may be writing it (object_frame): still dirty */
			uint64_t dirty =
				frame_references(frames[count - 1]) > 2 && !(*entry & PTE_COPY)
					? PTE_DIRTY
					: 0;
			page_map_write(object, entry,
				       (*entry & ~(PTE_DIRTY | PTE_WRITE)) | PTE_ASK | dirty);
			tlb_batch_narrow(&batch, *page);
		}
	}
	tlb_batch_finish(&batch);
	spin_unlock(&object->lock, flags);
	return count;
}

twz_result object_visit_dirty(struct object *object, uint64_t first, uint64_t count, bool clear,
			      object_visitor visit, void *context)
{
	uint64_t page = first, end = first + count;
	physical_address frames[VISIT];
	uint64_t pages[VISIT];
	twz_result result = TWZ_OK;

	if (first > OBJECT_PAGES || count > OBJECT_PAGES - first)
		return -TWZ_ERR_INVALID_ARGUMENT;
	while (page < end && result >= 0) {
		uint64_t found = collect_dirty(object, &page, end, clear, pages, frames);

		for (uint64_t i = 0; i < found; i++) {
			if (result >= 0)
				result = visit(context, pages[i], frames[i]);
			frame_unref(frames[i]);
		}
		thread_breathe();
	}
	return result;
}
