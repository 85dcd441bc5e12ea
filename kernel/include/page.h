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

/*
 * Add or drop a reference; the last one frees. Frames outside counted RAM (the initial image,
 * device memory) are left alone. The caller has made sure that no TLB still maps a frame it gives
 * up.
 */
void frame_ref(physical_address frame);
void frame_unref(physical_address frame);
void frames_unref(physical_address first, unsigned order);

/* Drop a reference unless it is the last: true when it is, and then it stays. For page tables. */
bool frame_last_reference(physical_address frame);

/* References now; 0 for a frame outside counted RAM. */
uint32_t frame_references(physical_address frame);
/* Whether the frame is in counted RAM. */
bool frame_counted(physical_address frame);

uint64_t frames_total(void);
uint64_t frames_free(void);

/*
 * Map device memory (uncached) or NVDIMM and other memory that is not RAM (cached) into the direct
 * map, so that phys_to_virt works for it. NULL when out of memory.
 */
void *map_device(physical_address address, uint64_t length);
void *map_memory(physical_address address, uint64_t length);

/* A kernel stack with an unmapped page below it: lowest address, or 0. Freed ones are kept for
 * reuse. */
uint64_t kernel_stack_alloc(void);
void kernel_stack_free(uint64_t base);

/* The kernel's own root table (no program pages); every view's upper half equals its. */
extern physical_address kernel_root;
void kernel_map_init(void);

/* Debug variant: mark a frame whose translation was removed, and clear it when flushed. */
void frame_mark_stale(physical_address frame, bool stale);

void frames_init(void);

#endif
