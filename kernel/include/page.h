/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory: frames (4 KiB pages of RAM) with reference counts, and the direct map that
 * shows all of RAM to the kernel. Memory is first touched when it is first allocated.
 */
#ifndef KERNEL_PAGE_H
#define KERNEL_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT	   12
#define PAGE_SIZE	   4096ull
#define PAGE_MASK	   (PAGE_SIZE - 1)
#define PAGE_ROUND_UP(x)   (((x) + PAGE_MASK) & ~PAGE_MASK)
#define PAGE_ROUND_DOWN(x) ((x) & ~PAGE_MASK)

/* The kernel half of every address space; the kernel's own image is where the linker put it. */
#define DIRECT_MAP_START 0xffff880000000000ull
#define STACK_AREA_START 0xffffc90000000000ull /* kernel stacks with guard pages */

/* A physical address, and 0 for "no frame" (frame 0 is never allocated). */
typedef uint64_t physical_address;

static inline void *phys_to_virt(physical_address address)
{
	return (void *)(DIRECT_MAP_START + address);
}

/* Only for pointers into the direct map; kernel_to_phys for anything in the kernel's image. */
static inline physical_address virt_to_phys(const void *pointer)
{
	return (physical_address)((uint64_t)pointer - DIRECT_MAP_START);
}

physical_address kernel_to_phys(const void *pointer);

/* One frame with one reference; contents undefined unless _zeroed. 0 when memory is short. */
physical_address frame_alloc(void);
physical_address frame_alloc_zeroed(void);

/* 2^order consecutive frames, aligned to their size, zeroed, one reference each. 0 when short. */
physical_address frames_alloc(unsigned order);
#define FRAME_MAX_ORDER 10
/* The same where there is another way: nothing is reclaimed for it. */
physical_address frames_try(unsigned order);

/*
 * Add or drop a reference; the last one frees. Frames outside counted RAM (the initial image,
 * device memory) are left alone. The caller has made sure that no TLB still maps a frame it gives
 * up.
 */
void frame_ref(physical_address frame);
void frame_unref(physical_address frame);
void frames_unref(physical_address first, unsigned order);
/* The last reference of a frame that its owner has filled with zeros again. */
void frame_unref_zeroed(physical_address frame);
/* Many at once. */
void frame_unref_list(const physical_address *frames, uint32_t count);

/* Drop a reference unless it is the last: true when it is, and then it stays. For page tables. */
bool frame_last_reference(physical_address frame);

/* A number that the owner of a counted frame may keep with it; 0 when it is allocated. */
uint32_t *frame_note(physical_address frame);

/* Whole pages, aligned. */
void page_zero(void *page);
void page_copy(void *to, const void *from);

/* References now; 0 for a frame outside counted RAM. */
uint32_t frame_references(physical_address frame);
/* Whether the frame is in counted RAM. */
bool frame_counted(physical_address frame);

/*
 * Make memory free that somebody keeps only to be faster (page directories of idle objects, spare
 * stacks): true when something came of it. Called without locks when an allocation fails. Set by
 * the objects; NULL until then.
 */
extern bool (*memory_reclaim)(void);

/*
 * Boot option fail-alloc=N,M: every Nth allocation fails after the next M, to see that callers bear
 * it. 0: none fails.
 */
void frames_fail_every(uint32_t count, uint32_t after);
/* Counts an allocation; true: it is to fail. */
bool allocation_fails(void);

uint64_t frames_total(void);
uint64_t frames_free(void);

/*
 * Map device memory (uncached) or NVDIMM and other memory that is not RAM (cached) into the direct
 * map, so that phys_to_virt works for it. NULL when out of memory.
 */
void *map_device(physical_address address, uint64_t length);
void *map_memory(physical_address address, uint64_t length);

/*
 * A kernel stack with an unmapped page below it: lowest address, or 0. A few freed ones are kept
 * for reuse; the others' memory is given back. kernel_stack_free needs all locks free.
 */
uint64_t kernel_stack_alloc(void);
void kernel_stack_free(uint64_t base);
/* Give back the memory of the kept ones: true when there were any. No lock held. */
bool kernel_stacks_trim(void);

/* The kernel's own root table (no program pages); every view's upper half equals its. */
extern physical_address kernel_root;
void kernel_map_init(void);

/* Debug variant: mark a frame whose translation was removed, and clear it when flushed. */
void frame_mark_stale(physical_address frame, bool stale);

void frames_init(void);

#endif
