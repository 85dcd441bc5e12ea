/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads and the scheduler. */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/syscall.h>
#include <cpu.h>
#include <interrupt.h>
#include <list.h>
#include <lock.h>
#include <timer.h>

struct view;
struct object;
struct handler_run; /* kernel/handler */

#define KERNEL_STACK_SIZE (16 * 1024ull)

enum thread_run_state {
	THREAD_RUNNABLE,
	THREAD_SLEEPING,
	THREAD_ENDED,
};

/* Reasons to leave the way back to user space, in thread->pending. */
#define PENDING_KILL	  0x1u
#define PENDING_INTERRUPT 0x2u

struct thread {
	uint64_t saved_stack; /* kernel stack pointer while not running */
	uint64_t stack_base;  /* lowest address of the kernel stack */
	struct trap_frame
		*frame; /* user registers, at the top of the kernel stack; NULL: kernel thread */
	void *extended_state;	/* FXSAVE/XSAVE area; NULL for kernel threads */
	uint16_t float_control; /* x87 control word, where the area does not hold it */
	bool vectors_dead;	/* in a system call: vector registers need not survive (state.h) */
	uint64_t fs_base, gs_base; /* while not running */

	volatile uint32_t state; /* enum thread_run_state, under its CPU's queue lock */
	struct cpu *cpu;	 /* runs or last ran here; under its queue lock */
	struct list queue_node;	 /* run queue */
	bool queued;		 /* in one; under its lock */
	bool fifo;		 /* no slices: runs until it sleeps, yields or is preempted */
	uint8_t priority;	 /* under its CPU's queue lock */
	uint8_t ceiling;	 /* what priority may be set to, at most */
	uint64_t slice_left;	 /* of a preempted slice, nanoseconds */
	struct list wait_node;	 /* wait queue */
	volatile bool woken;	 /* taken off its wait queue by a waker */
	struct timer timer;

	volatile uint32_t pending;    /* PENDING_* */
	volatile uint64_t interrupts; /* codes that wait for their upcall: bit code-1; atomic */
	uint64_t interrupt_words;     /* struct twz_interrupt_words of the program, or 0 */

	int32_t access_error; /* why the latest access to program memory failed (trap.c) */
	bool leaving;	      /* it ends; what it still has to write waits for memory */

	struct view *view;	/* a reference; NULL: kernel thread */
	struct list view_node;	/* view->threads, under the view's lock */
	struct object *control; /* a reference */
	uint32_t number;
	char name[32];
	uint64_t calls; /* system calls made */
	uint64_t robust_list;
	uint64_t clear_word; /* cleared and woken at the end */
	uint64_t exit_word;  /* the same, of thread_exit's argument */
	uint64_t upcall_stack, upcall_stack_length;
	uint64_t started, run_time; /* nanoseconds: since when it has the CPU, and before that */
	uint64_t run_limit; /* nanoseconds of run_time after which handler_over_budget is called; 0:
			       none */
	struct handler_run *handler; /* the run that this thread is, or NULL */
};

/* Start a kernel thread; -OUT_OF_MEMORY. */
twz_result kernel_thread_start(const char *name, void (*function)(void *), void *argument);

/*
 * Make a thread of a view that will begin with these registers; it does not run until thread_start.
 * Takes its own reference on the view.
 */
twz_result thread_create(struct view *view, const struct twz_thread_spec *spec,
			 struct thread **out);
void thread_start(struct thread *thread);
/* Throw away a thread that was never started. */
void thread_discard(struct thread *thread);

/* End the calling thread (a kernel thread by returning from its function). */
_Noreturn void thread_exit_current(void);

/* Make a sleeping thread runnable. Any context. */
void thread_wake(struct thread *thread);

/*
 * Set a thread's priority and whether it runs without slices; it takes effect at once, wherever the
 * thread is. The thread must not go away meanwhile.
 */
/* A priority as programs write it: 0, -INVALID_ARGUMENT, or -ACCESS_DENIED above the ceiling. */
twz_result thread_check_priority(uint64_t priority, uint8_t ceiling);

void thread_set_priority(struct thread *thread, uint8_t priority, bool fifo);

/* Give up the CPU if another thread of this priority or a higher one is ready. */
void thread_yield(void);
/* As thread_yield when the time slice is over: for long loops in the kernel. No lock held. */
void thread_breathe(void);

/* Set PENDING_* and wake the thread out of interruptible sleep. */
void thread_post(struct thread *thread, uint32_t pending);

/* The calling thread is to die or has an interrupt to take. */
bool thread_interrupted(void);

/*
 * The program's interrupt words say that something waits for the calling thread. Asked once before
 * a sleep: what is sent after comes with thread_post. May sleep.
 */
bool thread_signalled(void);

/* The last thing before user space, from entry.S: reschedule, kill, interrupts. */
void thread_before_user(struct trap_frame *frame);

/* CPU time of a thread so far in nanoseconds; exact for the calling thread. */
uint64_t thread_run_time(const struct thread *thread);

/* A thread's run_limit is over; on its way to user space. Ends the run. Defined by kernel/handler;
 * weak. */
_Noreturn void handler_over_budget(void) __attribute__((weak));

/* Threads alive, kernel threads not counted. */
uint64_t thread_count(void);

void scheduler_init(void);
/* Switch to another thread; the caller has set state. */
void schedule(void);
/* The boot context of a CPU becomes its idle thread. Does not return. */
_Noreturn void scheduler_idle(void);

#endif
