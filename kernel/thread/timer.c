/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: a pairing heap for each CPU (Fredman et al. 1986), and the hardware's one-shot timer. */
#include <cpu.h>
#include <platform.h>
#include <thread.h>
#include <timer.h>
#include <twizzler/types.h>
#include "internal.h"
#include "run_queue.h"

/* Join two heaps; either may be NULL. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->deadline < a->deadline) {
		struct timer *swap = a;

		a = b;
		b = swap;
	}
	b->previous = a;
	b->sibling = a->child;
	if (a->child)
		a->child->previous = b;
	a->child = b;
	return a;
}

/* Join a list of siblings in two passes. */
static struct timer *meld_siblings(struct timer *list)
{
	struct timer *pairs = NULL, *heap = NULL;

	while (list) {
		struct timer *a = list, *b = list->sibling;

		list = b ? b->sibling : NULL;
		a->sibling = a->previous = NULL;
		if (b)
			b->sibling = b->previous = NULL;
		a = meld(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *next = pairs->sibling;

		pairs->sibling = NULL;
		heap = meld(heap, pairs);
		pairs = next;
	}
	return heap;
}

/* Take a timer out of its heap. Lock held. */
static void take_out(struct timer_queue *queue, struct timer *timer)
{
	struct timer *children = meld_siblings(timer->child);

	if (queue->first == timer) {
		queue->first = children;
	} else {
		if (timer->previous->child == timer)
			timer->previous->child = timer->sibling;
		else
			timer->previous->sibling = timer->sibling;
		if (timer->sibling)
			timer->sibling->previous = timer->previous;
		queue->first = meld(queue->first, children);
	}
	timer->child = timer->sibling = timer->previous = NULL;
}

void timer_arm(struct timer *timer, uint64_t deadline, void (*fire)(struct timer *))
{
	uint64_t interrupts;
	struct cpu *cpu;

	if (deadline == TWZ_FOREVER)
		return;
	interrupts = platform->interrupts_save();
	cpu = this_cpu();
	spin_lock(&cpu->timers.lock);
	timer->deadline = deadline;
	timer->fire = fire;
	timer->child = timer->sibling = timer->previous = NULL;
	__atomic_store_n(&timer->cpu, cpu, __ATOMIC_RELEASE);
	cpu->timers.first = meld(cpu->timers.first, timer);
	if (deadline < cpu->timer_armed) {
		cpu->timer_armed = deadline;
		platform->timer_set(deadline);
	}
	spin_unlock(&cpu->timers.lock, 0);
	platform->interrupts_restore(interrupts);
}

void timer_cancel(struct timer *timer)
{
	struct cpu *cpu;

	while ((cpu = __atomic_load_n(&timer->cpu, __ATOMIC_ACQUIRE))) {
		uint64_t flags = spin_lock(&cpu->timers.lock);

		if (timer->cpu == cpu) {
			take_out(&cpu->timers, timer);
			timer->cpu = NULL;
		}
		spin_unlock(&cpu->timers.lock, flags);
	}
}

void timers_run(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t flags = spin_lock(&cpu->timers.lock), now = clock_monotonic();

	cpu->timer_armed = TWZ_FOREVER;
	while (cpu->timers.first && cpu->timers.first->deadline <= now) {
		struct timer *timer = cpu->timers.first;

		take_out(&cpu->timers, timer);
		timer->fire(timer);
		/* last: timer_cancel waits for the lock until here */
		if (timer->deadline > now)
			cpu->timers.first = meld(cpu->timers.first, timer);
		else
			__atomic_store_n(&timer->cpu, NULL, __ATOMIC_RELEASE);
	}
	spin_unlock(&cpu->timers.lock, flags);
	if (run_queue_turn(cpu) <= now)
		cpu->reschedule = true;
	scheduler_balance(now);
	timers_program();
}

void timers_program(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t flags = spin_lock(&cpu->timers.lock), now = clock_monotonic();
	uint64_t deadline = TWZ_FOREVER, turn = run_queue_turn(cpu);

	if (cpu->timers.first)
		deadline = cpu->timers.first->deadline;
	/*
	 * A slice or a budget that is over is acted on before the CPU returns to user mode. An
	 * alarm for it would come again and again until then, and leave a slow machine no time to
	 * get there.
	 */
	if (turn <= now)
		cpu->reschedule = true;
	else if (turn < deadline)
		deadline = turn;
	if (cpu->current && cpu->current->run_limit) {
		const struct thread *thread = cpu->current;
		uint64_t over = thread->started + 1;

		if (thread->run_limit > thread->run_time)
			over += thread->run_limit - thread->run_time;
		if (over > now && over < deadline)
			deadline = over;
	}
	/* an earlier alarm that is set already will come here again */
	if (deadline < cpu->timer_armed) {
		cpu->timer_armed = deadline;
		platform->timer_set(deadline);
	}
	spin_unlock(&cpu->timers.lock, flags);
}
