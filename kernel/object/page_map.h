/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page map of an object: a page directory and page tables, which are both the hardware's and
 * the only record. All functions need the object's lock unless they say otherwise.
 */
#ifndef OBJECT_PAGE_MAP_H
#define OBJECT_PAGE_MAP_H

#include <object.h>
#include <platform.h>
#include <tlb.h>

/* Software bits of page-table entries. */
#define PTE_COPY     (1ull << 9)  /* frame (or table) shared: copy before writing; not protection */
#define PTE_NOWRITE  (1ull << 10) /* page-level rights: no writing */
#define PTE_NOACCESS (1ull << 11) /* page-level rights: none; the frame stays */
#define PTE_ASK	     (1ull << 52) /* ask the pager before the first write */
#define PTE_EXEC     (1ull << 53) /* page-level rights of a raw object: execution allowed */
#define PTE_PARKED   (1ull << 54) /* of a directory entry: its table has parked pages (usual.c) */
#define PTE_RIGHTS   (PTE_NOWRITE | PTE_NOACCESS | PTE_EXEC)

#define OBJECT_PAGES  (TWZ_SLOT_SIZE / PAGE_SIZE)
#define TABLE_ENTRIES 512u

/* A page is there when its entry names a frame, present to the hardware or not. */
static inline bool pte_has_frame(uint64_t entry)
{
	return (entry & PTE_FRAME) != 0;
}

static inline physical_address pte_frame(uint64_t entry)
{
	return platform->entry_to_frame(entry & PTE_FRAME);
}

/* The entry for a frame with software bits `soft`, as the hardware has to see it. */
uint64_t pte_make(const struct object *object, physical_address frame, uint64_t soft);

/*
 * The page-table entry of a page; NULL when the table is absent. `own`: make the directory and the
 * table if need be, and take a shared table out of sharing; NULL then means out of memory.
 */
volatile uint64_t *page_map_entry(struct object *object, uint64_t page, bool own);

/* The first page at or above `page` whose table is present, or OBJECT_PAGES. */
uint64_t page_map_next_table(const struct object *object, uint64_t page);

/* Write an entry and count pages and the table's entries. The caller flushes. */
void page_map_write(struct object *object, volatile uint64_t *entry, uint64_t value);

/* Whether the pager has the page elsewhere, so that it may leave the map. */
static inline bool page_map_clean(const struct object *object, uint64_t entry)
{
	if (!object->pager || !pte_has_frame(entry) || entry & PTE_RIGHTS)
		return false;
	return object->pager->evicts ? entry & PTE_ASK && !(entry & (PTE_DIRTY | PTE_COPY))
				     : !frame_counted(pte_frame(entry));
}

/* The last reference is gone, and the page map goes without the lock: a pager that still knows the
 * object leaves it alone. */
static inline bool page_map_goes(const struct object *object)
{
	return __atomic_load_n(&object->references, __ATOMIC_ACQUIRE) == 0;
}

/*
 * The numbers of all pages that can be cached: the usual ones, or all that the object has; more
 * than `limit`, which is no less than the usual ones can be: limit + 1 and nothing stored.
 */
uint32_t page_map_present(const struct object *object, uint32_t *pages, uint32_t limit);

/*
 * The numbers of all pages that a processor may have cached; more than `limit`: limit + 1. A table
 * of which no page was used counts as its first page (accessed.c).
 */
uint32_t page_map_accessed(const struct object *object, uint32_t *pages, uint32_t limit);

/*
 * Nobody has anything cached of the object: forget that these pages were used; count above `limit`:
 * forget about all. Nobody maps it.
 */
void page_map_forget(struct object *object, const uint32_t *pages, uint32_t count, uint32_t limit);

/* ---- usual pages (usual.c, where the rules are) ---- */

/* The usual pages of an object that is narrow; how many they are. */
uint32_t page_map_usual(const struct object *object, uint32_t *pages);
/* The end of the last map, at which these pages were found used. Nobody has anything cached. */
void page_map_used(struct object *object, const uint32_t *pages, uint32_t count);
/* An entry is going to be present that was not: others than the usual pages can be reached. */
void page_map_widen(struct object *object);
/* A program touches the page of an object that was parked: let it be there if it is. */
void page_map_unpark(struct object *object, uint64_t page);
/* All that was parked, so that tables can be shared. */
void page_map_unpark_all(struct object *object);

/* Drop a reference of a page table; the last one drops its frames. No lock needed. */
void page_table_drop(physical_address table);

/* Drop everything; nobody maps it any more. */
void page_map_destroy(struct object *object);

/* Write a directory entry; the caller flushes. */
void directory_write(volatile uint64_t *slot, uint64_t value);

/* What a directory entry above a table must be. */
uint64_t directory_entry(physical_address table, uint64_t soft);

/*
 * The present page of an entry as something to share: marks it copy-on-write on this side (to be
 * flushed with the batch when a writable translation may be cached) and takes a reference. 0:
 * cannot be shared, copy the bytes.
 */
physical_address page_map_share(struct object *object, volatile uint64_t *entry, uint64_t page,
				struct tlb_batch *batch);

/* Put a shared frame (takes over the reference) or nothing (0) at an entry, keeping its rights. */
void page_map_install_shared(struct object *object, volatile uint64_t *entry, uint64_t page,
			     physical_address frame, struct tlb_batch *batch);

/* ---- large pages (large.c, where the rules are) ---- */

/* The part of 2 MiB that `page` lies in is absent and may become one large page. */
bool large_fits(const struct object *object, uint64_t page);
/* A zeroed large page, or 0; enter it, or free one that is not entered or was taken out and
 * flushed. No lock needed. */
physical_address large_alloc(void);
void large_free(physical_address first);
void large_enter(struct object *object, uint64_t page, physical_address first);
/* Make a large page the 512 pages that it is; `page` is any of them. Cannot fail. */
void large_split(struct object *object, uint64_t page, volatile uint64_t *slot);
/* Take a large page out, flush and free it. */
void large_discard(struct object *object, uint64_t page);
/* The directory entry of a page when it is a large page, else NULL. */
static inline volatile uint64_t *large_slot(const struct object *object, uint64_t page)
{
	volatile uint64_t *slot;

	if (!object->directory)
		return NULL;
	slot = (volatile uint64_t *)phys_to_virt(object->directory) + page / TABLE_ENTRIES;
	return *slot & PTE_LARGE ? slot : NULL;
}

/* Fill the meta page of an object made here (content.c). */
void object_fill_meta(const struct object *object, void *page);

#endif
