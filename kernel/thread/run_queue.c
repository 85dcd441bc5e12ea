/* SPDX-License-Identifier: BSD-2-Clause */
/* Run queues: strict between priorities, in turn within one, and a turn for the low ones. */
#include <twizzler/syscall.h>
#include "run_queue.h"

void run_queue_add(struct cpu *cpu, struct thread *thread, bool first)
{
	struct list *level = &cpu->levels[thread->priority];

	if (first)
		list_prepend(level, &thread->queue_node);
	else
		list_append(level, &thread->queue_node);
	cpu->ready |= 1ull << thread->priority;
	thread->queued = true;
	cpu->queue_length++;
}

void run_queue_remove(struct cpu *cpu, struct thread *thread)
{
	list_remove(&thread->queue_node);
	if (list_empty(&cpu->levels[thread->priority]))
		cpu->ready &= ~(1ull << thread->priority);
	thread->queued = false;
	cpu->queue_length--;
}

/* Priorities whose threads get a turn now and then: the shared ones below the highest. */
static uint64_t waiting_below(const struct cpu *cpu, int top)
{
	return top < TWZ_PRIORITY_REALTIME && top > 0 ? cpu->ready & ((1ull << top) - 1) : 0;
}

struct thread *run_queue_take(struct cpu *cpu, uint64_t now)
{
	int top = run_queue_top(cpu), level = top;
	uint64_t below = waiting_below(cpu, top);
	struct thread *thread;

	if (top < 0)
		return NULL;
	if (!below) {
		if (top < TWZ_PRIORITY_REALTIME)
			cpu->fair_at = now + FAIR_NS;
	} else if (now >= cpu->fair_at) {
		/* each of them in its turn, from high to low */
		uint64_t next = below & ((1ull << cpu->fair_level) - 1);

		level = 63 - __builtin_clzll(next ? next : below);
		cpu->fair_level = (uint8_t)level;
		cpu->fair_at = now + FAIR_NS;
	}
	thread = LIST_ENTRY(cpu->levels[level].next, struct thread, queue_node);
	run_queue_remove(cpu, thread);
	return thread;
}

struct thread *run_queue_take_shared(struct cpu *cpu)
{
	uint64_t shared = cpu->ready & ((1ull << TWZ_PRIORITY_REALTIME) - 1);
	struct thread *thread;

	if (!shared)
		return NULL;
	thread = LIST_ENTRY(cpu->levels[63 - __builtin_clzll(shared)].next, struct thread,
			    queue_node);
	run_queue_remove(cpu, thread);
	return thread;
}

uint64_t run_queue_turn(const struct cpu *cpu)
{
	const struct thread *current = cpu->current;
	int top = run_queue_top(cpu);

	if (top < 0)
		return TWZ_FOREVER;
	if (current == cpu->idle)
		return 0;
	if (top > current->priority)
		return cpu->fair_turn && top < TWZ_PRIORITY_REALTIME ? cpu->slice_end : 0;
	if (top == current->priority)
		return cpu->slice_end;
	/* only lower ones wait: they have their turn after a while, unless this one is strict */
	if (current->priority >= TWZ_PRIORITY_REALTIME)
		return TWZ_FOREVER;
	return cpu->fair_at > cpu->slice_end ? cpu->fair_at : cpu->slice_end;
}
