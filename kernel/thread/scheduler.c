/* SPDX-License-Identifier: BSD-2-Clause */
/* The scheduler: a run queue for each CPU, time slices, and the switch from thread to thread. */
#include <cpu.h>
#include <heap.h>
#include <log.h>
#include <main.h>
#include <page.h>
#include <platform.h>
#include <thread.h>
#include <timer.h>
#include <view.h>
#include "internal.h"

#define SLICE_NS 4000000ull

extern char boot_stack[], boot_stack_top[];

struct cpu *cpus[CPU_MAX];
uint32_t cpu_count;
static struct cpu boot_cpu;

/* Per-CPU data of the boot CPU, before anything else. */
void boot_cpu_init(void)
{
	boot_cpu.self = &boot_cpu;
	platform_set_cpu(&boot_cpu);
	cpu_setup(&boot_cpu, 0);
	cpus[0] = &boot_cpu;
	cpu_count = 1;
	boot_cpu.online = true;
}

void cpu_setup(struct cpu *cpu, uint32_t number)
{
	cpu->self = cpu;
	cpu->number = number;
	cpu->slice_end = TWZ_FOREVER;
	cpu->timer_armed = TWZ_FOREVER;
	spin_init(&cpu->queue_lock, LOCK_RUN_QUEUE);
	spin_init(&cpu->timers.lock, LOCK_TIMER);
	list_init(&cpu->queue);
}

bool cpu_make_idle(struct cpu *cpu, uint64_t stack)
{
	struct thread *idle = kernel_alloc(sizeof(*idle));

	if (!idle)
		return false;
	idle->state = THREAD_RUNNABLE;
	idle->stack_base = stack;
	idle->cpu = cpu;
	list_init(&idle->queue_node);
	list_init(&idle->wait_node);
	list_init(&idle->view_node);
	format_text(idle->name, sizeof(idle->name), "idle %u", cpu->number);
	cpu->idle = cpu->current = idle;
	return true;
}

void scheduler_init(void)
{
	if (!cpu_make_idle(&boot_cpu, (uint64_t)boot_stack))
		panic("out of memory for the idle thread");
}

/* Queue lock held. */
static void enqueue(struct cpu *cpu, struct thread *thread)
{
	list_append(&cpu->queue, &thread->queue_node);
	cpu->queue_length++;
}

static struct thread *dequeue(struct cpu *cpu)
{
	struct list *node = list_pop(&cpu->queue);

	if (!node)
		return NULL;
	cpu->queue_length--;
	return LIST_ENTRY(node, struct thread, queue_node);
}

/* Take a ready thread from another CPU. Our queue lock is held; theirs is only tried. */
static struct thread *steal(struct cpu *self)
{
	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		struct thread *thread;
		uint64_t flags;

		if (cpus[i] == self || !cpus[i]->queue_length ||
		    !spin_try_lock(&cpus[i]->queue_lock, &flags))
			continue;
		thread = dequeue(cpus[i]);
		if (thread)
			thread->cpu = self;
		spin_unlock(&cpus[i]->queue_lock, flags);
		if (thread)
			return thread;
	}
	return NULL;
}

/* In the new thread's context after a switch, the queue lock of this CPU still held. */
static void finish_switch(uint64_t flags)
{
	struct cpu *cpu = this_cpu();
	struct thread *ended = cpu->ended;
	bool slice = (cpu->queue_length && cpu->current != cpu->idle) || cpu->current->run_limit;

	cpu->ended = NULL;
	spin_unlock(&cpu->queue_lock, 0);
	if (ended)
		thread_free(ended);
	if (slice)
		timers_program();
	platform->interrupts_restore(flags);
}

void thread_begun(void)
{
	finish_switch(1);
}

static void switch_to(struct cpu *cpu, struct thread *previous, struct thread *next)
{
	uint64_t now = clock_monotonic();

	previous->run_time += now - previous->started;
	next->started = now;
	cpu->current = next;
	cpu->slice_end = now + SLICE_NS;
	cpu->switch_count++;
	if (previous->frame)
		thread_save_user_state(previous);
	if (next->view)
		view_load(next->view);
	if (next->frame)
		thread_load_user_state(next, cpu);
	if (previous->state == THREAD_ENDED)
		cpu->ended = previous;
	context_switch(&previous->saved_stack, next->saved_stack);
}

void schedule(void)
{
	struct cpu *cpu;
	struct thread *previous, *next;
	uint64_t flags = platform->interrupts_save();

	cpu = this_cpu();
	ASSERT(cpu->lock_depth == 0);
	spin_lock(&cpu->queue_lock);
	previous = cpu->current;
	cpu->reschedule = false;
	if (previous->state == THREAD_RUNNABLE && previous != cpu->idle)
		enqueue(cpu, previous);
	next = dequeue(cpu);
	if (!next)
		next = steal(cpu);
	if (!next)
		next = cpu->idle;
	if (next == previous) {
		cpu->slice_end = clock_monotonic() + SLICE_NS;
		spin_unlock(&cpu->queue_lock, flags);
		return;
	}
	switch_to(cpu, previous, next);
	finish_switch(flags);
}

static struct cpu *choose_cpu(struct cpu *last)
{
	if (last->current == last->idle && !last->queue_length)
		return last;
	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		if (cpus[i]->online && cpus[i]->current == cpus[i]->idle && !cpus[i]->queue_length)
			return cpus[i];
	}
	return last;
}

/* Make the CPU notice a new thread in its queue. */
static void kick(struct cpu *cpu)
{
	struct cpu *self = this_cpu();

	if (cpu->current == cpu->idle)
		cpu->reschedule = true;
	if (cpu != self)
		platform->send_interrupt(cpu, VECTOR_RESCHEDULE);
	else if (cpu->current != cpu->idle)
		cpu->program_timer = true; /* the slice counts from now on */
}

/* A runnable thread that is in no queue. */
static void place(struct thread *thread, struct cpu *last)
{
	struct cpu *cpu = choose_cpu(last);
	uint64_t flags = spin_lock(&cpu->queue_lock);

	thread->cpu = cpu;
	enqueue(cpu, thread);
	spin_unlock(&cpu->queue_lock, flags);
	kick(cpu);
}

void thread_start(struct thread *thread)
{
	uint64_t flags = platform->interrupts_save();

	place(thread, this_cpu());
	platform->interrupts_restore(flags);
}

void thread_wake(struct thread *thread)
{
	uint64_t flags = platform->interrupts_save();

	for (;;) {
		struct cpu *cpu = thread->cpu;
		bool ready = false;

		spin_lock(&cpu->queue_lock);
		if (thread->cpu != cpu) {
			spin_unlock(&cpu->queue_lock, 0);
			continue;
		}
		if (thread->state == THREAD_SLEEPING) {
			thread->state = THREAD_RUNNABLE;
			/* still on its way to sleep: it will notice in schedule() */
			ready = cpu->current != thread;
		}
		spin_unlock(&cpu->queue_lock, 0);
		if (ready)
			place(thread, cpu);
		break;
	}
	platform->interrupts_restore(flags);
}

void thread_post(struct thread *thread, uint32_t pending)
{
	__atomic_or_fetch(&thread->pending, pending, __ATOMIC_SEQ_CST);
	thread_wake(thread);
	/* a thread in user space on another CPU looks at it on its way back from the interrupt */
	if (thread->cpu != this_cpu())
		platform->send_interrupt(thread->cpu, VECTOR_RESCHEDULE);
}

void thread_yield(void)
{
	schedule();
}

void thread_breathe(void)
{
	if (this_cpu()->reschedule && may_sleep())
		schedule();
}

void scheduler_idle(void)
{
	for (;;) {
		platform->interrupts_save();
		schedule();
		if (!this_cpu()->queue_length && !this_cpu()->reschedule)
			platform->wait_for_interrupt();
		else
			platform->interrupts_enable();
	}
}
