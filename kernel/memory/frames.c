/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator: buddies of up to 4 MiB, fed lazily from the memory map, so that booting
 * touches none of the memory that it does not use.
 */
#include <boot.h>
#include <lock.h>
#include <log.h>
#include <page.h>
#include <string.h>
#include "frame.h"

#define NO_FRAME 0u

struct region {
	uint32_t start, end; /* frame numbers */
	uint32_t fresh;	     /* [fresh, end) was never handed to the buddies */
};

static struct region regions[BOOT_RANGES_MAX * 2];
static uint32_t region_count;
static uint32_t free_heads[FRAME_MAX_ORDER + 1];
static struct spinlock frame_lock = SPINLOCK_INIT(LOCK_FRAME);
static uint64_t total, available;
static uint32_t frame_table_end; /* frames below have an entry in frame_table */
struct frame *frame_table;

extern char kernel_image_start[], kernel_image_end[];

static struct region *region_of(uint32_t number)
{
	for (uint32_t i = 0; i < region_count; i++) {
		if (number >= regions[i].start && number < regions[i].end)
			return &regions[i];
	}
	return NULL;
}

static void free_list_add(uint32_t number, unsigned order)
{
	struct frame *frame = &frame_table[number];

	frame->state = FRAME_FREE;
	frame->order = (uint8_t)order;
	frame->previous = NO_FRAME;
	frame->next = free_heads[order];
	if (frame->next)
		frame_table[frame->next].previous = number;
	free_heads[order] = number;
}

static void free_list_remove(uint32_t number)
{
	struct frame *frame = &frame_table[number];

	if (frame->previous)
		frame_table[frame->previous].next = frame->next;
	else
		free_heads[frame->order] = frame->next;
	if (frame->next)
		frame_table[frame->next].previous = frame->previous;
}

/* Hand the largest aligned block at a region's fresh edge to the buddies. Lock held. */
static bool introduce(void)
{
	for (uint32_t i = 0; i < region_count; i++) {
		struct region *region = &regions[i];
		unsigned order = 0;

		if (region->fresh == region->end)
			continue;
		while (order < FRAME_MAX_ORDER && !(region->fresh & (1u << order)) &&
		       region->end - region->fresh >= 2u << order)
			order++;
		memset(&frame_table[region->fresh], 0, sizeof(struct frame) << order);
		for (uint32_t n = 0; n < 1u << order; n++)
			frame_table[region->fresh + n].state = FRAME_TAIL;
		free_list_add(region->fresh, order);
		region->fresh += 1u << order;
		return true;
	}
	return false;
}

physical_address frames_alloc_raw(unsigned order)
{
	uint64_t flags = spin_lock(&frame_lock);
	unsigned have;
	uint32_t number;

	for (;;) {
		for (have = order; have <= FRAME_MAX_ORDER && !free_heads[have]; have++)
			;
		if (have <= FRAME_MAX_ORDER)
			break;
		if (!introduce()) {
			spin_unlock(&frame_lock, flags);
			return 0;
		}
	}
	number = free_heads[have];
	free_list_remove(number);
	while (have > order) {
		have--;
		free_list_add(number + (1u << have), have);
	}
	for (uint32_t n = 0; n < 1u << order; n++) {
		frame_table[number + n].state = FRAME_USED;
		frame_table[number + n].references = 1;
	}
	available -= 1u << order;
	spin_unlock(&frame_lock, flags);
	return (physical_address)number << PAGE_SHIFT;
}

static void free_block(uint32_t number, unsigned order)
{
	struct region *region = region_of(number);
	uint64_t flags = spin_lock(&frame_lock);

	available += 1u << order;
	for (uint32_t n = 0; n < 1u << order; n++)
		frame_table[number + n].state = FRAME_TAIL;
	while (order < FRAME_MAX_ORDER) {
		uint32_t buddy = number ^ (1u << order);

		if (buddy < region->start || buddy + (1u << order) > region->fresh)
			break;
		if (frame_table[buddy].state != FRAME_FREE || frame_table[buddy].order != order)
			break;
		free_list_remove(buddy);
		frame_table[buddy].state = FRAME_TAIL;
		number &= ~(1u << order);
		order++;
	}
	free_list_add(number, order);
	spin_unlock(&frame_lock, flags);
}

physical_address frame_alloc(void)
{
	return frames_alloc_raw(0);
}

physical_address frame_alloc_zeroed(void)
{
	return frames_alloc(0);
}

physical_address frames_alloc(unsigned order)
{
	physical_address frame = frames_alloc_raw(order);

	if (frame)
		memset(phys_to_virt(frame), 0, PAGE_SIZE << order);
	return frame;
}

bool frame_counted(physical_address address)
{
	uint64_t number = address >> PAGE_SHIFT;

	return number && number < frame_table_end && region_of((uint32_t)number);
}

uint32_t frame_references(physical_address address)
{
	return frame_counted(address) ? frame_table[address >> PAGE_SHIFT].references : 0;
}

void frame_ref(physical_address address)
{
	if (frame_counted(address))
		__atomic_add_fetch(&frame_table[address >> PAGE_SHIFT].references, 1,
				   __ATOMIC_RELAXED);
}

void frame_unref(physical_address address)
{
	struct frame *frame;

	if (!frame_counted(address))
		return;
	frame = &frame_table[address >> PAGE_SHIFT];
	DEBUG_ASSERT(frame->state == FRAME_USED && frame->references);
	if (__atomic_sub_fetch(&frame->references, 1, __ATOMIC_ACQ_REL) == 0) {
		DEBUG_ASSERT(!frame->stale);
		free_block((uint32_t)(address >> PAGE_SHIFT), 0);
	}
}

bool frame_last_reference(physical_address address)
{
	uint32_t *references = &frame_table[address >> PAGE_SHIFT].references;
	uint32_t now = __atomic_load_n(references, __ATOMIC_ACQUIRE);

	while (now > 1) {
		if (__atomic_compare_exchange_n(references, &now, now - 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

void frames_unref(physical_address first, unsigned order)
{
	for (uint64_t n = 0; n < 1ull << order; n++)
		frame_unref(first + n * PAGE_SIZE);
}

void frame_mark_stale(physical_address address, bool stale)
{
#ifdef KERNEL_DEBUG
	if (frame_counted(address))
		frame_table[address >> PAGE_SHIFT].stale = stale;
#else
	(void)address;
	(void)stale;
#endif
}

uint64_t frames_total(void)
{
	return total;
}

uint64_t frames_free(void)
{
	return available;
}

/* Add [start, end) without the part that [hole_start, hole_end) takes, for each hole in turn. */
static void add_region(uint64_t start, uint64_t end, const struct boot_range *holes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t hole = PAGE_ROUND_DOWN(holes[i].start);
		uint64_t hole_end = PAGE_ROUND_UP(holes[i].start + holes[i].length);

		if (!holes[i].length || hole_end <= start || hole >= end)
			continue;
		if (hole > start)
			add_region(start, hole, holes + i + 1, count - i - 1);
		start = hole_end;
		if (start >= end)
			return;
	}
	if (start >= end || region_count == sizeof(regions) / sizeof(regions[0]))
		return;
	regions[region_count++] =
		(struct region){(uint32_t)(start >> PAGE_SHIFT), (uint32_t)(end >> PAGE_SHIFT),
				(uint32_t)(start >> PAGE_SHIFT)};
	total += (end - start) >> PAGE_SHIFT;
}

/* Where the frame table can lie: the end of the largest usable part. */
static uint64_t place_table(uint64_t size)
{
	struct region *best = &regions[0];

	for (uint32_t i = 1; i < region_count; i++) {
		/* below 4 GiB: the boot page tables map no more */
		if (regions[i].end <= 0x100000 &&
		    regions[i].end - regions[i].start > best->end - best->start)
			best = &regions[i];
	}
	size = PAGE_ROUND_UP(size) >> PAGE_SHIFT;
	if (best->end - best->start <= size)
		panic("not enough memory: %lu pages", total);
	best->end -= (uint32_t)size;
	total -= size;
	return (uint64_t)best->end << PAGE_SHIFT;
}

void frames_init(void)
{
	struct boot_range holes[3] = {
		{0, 0x100000}, /* firmware's, and the other CPUs' first steps */
		{kernel_to_phys(kernel_image_start),
		 (uint64_t)(kernel_image_end - kernel_image_start)},
		boot_info.image,
	};
	uint64_t last = 0;

	for (uint32_t i = 0; i < boot_info.memory.count; i++) {
		uint64_t start = PAGE_ROUND_UP(boot_info.memory.ranges[i].start);
		uint64_t end = PAGE_ROUND_DOWN(boot_info.memory.ranges[i].start +
					       boot_info.memory.ranges[i].length);

		add_region(start, end, holes, 3);
		if (end > last)
			last = end;
	}
	if (!region_count)
		panic("the boot loader reports no usable memory");
	frame_table_end = (uint32_t)(last >> PAGE_SHIFT);
	frame_table = phys_to_virt(place_table(frame_table_end * sizeof(struct frame)));
	available = total;
}
