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
 * Flush all program translations on the CPUs of the set, the caller's included, and return when
 * done. `leave`: those that have this view loaded without running it load the kernel's root
 * instead. Locks up to LOCK_OBJECT may be held.
 */
void tlb_flush_cpus(uint64_t cpus, const struct view *leave);

/* Do what another CPU asked this one for; from the interrupt and from spinning loops. */
void tlb_answer(void);

/* The CPUs that may hold translations of the object. Its lock is held. */
uint64_t object_cpus(const struct object *object);

/* Flush one page of the object wherever it is mapped. Its lock is held. */
void tlb_flush_object_page(const struct object *object, uint64_t page);
/* Flush all of the object. Its lock is held. */
void tlb_flush_object(const struct object *object);

/*
 * Frames and table pages whose entries were removed from an object, given up together after one
 * flush. Its lock is held from the first add to the finish.
 */
#define TLB_BATCH 64
struct tlb_batch {
	struct object *object;
	uint32_t count;
	bool needed; /* some entry was narrowed, even if nothing is given up */
	physical_address frames[TLB_BATCH];
};
void tlb_batch_begin(struct tlb_batch *batch, struct object *object);
/* Takes over one reference of the frame; flushes when the batch is full. */
void tlb_batch_add(struct tlb_batch *batch, physical_address frame);
void tlb_batch_finish(struct tlb_batch *batch);

#endif
