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
static uint32_t fail_every, fail_count, fail_after;

/*
 * Single frames that were given back lately: they come and go without splitting and joining
 * buddies. `zeroed` ones need not be cleared again: page tables are empty when they are freed.
 */
#define CACHE_SIZE   128u
#define REFILL_ORDER 4u
struct cache {
	uint32_t count, limit;
	uint32_t frames[CACHE_SIZE];
};
static struct cache recent = {.limit = CACHE_SIZE};
/* fewer: a page table lies among the 2 MiB that it maps, which it keeps from becoming one block */
static struct cache zeroed = {.limit = CACHE_SIZE / 4};
bool (*memory_reclaim)(void);

static uint32_t frame_table_end; /* frames below have an entry in frame_table */
struct frame *frame_table;

extern char kernel_image_start[], kernel_image_end[];

static struct region *region_of(uint32_t number)
{
	static uint32_t last; /* where the latest was, and the next is likely to be */
	struct region *region = &regions[last];

	if (number >= region->start && number < region->end)
		return region;
	for (uint32_t i = 0; i < region_count; i++) {
		if (number >= regions[i].start && number < regions[i].end) {
			last = i;
			return &regions[i];
		}
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

/* Take a block from the buddies; 0: none. Lock held. */
static uint32_t take_block(unsigned order)
{
	unsigned have;
	uint32_t number;

	for (;;) {
		for (have = order; have <= FRAME_MAX_ORDER && !free_heads[have]; have++)
			;
		if (have <= FRAME_MAX_ORDER)
			break;
		if (!introduce())
			return 0;
	}
	number = free_heads[have];
	free_list_remove(number);
	while (have > order) {
		have--;
		free_list_add(number + (1u << have), have);
	}
	return number;
}

/* Give a block back to the buddies. Lock held. */
static void give_block(uint32_t number, unsigned order)
{
	struct region *region = region_of(number);

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
}

/* Lock held. */
static void empty_cache(struct cache *cache, uint32_t keep)
{
	while (cache->count > keep)
		give_block(cache->frames[--cache->count], 0);
}

/* Lock held. */
static void cache_add(struct cache *cache, uint32_t number)
{
	if (cache->count == cache->limit)
		empty_cache(cache, cache->limit / 2);
	frame_table[number].state = FRAME_CACHED;
	cache->frames[cache->count++] = number;
}

/* Lock held. */
static uint32_t cache_take(struct cache *cache)
{
	return cache->count ? cache->frames[--cache->count] : 0;
}

/* A single frame, best from the cache; a block at a time keeps neighbours together. Lock held. */
static uint32_t take_single(void)
{
	uint32_t number = cache_take(&recent);

	if (number)
		return number;
	number = take_block(REFILL_ORDER);
	if (number) {
		for (uint32_t n = (1u << REFILL_ORDER) - 1; n > 0; n--)
			cache_add(&recent, number + n);
		return number;
	}
	number = take_block(0);
	return number ? number : cache_take(&zeroed);
}

void frames_fail_every(uint32_t count, uint32_t after)
{
	fail_count = 0;
	fail_after = after;
	fail_every = count;
}

bool allocation_fails(void)
{
	uint32_t number;

	if (!fail_every)
		return false;
	number = __atomic_add_fetch(&fail_count, 1, __ATOMIC_RELAXED);
	return number > fail_after && number % fail_every == 0;
}

/* One try. `zero`: a zeroed single frame will do; *zero tells whether it is. */
static uint32_t take(unsigned order, bool *zero)
{
	uint64_t flags;
	uint32_t number = 0;

	if (allocation_fails())
		return 0;
	flags = spin_lock(&frame_lock);
	if (*zero && order == 0)
		number = cache_take(&zeroed);
	if (!number) {
		*zero = false;
		number = order ? take_block(order) : take_single();
	}
	if (!number && order && (recent.count || zeroed.count)) {
		empty_cache(&recent, 0);
		empty_cache(&zeroed, 0);
		number = take_block(order);
	}
	for (uint32_t n = 0; number && n < 1u << order; n++) {
		frame_table[number + n].state = FRAME_USED;
		frame_table[number + n].references = 1;
		frame_table[number + n].note = 0;
	}
	if (number)
		available -= 1u << order;
	spin_unlock(&frame_lock, flags);
	return number;
}

/* As take, and when memory is short and nobody's lock is held, what can be made free is. */
static uint32_t take_or_reclaim(unsigned order, bool *zero)
{
	bool wanted = *zero;
	uint32_t number = take(order, zero);

	if (!number && may_sleep() && memory_reclaim && memory_reclaim()) {
		*zero = wanted;
		number = take(order, zero);
	}
	return number;
}

physical_address frames_alloc_raw(unsigned order)
{
	bool zero = false;

	return (physical_address)take_or_reclaim(order, &zero) << PAGE_SHIFT;
}

physical_address frame_alloc(void)
{
	return frames_alloc_raw(0);
}

physical_address frame_alloc_zeroed(void)
{
	return frames_alloc(0);
}

static physical_address zeroed_block(uint32_t number, unsigned order, bool zero)
{
	physical_address first = (physical_address)number << PAGE_SHIFT;

	for (unsigned n = 0; first && !zero && n < 1u << order; n++)
		page_zero((char *)phys_to_virt(first) + n * PAGE_SIZE);
	return first;
}

physical_address frames_alloc(unsigned order)
{
	bool zero = true;
	uint32_t number = take_or_reclaim(order, &zero);

	return zeroed_block(number, order, zero);
}

physical_address frames_try(unsigned order)
{
	bool zero = true;
	uint32_t number = take(order, &zero);

	return zeroed_block(number, order, zero);
}

/* Nobody refers to the frame any more. */
static void free_single(uint32_t number, struct cache *cache)
{
	uint64_t flags = spin_lock(&frame_lock);

	available++;
	cache_add(cache, number);
	spin_unlock(&frame_lock, flags);
}

bool frame_counted(physical_address address)
{
	uint64_t number = address >> PAGE_SHIFT;

	return number && number < frame_table_end && region_of((uint32_t)number);
}

uint32_t *frame_note(physical_address address)
{
	return &frame_table[address >> PAGE_SHIFT].note;
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

/* Drop a reference; the frame's number when it was the last, else 0. */
static uint32_t drop(physical_address address)
{
	uint32_t number = (uint32_t)(address >> PAGE_SHIFT);
	struct frame *frame;

	if (!frame_counted(address))
		return 0;
	frame = &frame_table[number];
	DEBUG_ASSERT(frame->state == FRAME_USED && frame->references);
	/* the only holder of the only reference races with nobody */
	if (frame->references != 1 &&
	    __atomic_sub_fetch(&frame->references, 1, __ATOMIC_ACQ_REL) != 0)
		return 0;
	frame->references = 0;
	DEBUG_ASSERT(!frame->stale);
	return number;
}

void frame_unref(physical_address address)
{
	uint32_t number = drop(address);

	if (number)
		free_single(number, &recent);
}

void frame_unref_zeroed(physical_address address)
{
	uint32_t number = drop(address);

	if (number)
		free_single(number, &zeroed);
}

void frame_unref_list(const physical_address *list, uint32_t count)
{
	uint64_t flags = spin_lock(&frame_lock);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = drop(list[i]);

		if (number) {
			available++;
			cache_add(&recent, number);
		}
	}
	spin_unlock(&frame_lock, flags);
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
	uint32_t number = (uint32_t)(first >> PAGE_SHIFT), n = 0;
	uint64_t flags;

	while (n < 1u << order && frame_table[number + n].references == 1)
		n++;
	if (n < 1u << order) { /* some frame is someone else's too */
		for (n = 0; n < 1u << order; n++)
			frame_unref(first + n * PAGE_SIZE);
		return;
	}
	for (n = 0; n < 1u << order; n++)
		frame_table[number + n].references = 0;
	flags = spin_lock(&frame_lock);
	available += 1u << order;
	give_block(number, order);
	spin_unlock(&frame_lock, flags);
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
