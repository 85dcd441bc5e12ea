/* SPDX-License-Identifier: BSD-2-Clause */
/* TLB shootdown. One request at a time; who spins for anything answers meanwhile. */
#include <cpu.h>
#include <interrupt.h>
#include <log.h>
#include <object.h>
#include <platform.h>
#include <tlb.h>
#include <view.h>
#include <x86.h>

static volatile uint32_t request_taken;
static const struct view *volatile request_leave;

void tlb_answer(void)
{
	struct cpu *cpu = this_cpu();

	if (!__atomic_load_n(&cpu->flush_pending, __ATOMIC_ACQUIRE))
		return;
	if (request_leave && cpu->loaded_view == request_leave)
		view_load(NULL);
	else
		platform->flush_all();
	__atomic_store_n(&cpu->flush_pending, 0, __ATOMIC_RELEASE);
}

static void flush_self(const struct view *leave)
{
	if (leave && this_cpu()->loaded_view == leave)
		view_load(NULL);
	else
		platform->flush_all();
}

void tlb_flush_cpus(uint64_t set, const struct view *leave)
{
	uint64_t flags = platform->interrupts_save();
	struct cpu *self = this_cpu();
	uint64_t others = set & ~(1ull << self->number);

	if (set & 1ull << self->number)
		flush_self(leave);
	if (others) {
		while (__atomic_exchange_n(&request_taken, 1, __ATOMIC_ACQUIRE)) {
			cpu_pause();
			tlb_answer();
		}
		request_leave = leave;
		for (uint32_t i = 0; i < CPU_MAX; i++) {
			if (!(others & 1ull << i))
				continue;
			__atomic_store_n(&cpus[i]->flush_pending, 1, __ATOMIC_SEQ_CST);
			platform->send_interrupt(cpus[i], VECTOR_FLUSH);
		}
		for (uint32_t i = 0; i < CPU_MAX; i++) {
			while (others & 1ull << i &&
			       __atomic_load_n(&cpus[i]->flush_pending, __ATOMIC_ACQUIRE)) {
				cpu_pause();
				tlb_answer();
			}
		}
		__atomic_store_n(&request_taken, 0, __ATOMIC_RELEASE);
	}
	platform->interrupts_restore(flags);
}

uint64_t object_cpus(const struct object *object)
{
	uint64_t set = 0;

	/* pairs with view_load: an entry written before is seen by who sets the bit after */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	LIST_FOR_EACH (node, &object->maps)
		set |= LIST_ENTRY(node, struct mapping, object_node)->view->cpus;
	return set;
}

void tlb_flush_object(const struct object *object)
{
	uint64_t set = object_cpus(object);

	if (set)
		tlb_flush_cpus(set, NULL);
}

void tlb_flush_object_page(const struct object *object, uint64_t page)
{
	struct cpu *self = this_cpu();
	uint64_t others = object_cpus(object) & ~(1ull << self->number);

	LIST_FOR_EACH (node, &object->maps) {
		struct mapping *map = LIST_ENTRY(node, struct mapping, object_node);

		if (map->view == self->loaded_view)
			platform->flush_page((map->slot << TWZ_SLOT_SHIFT) + (page << PAGE_SHIFT));
	}
	if (others)
		tlb_flush_cpus(others, NULL);
}

void tlb_batch_begin(struct tlb_batch *batch, struct object *object)
{
	batch->object = object;
	batch->count = 0;
	batch->needed = false;
}

void tlb_batch_add(struct tlb_batch *batch, physical_address frame)
{
	if (batch->count == TLB_BATCH)
		tlb_batch_finish(batch);
	frame_mark_stale(frame, true);
	batch->frames[batch->count++] = frame;
}

void tlb_batch_finish(struct tlb_batch *batch)
{
	if (batch->count || batch->needed)
		tlb_flush_object(batch->object);
	for (uint32_t i = 0; i < batch->count; i++) {
		frame_mark_stale(batch->frames[i], false);
		frame_unref(batch->frames[i]);
	}
	batch->count = 0;
	batch->needed = false;
}
