/* SPDX-License-Identifier: BSD-2-Clause */
/* The dispatch table, made from syscall.def. */
#include <interrupt.h>
#include <log.h>
#include <syscall.h>
#include <thread.h>
#include "trace.h"

typedef twz_result (*call_function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

struct call {
	void *function; /* sys_*; NULL: this kernel is built without it */
	const char *name;
	uint8_t handler; /* a handler run may issue it */
};

#define TWZ_SYSCALL(number, call, list, rights, may_block, in_handler, doc) \
	[number - 0x1000] = {(void *)sys_##call, #call, in_handler},
static const struct call calls[] = {
#include <twizzler/syscall.def>
};
#undef TWZ_SYSCALL

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* A call takes as many of the six as it has arguments: the calling convention lets it ignore the
 * rest. */
static twz_result dispatch(const struct trap_frame *frame, const struct call *call)
{
	call_function function = (call_function)call->function;

	return function(frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9);
}

static inline __attribute__((always_inline)) void issue(struct trap_frame *frame)
{
	uint64_t index = frame->rax - 0x1000;
	struct thread *thread = current_thread();
	const struct call *call = index < CALLS ? &calls[index] : NULL;

	thread->calls++;
	thread->vectors_dead = true;
	if (__builtin_expect(thread->handler != NULL, 0) && handler_forbidden_call &&
	    (!call || !call->handler))
		handler_forbidden_call((uint32_t)frame->rax);
	if (__builtin_expect(call && call->function, 1))
		frame->rax = (uint64_t)dispatch(frame, call);
	else
		frame->rax = call && call->name ? (uint64_t)-TWZ_ERR_NOT_SUPPORTED
						: (uint64_t)-TWZ_ERR_NO_SUCH_SYSCALL;
}

static __attribute__((noinline)) void issue_traced(struct trap_frame *frame)
{
	struct traced_call call;

	trace_enter(&call, frame);
	issue(frame);
	trace_leave(&call, frame);
}

void syscall_dispatch(struct trap_frame *frame)
{
	if (__builtin_expect(trace_port != 0, 0))
		issue_traced(frame);
	else
		issue(frame);
}

void syscall_set_second_result(uint64_t value)
{
	current_thread()->frame->rdx = value;
}
