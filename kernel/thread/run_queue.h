/* SPDX-License-Identifier: BSD-2-Clause */
/* A CPU's run queue: one list a priority, and a word that says which are not empty. */
#ifndef RUN_QUEUE_H
#define RUN_QUEUE_H

#include <cpu.h>
#include <thread.h>

#define SLICE_NS   4000000ull	/* what a thread gets before an equal one */
#define FAIR_NS	   100000000ull /* how long the highest shared priority keeps the others waiting */
#define BALANCE_NS 20000000ull	/* between two looks whether another CPU has less to do */

/* All with the CPU's queue lock held. */

/* `first`: it was preempted and goes before its equals. */
void run_queue_add(struct cpu *cpu, struct thread *thread, bool first);
void run_queue_remove(struct cpu *cpu, struct thread *thread);

/* The thread that is to run next, taken out; NULL when there is none. O(1). */
struct thread *run_queue_take(struct cpu *cpu, uint64_t now);

/* The first of the highest shared priority, taken out; NULL when none waits. */
struct thread *run_queue_take_shared(struct cpu *cpu);

/* The highest priority in the queue, or -1. */
static inline int run_queue_top(const struct cpu *cpu)
{
	return cpu->ready ? 63 - __builtin_clzll(cpu->ready) : -1;
}

/* When the current thread must make room, as things stand; TWZ_FOREVER: nobody waits for it. */
uint64_t run_queue_turn(const struct cpu *cpu);

#endif
