/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel stacks, each with an unmapped page below it. A few that are free keep their memory, since
 * threads come and go; the others' is given back, and their addresses are used again.
 */
#include <lock.h>
#include <page.h>
#include <platform.h>
#include <thread.h>
#include <tlb.h>
#include "kernel_map.h"

/* Not global: a flush of all program translations takes them along (tlb_flush_stacks). */
#define STACK_BITS  (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define STACK_PAGES (KERNEL_STACK_SIZE / PAGE_SIZE)
#define KEEP	    32u /* free ones that keep their memory, at most */
#define TRIM	    16u /* taken at a time: one flush for all */

static struct spinlock stack_lock = SPINLOCK_INIT(LOCK_KERNEL_MAP);
static uint64_t area_end = STACK_AREA_START; /* addresses below have been used */
static uint64_t ready;			     /* free, with memory; linked by their first words */
static uint32_t ready_count;
static uint64_t bare; /* free, without; linked by their first page's entry, which is not present */

static uint64_t *entry_of(uint64_t base, unsigned page)
{
	return kernel_entry(base + page * PAGE_SIZE, 0);
}

/* Lock held. */
static uint64_t take_ready(void)
{
	uint64_t base = ready;

	if (base) {
		ready = *(uint64_t *)base;
		ready_count--;
	}
	return base;
}

/* An address without memory, whose tables are there; 0: out of memory. Lock held. */
static uint64_t take_bare(void)
{
	uint64_t base = bare;

	if (base) {
		bare = *entry_of(base, 0);
		return base;
	}
	base = area_end + PAGE_SIZE;
	for (unsigned i = 0; i < STACK_PAGES; i++) {
		if (!entry_of(base, i))
			return 0;
	}
	area_end = base + KERNEL_STACK_SIZE;
	return base;
}

static uint64_t make(void)
{
	physical_address frames[STACK_PAGES];
	unsigned count = 0;
	uint64_t base = 0, flags;

	while (count < STACK_PAGES && (frames[count] = frame_alloc()))
		count++;
	if (count == STACK_PAGES) {
		flags = spin_lock(&stack_lock);
		base = take_bare();
		for (unsigned i = 0; base && i < STACK_PAGES; i++)
			platform->pte_write(entry_of(base, i),
					    platform->frame_to_entry(frames[i]) | STACK_BITS);
		spin_unlock(&stack_lock, flags);
	}
	if (!base)
		frame_unref_list(frames, count);
	return base;
}

uint64_t kernel_stack_alloc(void)
{
	uint64_t flags = spin_lock(&stack_lock);
	uint64_t base = take_ready();

	spin_unlock(&stack_lock, flags);
	return base ? base : make();
}

/* Give back the memory of free stacks until `keep` are left, TRIM at most. How many it were. */
static uint32_t trim(uint32_t keep)
{
	physical_address frames[TRIM * STACK_PAGES];
	uint64_t bases[TRIM], flags = spin_lock(&stack_lock);
	uint32_t count = 0;

	while (count < TRIM && ready_count > keep)
		bases[count++] = take_ready();
	spin_unlock(&stack_lock, flags);
	if (!count)
		return 0;
	for (uint32_t i = 0; i < count * STACK_PAGES; i++) {
		uint64_t *entry = entry_of(bases[i / STACK_PAGES], i % STACK_PAGES);

		frames[i] = platform->entry_to_frame(*entry & PTE_FRAME);
		platform->pte_write(entry, 0);
	}
	tlb_flush_stacks();
	frame_unref_list(frames, count * STACK_PAGES);
	flags = spin_lock(&stack_lock);
	for (uint32_t i = 0; i < count; i++) {
		platform->pte_write(entry_of(bases[i], 0), bare);
		bare = bases[i];
	}
	spin_unlock(&stack_lock, flags);
	return count;
}

void kernel_stack_free(uint64_t base)
{
	uint64_t flags = spin_lock(&stack_lock);

	*(uint64_t *)base = ready;
	ready = base;
	ready_count++;
	spin_unlock(&stack_lock, flags);
	if (ready_count > KEEP)
		trim(KEEP - TRIM / 2);
}

bool kernel_stacks_trim(void)
{
	bool any = false;

	while (trim(0))
		any = true;
	return any;
}
