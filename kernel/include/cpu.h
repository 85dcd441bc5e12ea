/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU data, reached through GS while in the kernel, and what the processor can do. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <lock.h>
#include <timer.h>
#include <list.h>
#include <twizzler/syscall.h>

#define CPU_MAX 64 /* one word of a CPU set */

struct thread;
struct view;

struct gdt_and_tss; /* kernel/platform/bare/descriptor.c */

struct flush_request; /* kernel/memory/tlb.c */

struct cpu {
	struct cpu *self;	/* offset 0: %gs:0 */
	uint64_t syscall_stack; /* offset 8: top of the current thread's kernel stack */
	uint64_t user_stack;	/* offset 16: scratch in the system call entry */
	struct thread *current; /* offset 24 */
	uint32_t number;	/* 0 is the boot CPU */
	uint32_t apic_id;
	volatile bool online;
	volatile bool reschedule; /* leave the current thread at the next return to user space */
	struct view *
		loaded_view; /* whose root is in CR3; may outlive the thread's stay. Own CPU only */
	struct thread *idle;
	struct spinlock queue_lock; /* run queue (thread/run_queue.h): threads ready to run here */
	uint64_t ready;		    /* bit p: levels[p] is not empty */
	struct list levels[TWZ_PRIORITIES];
	volatile uint32_t queue_length;
	uint8_t fair_level;	     /* the low priority that had the last turn */
	bool fair_turn;		     /* current has its turn before higher ones */
	uint64_t fair_at;	     /* when a low one has the next */
	uint64_t balance_at;	     /* when to look at the other CPUs' queues again */
	volatile bool polling;	     /* idle, and looks at its queue: needs no interrupt */
	struct thread *ended;	     /* switched away from for ever; its memory is to be freed */
	volatile bool program_timer; /* a slice has begun to count: set the hardware timer */
	uint64_t slice_end;	     /* monotonic time when current must make room for an equal */
	uint64_t user_gs;	     /* what the program's GS base register holds; ~0: unknown */
	struct timer_queue timers;
	uint64_t timer_armed;	      /* deadline in the hardware timer */
	volatile uint64_t flush_from; /* the CPUs that wait for a flush here, by number */
	const struct flush_request *volatile flush_request; /* what it asks others for */
	volatile uint64_t switch_count;
	struct gdt_and_tss *descriptors;
	void *emergency_stacks;
	/* debug variant: ranks of the locks held, innermost last */
	uint32_t lock_depth;
	uint32_t lock_ranks[16];
};

extern struct cpu *cpus[CPU_MAX];
/* What each CPU runs: 0 nothing, else the thread's priority plus 1. A hint, read without a lock. */
extern volatile uint8_t cpu_levels[CPU_MAX];
extern uint32_t cpu_count; /* online */

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

static inline struct thread *current_thread(void)
{
	struct thread *thread;

	__asm__ volatile("movq %%gs:24, %0" : "=r"(thread));
	return thread;
}

/* What the boot CPU has; the kernel uses it where it is there. */
struct cpu_features {
	bool fsgsbase, smep, smap, umip, xsave, gigabyte_pages, rdrand, rdseed, clwb, clflushopt;
	uint64_t xsave_mask;	/* XCR0 */
	uint32_t extended_size; /* bytes of FXSAVE/XSAVE state */
	uint32_t physical_bits;
};
extern struct cpu_features cpu_features;

#endif
