/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: making, ending, and the state of theirs that the kernel does not use itself. */
#include <cpu.h>
#include <heap.h>
#include <log.h>
#include <object.h>
#include <page.h>
#include <platform.h>
#include <string.h>
#include <sync.h>
#include <user.h>
#include <view.h>
#include "../view/internal.h"
#include "internal.h"
#include "state.h"

static volatile uint64_t live_threads;

uint64_t thread_count(void)
{
	return live_threads;
}

static struct thread *allocate(const char *name)
{
	struct thread *thread = kernel_alloc(sizeof(*thread));

	if (!thread)
		return NULL;
	thread->stack_base = kernel_stack_alloc();
	if (!thread->stack_base) {
		kernel_free(thread);
		return NULL;
	}
	thread->state = THREAD_RUNNABLE;
	thread->cpu = this_cpu();
	thread->priority = TWZ_PRIORITY_DEFAULT;
	thread->ceiling = TWZ_PRIORITIES - 1;
	list_init(&thread->queue_node);
	list_init(&thread->wait_node);
	list_init(&thread->view_node);
	string_copy(thread->name, name, sizeof(thread->name));
	return thread;
}

/* The stack of a thread that will start in thread_begin with r12 and r13 as given. */
static void prepare_stack(struct thread *thread, uint64_t top, uint64_t r12, uint64_t r13)
{
	/* as context_switch pops: r15 r14 r13 r12 rbx rbp, return address; 16-aligned for the call
	 */
	uint64_t *stack = (uint64_t *)(top - 16) - 8;

	memset(stack, 0, 8 * sizeof(*stack));
	stack[2] = r13;
	stack[3] = r12;
	stack[6] = (uint64_t)thread_begin;
	thread->saved_stack = (uint64_t)stack;
}

twz_result kernel_thread_start(const char *name, void (*function)(void *), void *argument)
{
	struct thread *thread = allocate(name);

	if (!thread)
		return -TWZ_ERR_OUT_OF_MEMORY;
	prepare_stack(thread, thread->stack_base + KERNEL_STACK_SIZE, (uint64_t)function,
		      (uint64_t)argument);
	thread_start(thread);
	return TWZ_OK;
}

twz_result thread_check_priority(uint64_t priority, uint8_t ceiling)
{
	if (priority & ~(uint64_t)TWZ_PRIORITY_FIFO & ~(TWZ_PRIORITIES - 1ull))
		return -TWZ_ERR_INVALID_ARGUMENT;
	return (priority & (TWZ_PRIORITIES - 1)) > ceiling ? -TWZ_ERR_ACCESS_DENIED : TWZ_OK;
}

/* The maker's priority, or what it asks for. */
static void inherit(struct thread *thread, const struct twz_thread_spec *spec)
{
	const struct thread *maker = current_thread();

	thread->ceiling = maker->ceiling;
	if (spec->flags & TWZ_THREAD_SPEC_PRIORITY) {
		thread->priority = spec->priority & (TWZ_PRIORITIES - 1);
		thread->fifo = spec->priority & TWZ_PRIORITY_FIFO;
	} else {
		thread->priority = maker->priority;
		thread->fifo = maker->fifo;
	}
}

static twz_result check_spec(const struct twz_thread_spec *spec)
{
	if (spec->flags & ~TWZ_THREAD_SPEC_PRIORITY || spec->entry >= USER_END ||
	    spec->stack >= USER_END || spec->fs_base >= USER_END)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (spec->upcall_stack > USER_END || spec->upcall_stack_length > spec->upcall_stack)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!(spec->flags & TWZ_THREAD_SPEC_PRIORITY))
		return spec->priority ? -TWZ_ERR_INVALID_ARGUMENT : TWZ_OK;
	return thread_check_priority(spec->priority, current_thread()->ceiling);
}

static void fill_frame(struct thread *thread, const struct twz_thread_spec *spec)
{
	struct trap_frame *frame =
		(struct trap_frame *)(thread->stack_base + KERNEL_STACK_SIZE) - 1;

	memset(frame, 0, sizeof(*frame));
	frame->rip = spec->entry;
	frame->rsp = spec->stack;
	frame->rdi = spec->argument;
	trap_frame_make_user(frame);
	thread->frame = frame;
	thread->fs_base = spec->fs_base;
	/* the spec names the top, as stacks are known by; the kernel keeps the base */
	thread->upcall_stack = spec->upcall_stack - spec->upcall_stack_length;
	thread->upcall_stack_length = spec->upcall_stack_length;
	prepare_stack(thread, (uint64_t)frame, 0, (uint64_t)frame);
}

twz_result thread_create(struct view *view, const struct twz_thread_spec *spec, struct thread **out)
{
	twz_result result = check_spec(spec);
	struct twz_thread_control *control;
	struct thread *thread;
	void *page;

	if (result < 0)
		return result;
	thread = allocate("");
	if (!thread)
		return -TWZ_ERR_OUT_OF_MEMORY;
	thread->extended_state = kernel_alloc(cpu_features.extended_size + 64);
	thread->number = thread->extended_state ? thread_number_take(thread) : 0;
	if (!thread->number) {
		thread_free(thread);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	result = control_make(NULL, TWZ_RIGHT_READ | TWZ_RIGHT_USE, &thread->control, &page);
	if (result < 0) {
		thread_number_give(thread);
		thread_free(thread);
		return result;
	}
	control = page;
	control->number = thread->number;
	extended_state_init(thread);
	fill_frame(thread, spec);
	inherit(thread, spec);
	__atomic_add_fetch(&live_threads, 1, __ATOMIC_RELAXED);
	view_get(view);
	thread->view = view;
	if (!view_add_thread(view, thread)) {
		thread_discard(thread);
		return -TWZ_ERR_NO_SUCH_THREAD;
	}
	*out = thread;
	return TWZ_OK;
}

/* What a thread holds, apart from its memory and its place in the view. */
static void let_go(struct thread *thread)
{
	struct twz_thread_control *control = thread->control->pager_data;

	thread_number_give(thread);
	object_delete(thread->control);
	object_release_ties(thread->control);
	__atomic_store_n(&control->state, TWZ_THREAD_DEAD, __ATOMIC_RELEASE);
	sync_wake_object(thread->control, 0, ~0u);
	object_put(thread->control);
	__atomic_sub_fetch(&live_threads, 1, __ATOMIC_RELAXED);
}

void thread_discard(struct thread *thread)
{
	struct view *view = thread->view;

	let_go(thread);
	if (!list_empty(&thread->view_node))
		view_lose_thread(view, thread);
	view_put(view);
	thread_free(thread);
}

/* Stores 0 to a word of the thread's view and wakes its waiters; a bad address is passed over. */
static void clear_word(uint64_t word)
{
	const uint32_t zero = 0;

	if (word && copy_to_user((void *)word, &zero, sizeof(zero)) >= 0)
		sync_wake_address(word, ~0u);
}

static void leave_view(struct thread *thread)
{
	struct view *view = thread->view;

	thread->leaving = true;
	robust_list_walk(thread);
	clear_word(thread->clear_word);
	clear_word(thread->exit_word);
	let_go(thread);
	/*
	 * A kernel thread from here on: what is left may sleep, and must not load again the root
	 * that the view's end takes from all CPUs. The GS base is not looked at any more.
	 */
	platform->interrupts_save();
	thread->view = NULL;
	thread->frame = NULL;
	this_cpu()->user_gs = ~0ull;
	platform->interrupts_enable();
	view_lose_thread(view, thread);
	view_put(view);
}

void thread_exit_current(void)
{
	struct thread *thread = current_thread();

	ASSERT(may_sleep());
	if (thread->view)
		leave_view(thread);
	platform->interrupts_save();
	thread->state = THREAD_ENDED;
	schedule();
	panic("an ended thread runs");
}

void thread_free(struct thread *thread)
{
	kernel_stack_free(thread->stack_base);
	kernel_free(thread->extended_state);
	kernel_free(thread);
}

bool thread_interrupted(void)
{
	return current_thread()->pending != 0;
}

bool thread_signalled(void)
{
	const struct thread *thread = current_thread();
	struct twz_interrupt_words words;

	if (!thread->interrupt_words ||
	    copy_from_user(&words, (void *)thread->interrupt_words, sizeof(words)) < 0)
		return false;
	return words.pending & ~words.blocked;
}

uint64_t thread_run_time(const struct thread *thread)
{
	uint64_t time = thread->run_time;

	return thread == current_thread() ? time + clock_monotonic() - thread->started : time;
}

void thread_save_user_state(struct thread *thread, struct cpu *cpu)
{
	if (thread->vectors_dead)
		extended_state_leave(thread);
	else
		extended_state_save(thread);
	thread->fs_base = platform->get_fs_base();
	thread->gs_base = cpu->user_gs = platform->get_user_gs_base();
}

void thread_load_user_state(struct thread *thread, struct cpu *cpu)
{
	extended_state_load(thread);
	platform->set_fs_base(thread->fs_base);
	/* most programs leave it 0: a write of the register is dearer than a look at what it holds
	 */
	if (thread->gs_base != cpu->user_gs) {
		platform->set_user_gs_base(thread->gs_base);
		cpu->user_gs = thread->gs_base;
	}
	platform->set_kernel_stack(cpu, (uint64_t)(thread->frame + 1));
}

/* Something is to be done before the thread may go on. Interrupts off, as on return. */
static __attribute__((noinline)) void attend(struct thread *thread, struct trap_frame *frame)
{
	for (;;) {
		uint32_t pending = thread->pending;

		if (pending & PENDING_KILL) {
			platform->interrupts_enable();
			thread_exit_current();
		}
		if (thread->run_limit && handler_over_budget &&
		    thread_run_time(thread) > thread->run_limit) {
			platform->interrupts_enable();
			handler_over_budget();
		}
		if (pending & PENDING_INTERRUPT) {
			uint64_t codes;

			/* the mark goes first: a code that comes meanwhile sets it again */
			__atomic_and_fetch(&thread->pending, ~PENDING_INTERRUPT, __ATOMIC_SEQ_CST);
			codes = __atomic_exchange_n(&thread->interrupts, 0, __ATOMIC_SEQ_CST);
			platform->interrupts_enable();
			if (codes)
				upcall_interrupt(frame, codes);
			platform->interrupts_save();
			continue;
		}
		if (this_cpu()->program_timer) {
			this_cpu()->program_timer = false;
			timers_program();
		}
		if (!this_cpu()->reschedule)
			return;
		schedule();
	}
}

void thread_before_user(struct trap_frame *frame)
{
	const struct cpu *cpu = this_cpu();
	struct thread *thread = cpu->current;

	if (thread->pending || thread->run_limit || cpu->program_timer || cpu->reschedule)
		attend(thread, frame);
	thread->vectors_dead = false;
}
