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
#include "run_queue.h"
#include "state.h"

/* How long an idle CPU looks for work before it halts. */
#define POLL_NS 20000ull

extern char boot_stack[], boot_stack_top[];

struct cpu *cpus[CPU_MAX];
volatile uint8_t cpu_levels[CPU_MAX];
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
	for (unsigned i = 0; i < TWZ_PRIORITIES; i++)
		list_init(&cpu->levels[i]);
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

/* Take a ready thread from the CPU that has most of them. Our queue lock is held; theirs is tried.
 */
static struct thread *steal(struct cpu *self, uint64_t now)
{
	struct cpu *victim = NULL;
	struct thread *thread = NULL;
	uint64_t flags;

	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		if (cpus[i] != self && cpus[i]->queue_length > (victim ? victim->queue_length : 0))
			victim = cpus[i];
	}
	if (!victim || !spin_try_lock(&victim->queue_lock, &flags))
		return NULL;
	thread = run_queue_take(victim, now);
	if (thread)
		thread->cpu = self;
	spin_unlock(&victim->queue_lock, flags);
	return thread;
}

/* A turn ends before the hardware timer comes. One that is set too early comes once for nothing. */
static bool needs_timer(const struct cpu *cpu)
{
	return cpu->queue_length && run_queue_turn(cpu) < cpu->timer_armed;
}

/* In the new thread's context after a switch, the queue lock of this CPU still held. */
static void finish_switch(uint64_t flags)
{
	struct cpu *cpu = this_cpu();
	struct thread *ended = cpu->ended;
	bool program = cpu->current->run_limit || needs_timer(cpu);

	cpu->ended = NULL;
	spin_unlock(&cpu->queue_lock, 0);
	if (ended)
		thread_free(ended);
	if (program)
		timers_program();
	platform->interrupts_restore(flags);
}

void thread_begun(void)
{
	finish_switch(1);
}

static void begin_slice(struct cpu *cpu, struct thread *thread, uint64_t now)
{
	uint64_t slice = thread->slice_left ? thread->slice_left : SLICE_NS;

	thread->slice_left = 0;
	cpu->slice_end = thread->fifo ? TWZ_FOREVER : now + slice;
}

static void switch_to(struct cpu *cpu, struct thread *previous, struct thread *next, uint64_t now)
{
	previous->run_time += now - previous->started;
	next->started = now;
	cpu->current = next;
	cpu_levels[cpu->number] = next == cpu->idle ? 0 : next->priority + 1;
	cpu->switch_count++;
	if (previous->frame)
		thread_save_user_state(previous, cpu);
	/* the idle thread and the kernel's run on any root: a program that comes back finds its own
	 */
	if (next->view)
		view_load(next->view);
	if (next->frame)
		thread_load_user_state(next, cpu);
	if (previous->state == THREAD_ENDED)
		cpu->ended = previous;
	context_switch(&previous->saved_stack, next->saved_stack);
}

/* Put the thread that ran back into its queue. */
static void give_way(struct cpu *cpu, struct thread *thread, uint64_t now, bool yields)
{
	bool preempted = !yields && now < cpu->slice_end;

	if (preempted && !thread->fifo)
		thread->slice_left = cpu->slice_end - now;
	run_queue_add(cpu, thread, preempted);
}

static void schedule_as(bool yields)
{
	struct cpu *cpu;
	struct thread *previous, *next;
	uint64_t flags = platform->interrupts_save(), now = clock_monotonic();

	cpu = this_cpu();
	ASSERT(cpu->lock_depth == 0);
	spin_lock(&cpu->queue_lock);
	previous = cpu->current;
	cpu->reschedule = false;
	if (previous->state == THREAD_RUNNABLE && previous != cpu->idle)
		give_way(cpu, previous, now, yields);
	next = run_queue_take(cpu, now);
	if (!next)
		next = steal(cpu, now);
	if (!next)
		next = cpu->idle;
	begin_slice(cpu, next, now);
	cpu->fair_turn = next != cpu->idle && next->priority < run_queue_top(cpu);
	if (next == previous) {
		bool program = needs_timer(cpu);

		spin_unlock(&cpu->queue_lock, 0);
		if (program)
			timers_program();
		platform->interrupts_restore(flags);
		return;
	}
	switch_to(cpu, previous, next, now);
	finish_switch(flags);
}

void schedule(void)
{
	schedule_as(false);
}

/*
 * Where a thread that is ready should run: where it was, if that CPU runs nothing or something
 * lower; else the CPU that runs the lowest, if that is lower; else where it was. A line of bytes is
 * all that is read.
 */
static struct cpu *choose_cpu(const struct thread *thread, struct cpu *last)
{
	uint8_t least = cpu_levels[last->number];
	struct cpu *best = last;

	if (!least && !last->queue_length)
		return last;
	/* a strict thread preempts there, whoever else waits */
	bool strict = thread->priority >= TWZ_PRIORITY_REALTIME;
	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		if (cpus[i]->online && cpu_levels[i] < least &&
		    (strict || !cpus[i]->queue_length)) {
			least = cpu_levels[i];
			best = cpus[i];
		}
	}
	return least <= thread->priority ? best : last;
}

/* Enter a thread into a CPU's queue and make that CPU notice. Its queue lock is held; released. */
static void enter(struct cpu *cpu, struct thread *thread)
{
	struct cpu *self = this_cpu();
	uint64_t before = run_queue_turn(cpu), turn;

	thread->cpu = cpu;
	run_queue_add(cpu, thread, false);
	turn = run_queue_turn(cpu);
	if (!turn)
		cpu->reschedule = true;
	spin_unlock(&cpu->queue_lock, 0);
	if (cpu == self) {
		if (turn && turn < cpu->timer_armed)
			cpu->program_timer = true;
	} else if (turn < before) {
		/* to switch, or to set its timer; an idle CPU that polls sees the queue: pairs with
		 * scheduler_idle */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!cpu->polling)
			platform->send_interrupt(cpu, VECTOR_RESCHEDULE);
	}
}

void thread_start(struct thread *thread)
{
	uint64_t flags = platform->interrupts_save();
	struct cpu *cpu = choose_cpu(thread, this_cpu());

	spin_lock(&cpu->queue_lock);
	enter(cpu, thread);
	platform->interrupts_restore(flags);
}

/* Lock the queue of the CPU that a thread belongs to. Interrupts off. */
static struct cpu *lock_cpu_of(struct thread *thread)
{
	for (;;) {
		struct cpu *cpu = thread->cpu;

		spin_lock(&cpu->queue_lock);
		if (thread->cpu == cpu)
			return cpu;
		spin_unlock(&cpu->queue_lock, 0);
	}
}

void thread_wake(struct thread *thread)
{
	uint64_t flags = platform->interrupts_save();
	struct cpu *cpu = lock_cpu_of(thread), *better;

	if (thread->state != THREAD_SLEEPING) {
		spin_unlock(&cpu->queue_lock, flags);
		return;
	}
	thread->state = THREAD_RUNNABLE;
	if (cpu->current == thread) {
		/* still on its way to sleep: it will notice in schedule() */
		spin_unlock(&cpu->queue_lock, flags);
		return;
	}
	better = choose_cpu(thread, cpu);
	if (better != cpu) {
		thread->cpu = better;
		spin_unlock(&cpu->queue_lock, 0);
		spin_lock(&better->queue_lock);
	}
	enter(better, thread);
	platform->interrupts_restore(flags);
}

void thread_set_priority(struct thread *thread, uint8_t priority, bool fifo)
{
	uint64_t flags = platform->interrupts_save();
	struct cpu *cpu = lock_cpu_of(thread);
	bool queued = thread->queued, runs = cpu->current == thread;

	if (queued)
		run_queue_remove(cpu, thread);
	thread->priority = priority;
	thread->fifo = fifo;
	thread->slice_left = 0;
	if (runs) {
		cpu_levels[cpu->number] = priority + 1;
		cpu->slice_end = fifo ? TWZ_FOREVER : clock_monotonic() + SLICE_NS;
		cpu->reschedule = true;
	}
	if (queued) {
		enter(cpu, thread);
	} else {
		spin_unlock(&cpu->queue_lock, 0);
		if (runs && cpu != this_cpu())
			platform->send_interrupt(cpu, VECTOR_RESCHEDULE);
	}
	platform->interrupts_restore(flags);
}

/* The CPU that runs the lowest thread, if that is lower than the highest that waits here. */
static struct cpu *find_lower(const struct cpu *self)
{
	struct cpu *lowest = NULL;
	int least = run_queue_top(self);

	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		if (cpus[i] != self && cpus[i]->online && cpu_levels[i] <= least) {
			least = cpu_levels[i] - 1;
			lowest = cpus[i];
		}
	}
	return lowest;
}

/* The CPU that has least to do, if that is less than this one has; NULL otherwise. */
static struct cpu *find_least(const struct cpu *self)
{
	struct cpu *least = NULL;

	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		uint32_t load = cpus[i]->queue_length + (cpu_levels[i] != 0);

		if (cpus[i] != self && cpus[i]->online && load <= self->queue_length &&
		    (!least || load < least->queue_length + (cpu_levels[least->number] != 0)))
			least = cpus[i];
	}
	return least;
}

/*
 * Threads that wait here while another CPU has less to do: one goes there, now and then, so that
 * three busy threads on two CPUs get two thirds each. A strict thread goes only where it runs at
 * once: behind an equal one it would let lower ones run here. From the timer interrupt.
 */
void scheduler_balance(uint64_t now)
{
	struct cpu *self = this_cpu(), *other = NULL;
	struct thread *thread;
	bool strict;

	if (!self->queue_length || now < self->balance_at)
		return;
	self->balance_at = now + BALANCE_NS;
	strict = run_queue_top(self) >= TWZ_PRIORITY_REALTIME;
	if (strict)
		other = find_lower(self);
	if (!other) {
		strict = false;
		other = find_least(self);
	}
	if (!other)
		return;
	spin_lock(&self->queue_lock);
	thread = strict ? run_queue_take(self, now) : run_queue_take_shared(self);
	spin_unlock(&self->queue_lock, 0);
	if (!thread)
		return;
	other->balance_at = now + BALANCE_NS; /* it does not hand one back at once */
	spin_lock(&other->queue_lock);
	enter(other, thread);
}

void thread_post(struct thread *thread, uint32_t pending)
{
	__atomic_or_fetch(&thread->pending, pending, __ATOMIC_SEQ_CST);
	thread_wake(thread);
	/* a thread in user space on another CPU looks at it on its way back from the interrupt */
	if (thread->cpu != this_cpu() && thread->cpu->current == thread)
		platform->send_interrupt(thread->cpu, VECTOR_RESCHEDULE);
}

void thread_yield(void)
{
	schedule_as(true);
}

void thread_breathe(void)
{
	if (this_cpu()->reschedule && may_sleep())
		schedule();
}

/*
 * Look for work a little while before halting: a halted CPU takes an interrupt to wake, which costs
 * both sides more than a thread that sleeps for its partner's answer takes.
 */
static void poll_queue(struct cpu *cpu)
{
	uint64_t end = clock_monotonic() + POLL_NS;

	cpu->polling = true;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (!cpu->queue_length && !cpu->reschedule && clock_monotonic() < end) {
		/* the pause instruction ends a turn of the emulator: seldom */
		for (unsigned i = 0; i < 64 && !cpu->queue_length && !cpu->reschedule; i++)
			__asm__ volatile("" ::: "memory");
	}
	cpu->polling = false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void scheduler_idle(void)
{
	for (;;) {
		struct cpu *cpu = this_cpu();

		platform->interrupts_save();
		schedule();
		if (cpu_count > 1 && !cpu->queue_length && !cpu->reschedule) {
			platform->interrupts_enable();
			poll_queue(cpu);
			platform->interrupts_save();
		}
		if (!cpu->queue_length && !cpu->reschedule)
			platform->wait_for_interrupt();
		else
			platform->interrupts_enable();
	}
}
