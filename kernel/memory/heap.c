/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel heap: pages cut into pieces of one size class each; larger requests take whole frames.
 */
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <page.h>
#include <string.h>
#include "frame.h"

static const uint16_t class_sizes[] = {16,  32,	 48,  64,  96,	 128, 192,
				       256, 336, 512, 672, 1008, 2048};
#define CLASSES (sizeof(class_sizes) / sizeof(class_sizes[0]))

static uint32_t partial[CLASSES]; /* frame numbers of pages with free pieces, linked by next */
static struct spinlock heap_lock = SPINLOCK_INIT(LOCK_HEAP);

static void partial_add(unsigned class, uint32_t number)
{
	frame_table[number].previous = 0;
	frame_table[number].next = partial[class];
	if (partial[class])
		frame_table[partial[class]].previous = number;
	partial[class] = number;
}

static void partial_remove(unsigned class, uint32_t number)
{
	struct frame *frame = &frame_table[number];

	if (frame->previous)
		frame_table[frame->previous].next = frame->next;
	else
		partial[class] = frame->next;
	if (frame->next)
		frame_table[frame->next].previous = frame->previous;
}

/* Cut a fresh frame into pieces and add it. Lock not held: memory may have to be reclaimed. */
static bool grow(unsigned class)
{
	physical_address address = frames_alloc_raw(0);
	unsigned size = class_sizes[class];
	char *page = phys_to_virt(address);
	struct frame *frame = &frame_table[address >> PAGE_SHIFT];
	uint64_t flags;

	if (!address)
		return false;
	for (unsigned at = 0; at + size <= PAGE_SIZE; at += size)
		*(uint16_t *)(page + at) =
			at + 2 * size <= PAGE_SIZE ? (uint16_t)((at + size) / 16 + 1) : 0;
	frame->heap_class = (uint8_t)(class + 1);
	frame->heap_used = 0;
	frame->heap_free = 1;
	flags = spin_lock(&heap_lock);
	partial_add(class, (uint32_t)(address >> PAGE_SHIFT));
	spin_unlock(&heap_lock, flags);
	return true;
}

static void *alloc_piece(unsigned class)
{
	uint64_t flags = spin_lock(&heap_lock);
	struct frame *frame;
	uint32_t number;
	char *piece;

	while (!partial[class]) {
		spin_unlock(&heap_lock, flags);
		if (!grow(class))
			return NULL;
		flags = spin_lock(&heap_lock);
	}
	number = partial[class];
	frame = &frame_table[number];
	piece = (char *)phys_to_virt((physical_address)number << PAGE_SHIFT) +
		(frame->heap_free - 1) * 16;
	frame->heap_free = *(uint16_t *)piece;
	frame->heap_used++;
	if (!frame->heap_free)
		partial_remove(class, number);
	spin_unlock(&heap_lock, flags);
	memset(piece, 0, class_sizes[class]);
	return piece;
}

void *kernel_alloc(size_t size)
{
	unsigned order = 0;
	physical_address address;

	if (allocation_fails())
		return NULL;
	for (unsigned class = 0; class < CLASSES; class ++) {
		if (size <= class_sizes[class])
			return alloc_piece(class);
	}
	while (PAGE_SIZE << order < size) {
		if (++order > FRAME_MAX_ORDER)
			return NULL;
	}
	address = frames_alloc(order);
	if (!address)
		return NULL;
	frame_table[address >> PAGE_SHIFT].heap_class = 0;
	frame_table[address >> PAGE_SHIFT].order = (uint8_t)order;
	return phys_to_virt(address);
}

void *kernel_alloc_array(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return kernel_alloc(total);
}

void kernel_free(void *pointer)
{
	physical_address page;
	struct frame *frame;
	uint64_t flags;
	unsigned class;

	if (!pointer)
		return;
	page = PAGE_ROUND_DOWN(virt_to_phys(pointer));
	frame = &frame_table[page >> PAGE_SHIFT];
	DEBUG_ASSERT(frame->state == FRAME_USED);
	if (!frame->heap_class) {
		frames_unref(page, frame->order);
		return;
	}
	flags = spin_lock(&heap_lock);
	class = frame->heap_class - 1u;
	if (!frame->heap_free)
		partial_add(class, (uint32_t)(page >> PAGE_SHIFT));
	*(uint16_t *)pointer = frame->heap_free;
	frame->heap_free = (uint16_t)(((uint64_t)pointer & PAGE_MASK) / 16 + 1);
	/* the last page of a class stays: it would come back with the next piece */
	if (--frame->heap_used == 0 && (frame->next || frame->previous)) {
		partial_remove(class, (uint32_t)(page >> PAGE_SHIFT));
		frame->heap_class = 0;
		frame_unref(page);
	}
	spin_unlock(&heap_lock, flags);
}

bool heap_trim(void)
{
	uint64_t flags = spin_lock(&heap_lock);
	bool any = false;

	for (unsigned class = 0; class < CLASSES; class ++) {
		uint32_t number = partial[class], next;

		for (; number; number = next) {
			next = frame_table[number].next;
			if (frame_table[number].heap_used)
				continue;
			partial_remove(class, number);
			frame_table[number].heap_class = 0;
			frame_unref((physical_address)number << PAGE_SHIFT);
			any = true;
		}
	}
	spin_unlock(&heap_lock, flags);
	return any;
}
