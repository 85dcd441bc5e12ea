/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shootdown, and batches that give up frames only after it. The rule: see kernel/README.md.
 */
#ifndef KERNEL_TLB_H
#define KERNEL_TLB_H

#include <stdbool.h>
#include <stdint.h>
#include <page.h>

struct object;
struct view;

/*
 * More pages than this are flushed with everything else. Reloading the root is what costs: it
 * empties all that the processor has cached (QEMU's emulation: 50 times a system call).
 */
#define TLB_PAGES 64

/*
 * Flush all program translations on the CPUs of the set, the caller's included, and return when
 * done. `leave`: those that have this view loaded without running it load the kernel's root
 * instead. Locks up to LOCK_OBJECT may be held.
 */
void tlb_flush_cpus(uint64_t cpus, const struct view *leave);

/* Flush the stacks' area of the kernel's half (kernel_map.c) on every CPU. */
void tlb_flush_stacks(void);

/*
 * Flush one slot of a view, from which the object was taken out, wherever the view is loaded: what
 * was used of the object there, page by page if it is little. The view's and the object's lock are
 * held.
 */
void tlb_flush_slot(const struct view *view, uint64_t slot, struct object *object);

/* Do what another CPU asked this one for; from the interrupt and from spinning loops. */
void tlb_answer(void);

/* The CPUs that may hold translations of the object. Its lock is held. */
uint64_t object_cpus(const struct object *object);

/* Flush one page of the object wherever it is mapped. Its lock is held. */
void tlb_flush_object_page(const struct object *object, uint64_t page);
/* Flush all of the object. Its lock is held. */
void tlb_flush_object(const struct object *object);

/*
 * Pages whose entries were narrowed or removed from an object, and the frames and tables given up
 * with them: one flush of just these pages, then the references are dropped. Its lock is held from
 * the first add to the finish.
 */
struct tlb_batch {
	struct object *object;
	uint32_t page_count, frame_count;
	bool all; /* too many pages to name */
	uint32_t pages[TLB_PAGES];
	physical_address frames[TLB_PAGES];
};
void tlb_batch_begin(struct tlb_batch *batch, struct object *object);
/* An entry was narrowed: its translation must go. */
void tlb_batch_narrow(struct tlb_batch *batch, uint64_t page);
/* An entry was removed; takes over one reference of its frame. Flushes when the batch is full. */
void tlb_batch_add(struct tlb_batch *batch, uint64_t page, physical_address frame);
void tlb_batch_finish(struct tlb_batch *batch);

#endif
