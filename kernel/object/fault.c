/* SPDX-License-Identifier: BSD-2-Clause */
/* Making pages present: demand zero, pagers, copy-on-write. */
#include <cpu.h>
#include <log.h>
#include <string.h>
#include "page_map.h"

#define META_PAGE (TWZ_META_OFFSET / PAGE_SIZE)

/* What is to be done outside the lock. */
enum need { NEED_NOTHING, NEED_PAGE, NEED_WRITABLE, NEED_LARGE };

static twz_result check_rights(const struct object *object, uint64_t entry, uint32_t access)
{
	if (entry & PTE_NOACCESS)
		return -TWZ_ERR_ACCESS_DENIED;
	if (access & TWZ_RIGHT_WRITE && entry & PTE_NOWRITE)
		return -TWZ_ERR_ACCESS_DENIED;
	if (access & TWZ_RIGHT_EXEC && object->flags & TWZ_OBJECT_RAW && !(entry & PTE_EXEC))
		return -TWZ_ERR_ACCESS_DENIED;
	return TWZ_OK;
}

#define AHEAD 8u

/*
 * Who touches one page after the other gets as many ahead as it has behind it, up to AHEAD: a fault
 * costs several times what it takes to clear a page. Not in the table of a null or meta page.
 */
static void fill_ahead(struct object *object, uint64_t page, volatile uint64_t *entry)
{
	unsigned at = page % TABLE_ENTRIES, behind = 0;

	if (page / TABLE_ENTRIES == TABLE_ENTRIES - 1)
		return;
	while (behind < AHEAD && behind < at && entry[-1 - (int)behind] & PTE_PRESENT)
		behind++;
	for (unsigned i = 1; i < behind && at + i < TABLE_ENTRIES && !entry[i]; i++) {
		physical_address frame = frame_alloc_zeroed();

		if (!frame)
			return;
		page_map_write(object, &entry[i], pte_make(object, frame, 0));
	}
}

/* What is read before it is written: the same page of zeros everywhere, which nobody has to give.
 */
static const char zero_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static physical_address zero_frame(void)
{
	return kernel_to_phys(zero_page);
}

static twz_result fill_zeroed(struct object *object, uint64_t page, volatile uint64_t *entry,
			      bool write)
{
	bool meta = page == META_PAGE && !(object->flags & TWZ_OBJECT_RAW) && !object->pager;
	uint64_t rights = *entry & PTE_RIGHTS;
	physical_address frame;

	if (object->flags & OBJECT_FIXED)
		return -TWZ_ERR_BAD_ADDRESS;
	if (!write && !meta) {
		page_map_write(object, entry, pte_make(object, zero_frame(), rights | PTE_COPY));
		return TWZ_OK;
	}
	frame = frame_alloc_zeroed();
	if (!frame)
		return -TWZ_ERR_OUT_OF_MEMORY;
	if (meta)
		object_fill_meta(object, phys_to_virt(frame));
	page_map_write(object, entry, pte_make(object, frame, rights));
	if (!object->pager)
		fill_ahead(object, page, entry);
	return TWZ_OK;
}

/* Somebody writes a page that is shared: take it over when we are the last, else copy it. */
static twz_result break_sharing(struct object *object, uint64_t page, volatile uint64_t *entry)
{
	physical_address old = pte_frame(*entry), frame;
	uint64_t rights = *entry & PTE_RIGHTS;

	if (frame_references(old) == 1) {
		page_map_write(object, entry, pte_make(object, old, rights));
		return TWZ_OK;
	}
	frame = old == zero_frame() ? frame_alloc_zeroed() : frame_alloc();
	if (!frame)
		return -TWZ_ERR_OUT_OF_MEMORY;
	if (old != zero_frame())
		page_copy(phys_to_virt(frame), phys_to_virt(old));
	page_map_write(object, entry, pte_make(object, frame, rights));
	tlb_flush_object_page(object, page);
	frame_unref(old);
	return TWZ_OK;
}

/* `kernel`: page-level rights do not bind the caller. `large`: a large page may be asked for. */
static twz_result fault_locked(struct object *object, uint64_t page, uint32_t access, bool kernel,
			       bool large, enum need *need)
{
	bool write = access & TWZ_RIGHT_WRITE;
	volatile uint64_t *entry;
	twz_result result;

	*need = NEED_NOTHING;
	if (!kernel && object->parked)
		page_map_unpark(object, page);
	if (!kernel && large_slot(object, page)) /* another thread was faster */
		return access & TWZ_RIGHT_EXEC && object->flags & TWZ_OBJECT_RAW
			       ? -TWZ_ERR_ACCESS_DENIED
			       : TWZ_OK;
	if (large && large_fits(object, page)) {
		*need = NEED_LARGE;
		return TWZ_OK;
	}
	entry = page_map_entry(object, page, false);
	if (entry) {
		result = kernel ? TWZ_OK : check_rights(object, *entry, access);
		if (result < 0)
			return result;
		if (pte_has_frame(*entry) && !write)
			return TWZ_OK;
	}
	/* the entry is going to change, or to be made, or its table is shared and must be writable
	 */
	entry = page_map_entry(object, page, true);
	if (!entry)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = kernel ? TWZ_OK : check_rights(object, *entry, access);
	if (result < 0)
		return result;
	if (!pte_has_frame(*entry)) {
		if (object->pager) {
			*need = NEED_PAGE;
			return TWZ_OK;
		}
		return fill_zeroed(object, page, entry, write);
	}
	if (write && *entry & PTE_ASK) {
		*need = NEED_WRITABLE;
		return TWZ_OK;
	}
	if (write && *entry & PTE_COPY)
		return break_sharing(object, page, entry);
	return TWZ_OK;
}

/* Enter what the pager gave, unless another thread was faster. Takes over the frame's reference. */
static twz_result enter_page(struct object *object, uint64_t page, enum need need, bool write,
			     struct object_page got)
{
	uint64_t flags = spin_lock(&object->lock), soft = 0;
	volatile uint64_t *entry = page_map_entry(object, page, true);
	physical_address old = entry && pte_has_frame(*entry) ? pte_frame(*entry) : 0;
	physical_address drop = got.frame;
	twz_result result = TWZ_OK;

	if (!entry) {
		result = -TWZ_ERR_OUT_OF_MEMORY;
	} else if (need == NEED_PAGE ? old == 0 : old && *entry & PTE_ASK) {
		if (got.flags & OBJECT_PAGE_COPY)
			soft |= PTE_COPY;
		if (got.flags & OBJECT_PAGE_READONLY)
			soft |= PTE_ASK;
		if (got.frame) {
			page_map_write(object, entry,
				       pte_make(object, got.frame, soft | (*entry & PTE_RIGHTS)));
			if (old && old != got.frame)
				tlb_flush_object_page(object, page);
			drop = old;
		} else if (need == NEED_PAGE) {
			result = fill_zeroed(object, page, entry, write);
		}
	}
	spin_unlock(&object->lock, flags);
	if (drop)
		frame_unref(drop);
	return result;
}

/* Clear 2 MiB outside the lock and enter them, unless another thread was faster. False: a small one
 * it is. */
static bool enter_large(struct object *object, uint64_t page)
{
	physical_address first = large_alloc();
	uint64_t flags;

	if (!first)
		return false;
	flags = spin_lock(&object->lock);
	if (large_fits(object, page)) {
		large_enter(object, page, first);
		first = 0;
	}
	spin_unlock(&object->lock, flags);
	if (!first)
		return true;
	/* no second attempt: it may not fit because this one has taken the memory that it wants
	 * left */
	large_free(first);
	return false;
}

static twz_result fault(struct object *object, uint64_t offset, uint32_t access, bool kernel)
{
	uint64_t page = offset / PAGE_SIZE;
	bool tried = false, large = !kernel;
	twz_result result;
	enum need need;

	if (offset >= TWZ_SLOT_SIZE ||
	    (page == 0 && !(object->flags & (TWZ_OBJECT_RAW | OBJECT_CONTROL))))
		return -TWZ_ERR_BAD_ADDRESS;
	if (access & TWZ_RIGHT_WRITE && object->flags & (OBJECT_SEALED | OBJECT_CONTROL))
		return -TWZ_ERR_ACCESS_DENIED;
	for (;;) {
		uint64_t flags = spin_lock(&object->lock);
		struct object_page got = {0, 0};

		result = fault_locked(object, page, access, kernel, large, &need);
		spin_unlock(&object->lock, flags);
		if (result == -TWZ_ERR_OUT_OF_MEMORY && !tried && memory_reclaim()) {
			tried = true;
			continue;
		}
		if (result < 0 || need == NEED_NOTHING)
			return result;
		platform->interrupts_enable(); /* a fault comes here with them off */
		if (need == NEED_LARGE) {
			large = enter_large(object, page);
			continue;
		}
		result = object->pager->fetch(object, page, access & TWZ_RIGHT_WRITE, &got);
		if (result < 0)
			return result;
		if (need == NEED_WRITABLE && (!got.frame || got.flags & OBJECT_PAGE_READONLY)) {
			if (got.frame)
				frame_unref(got.frame);
			return -TWZ_ERR_READ_ONLY;
		}
		if (got.flags & OBJECT_PAGE_ENTERED)
			continue;
		result = enter_page(object, page, need, access & TWZ_RIGHT_WRITE, got);
		if (result < 0)
			return result;
		/* again: a copy-on-write page may have to be copied, another thread may have been
		 * faster */
	}
}

twz_result object_fault(struct object *object, uint64_t offset, uint32_t access)
{
	return fault(object, offset, access, false);
}

physical_address object_frame(struct object *object, uint64_t offset, bool write, twz_result *error)
{
	for (;;) {
		volatile uint64_t *entry;
		physical_address frame = 0;
		uint64_t flags;

		*error = fault(object, offset, write ? TWZ_RIGHT_WRITE : TWZ_RIGHT_READ, true);
		if (*error < 0)
			return 0;
		flags = spin_lock(&object->lock);
		entry = page_map_entry(object, offset / PAGE_SIZE, write);
		if (entry && pte_has_frame(*entry) && !(write && *entry & (PTE_COPY | PTE_ASK))) {
			frame = pte_frame(*entry);
			frame_ref(frame);
			if (write)
				page_map_write(object, entry, *entry | PTE_DIRTY);
		}
		spin_unlock(&object->lock, flags);
		if (frame)
			return frame;
		/* discarded or shared again in between */
	}
}

physical_address object_allow(struct object *object, uint64_t page, bool write)
{
	uint64_t flags = spin_lock(&object->lock);
	volatile uint64_t *entry = page_map_entry(object, page, false);
	physical_address frame = 0;

	if (entry && pte_has_frame(*entry) &&
	    !(write && *entry & PTE_ASK && !frame_counted(pte_frame(*entry)))) {
		frame = pte_frame(*entry);
		if (write && *entry & PTE_ASK)
			page_map_write(object, entry,
				       pte_make(object, frame,
						*entry & (PTE_RIGHTS | PTE_COPY | PTE_DIRTY)));
	}
	spin_unlock(&object->lock, flags);
	return frame;
}

twz_result object_set_page(struct object *object, uint64_t page, struct object_page new_page)
{
	uint64_t flags = spin_lock(&object->lock), soft = 0;
	volatile uint64_t *entry;
	physical_address old = 0;

	entry = page < OBJECT_PAGES ? page_map_entry(object, page, true) : NULL;
	if (!entry) {
		spin_unlock(&object->lock, flags);
		return page < OBJECT_PAGES ? -TWZ_ERR_OUT_OF_MEMORY : -TWZ_ERR_INVALID_ARGUMENT;
	}
	if (pte_has_frame(*entry))
		old = pte_frame(*entry);
	if (new_page.flags & OBJECT_PAGE_COPY)
		soft |= PTE_COPY;
	if (new_page.flags & OBJECT_PAGE_READONLY)
		soft |= PTE_ASK;
	soft |= *entry & PTE_RIGHTS;
	page_map_write(object, entry,
		       new_page.frame ? pte_make(object, new_page.frame, soft) : soft & PTE_RIGHTS);
	if (old)
		tlb_flush_object_page(object, page);
	spin_unlock(&object->lock, flags);
	if (old)
		frame_unref(old);
	return TWZ_OK;
}
