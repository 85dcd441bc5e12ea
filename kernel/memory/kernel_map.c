/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half of every address space: the direct map, the kernel's image (W^X, its text
 * read-only in the direct map too), device memory; the stacks' area is for stacks.c.
 */
#include <boot.h>
#include <cpu.h>
#include <lock.h>
#include <log.h>
#include <page.h>
#include <platform.h>
#include <string.h>
#include <thread.h>
#include <view.h>
#include <x86.h>
#include "kernel_map.h"

#define KERNEL_BITS (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)

extern char kernel_image_start[], kernel_text_end[], kernel_rodata_end[], kernel_image_end[];
extern char kernel_virtual_offset[];

physical_address kernel_root;
static struct spinlock map_lock = SPINLOCK_INIT(LOCK_KERNEL_MAP);

physical_address kernel_to_phys(const void *pointer)
{
	uint64_t address = (uint64_t)pointer;

	if (address >= (uint64_t)kernel_image_start && address < (uint64_t)kernel_image_end)
		return address - (uint64_t)kernel_virtual_offset;
	return virt_to_phys(pointer);
}

static uint64_t *entry_table(uint64_t entry)
{
	return phys_to_virt(platform->entry_to_frame(entry & PTE_FRAME));
}

uint64_t *kernel_entry(uint64_t address, unsigned level)
{
	uint64_t *table = phys_to_virt(kernel_root);

	for (unsigned at = 3; at > level; at--) {
		uint64_t *entry = &table[address >> (12 + 9 * at) & 511];

		if (!(*entry & PTE_PRESENT)) {
			physical_address page = platform->table_alloc();

			if (!page)
				return NULL;
			/* views copy the top level: it must be complete before the first one */
			ASSERT(at < 3 || !view_count());
			platform->pte_write(entry, platform->frame_to_entry(page) | PTE_PRESENT |
							   PTE_WRITE | PTE_ACCESSED);
		}
		if (*entry & PTE_LARGE)
			return entry;
		table = entry_table(*entry);
	}
	return &table[address >> (12 + 9 * level) & 511];
}

/*
 * Fill absent entries of pages of a size up to the end of their table, or to one that has a table
 * of smaller pages; the bytes that are mapped then. Table by table: a walk from the root for each
 * entry would be felt at boot.
 */
static uint64_t fill(uint64_t *entry, physical_address physical, uint64_t length, uint64_t page,
		     uint64_t bits)
{
	uint64_t size = 0;

	do {
		if (!(*entry & PTE_PRESENT))
			platform->pte_write(entry,
					    platform->frame_to_entry(physical + size) | bits);
		else if (page > PAGE_SIZE && !(*entry & PTE_LARGE))
			break;
		size += page;
		entry++;
	} while (size + page <= length && (uint64_t)entry & PAGE_MASK);
	return size;
}

/* Map [physical, physical + length) at `address`, with large pages where it is aligned to them. */
static bool map_range(uint64_t address, physical_address physical, uint64_t length, uint64_t bits)
{
	while (length) {
		unsigned level = 0;
		uint64_t size, *entry;

		if (!((address | physical) & 0x1fffff) && length >= 0x200000)
			level = 1;
		if (cpu_features.gigabyte_pages && !((address | physical) & 0x3fffffff) &&
		    length >= 0x40000000)
			level = 2;
		entry = kernel_entry(address, level);
		/* where smaller pages are mapped already, only the gaps are ours */
		while (entry && level > 0 && *entry & PTE_PRESENT && !(*entry & PTE_LARGE))
			entry = kernel_entry(address, --level);
		if (!entry)
			return false;
		if (*entry & PTE_LARGE) {
			/* mapped already, as far as this large page goes at least */
			size = 0x200000 - (address & 0x1fffff);
		} else {
			size = fill(entry, physical, length, PAGE_SIZE << (9 * level),
				    level ? bits | PTE_LARGE : bits);
		}
		if (size > length)
			size = length;
		address += size;
		physical += size;
		length -= size;
	}
	return true;
}

static void map_or_panic(uint64_t address, physical_address physical, uint64_t length,
			 uint64_t bits)
{
	if (!map_range(address, physical, length, bits))
		panic("out of memory while mapping the kernel");
}

static void map_image(void)
{
	uint64_t start = (uint64_t)kernel_image_start, text = (uint64_t)kernel_text_end;
	uint64_t rodata = (uint64_t)kernel_rodata_end, end = (uint64_t)kernel_image_end;
	physical_address at = kernel_to_phys(kernel_image_start);

	map_or_panic(start, at, text - start, KERNEL_BITS);
	map_or_panic(text, at + (text - start), rodata - text, KERNEL_BITS | PTE_NX);
	map_or_panic(rodata, at + (rodata - start), end - rodata, KERNEL_BITS | PTE_WRITE | PTE_NX);
	/* the same frames in the direct map: text and constants read-only; done first, so these
	 * hold */
	map_or_panic((uint64_t)phys_to_virt(at), at, rodata - start, KERNEL_BITS | PTE_NX);
}

void kernel_map_init(void)
{
	const uint64_t bits = KERNEL_BITS | PTE_WRITE | PTE_NX;

	/* asked here already: the rest of the features waits for cpu_init */
	cpu_features.gigabyte_pages =
		cpuid(0x80000000u, 0).eax >= 0x80000001u && cpuid(0x80000001u, 0).edx >> 26 & 1;
	kernel_root = platform->table_alloc();
	if (!kernel_root)
		panic("out of memory for the kernel's page table");
	map_image();
	for (uint32_t i = 0; i < boot_info.memory.count; i++) {
		uint64_t start = PAGE_ROUND_DOWN(boot_info.memory.ranges[i].start);
		uint64_t end = PAGE_ROUND_UP(boot_info.memory.ranges[i].start +
					     boot_info.memory.ranges[i].length);

		map_or_panic((uint64_t)phys_to_virt(start), start, end - start, bits);
	}
	if (boot_info.image.length && !map_memory(boot_info.image.start, boot_info.image.length))
		panic("out of memory while mapping the initial image");
	if (!kernel_entry(STACK_AREA_START, 1))
		panic("out of memory for kernel stacks");
	platform->root_load(kernel_root);
}

static void *map_physical(physical_address address, uint64_t length, uint64_t bits)
{
	uint64_t start = PAGE_ROUND_DOWN(address);
	uint64_t flags;
	bool done;

	if (!length || address + length < address || address + length > 1ull << 46)
		return NULL;
	flags = spin_lock(&map_lock);
	/* small pages, so that neighbours with other attributes stay possible */
	done = map_range((uint64_t)phys_to_virt(start), start,
			 PAGE_ROUND_UP(address + length) - start, bits);
	spin_unlock(&map_lock, flags);
	return done ? phys_to_virt(address) : NULL;
}

void *map_device(physical_address address, uint64_t length)
{
	return map_physical(address, length, KERNEL_BITS | PTE_WRITE | PTE_NX | PTE_PCD | PTE_PWT);
}

void *map_memory(physical_address address, uint64_t length)
{
	return map_physical(address, length, KERNEL_BITS | PTE_WRITE | PTE_NX);
}
