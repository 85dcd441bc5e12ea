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
	uint8_t arguments;
	uint8_t handler; /* a handler run may issue it */
};

/* Number of arguments in a parenthesised list of 1 to 6. */
#define COUNT_PICK(a, b, c, d, e, f, n, ...) n
#define COUNT(...)			     COUNT_PICK(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define APPLY(macro, list)		     macro list

#define TWZ_SYSCALL(number, call, list, rights, may_block, in_handler, doc) \
	[number - 0x1000] = {(void *)sys_##call, #call, APPLY(COUNT, list), in_handler},
static const struct call calls[] = {
#include <twizzler/syscall.def>
};
#undef TWZ_SYSCALL

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static twz_result dispatch(const struct trap_frame *frame, const struct call *call)
{
	call_function function = (call_function)call->function;
	/* a handler takes as many registers as it has arguments; the others are zero to all */
	uint64_t a[6] = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9};

	for (unsigned i = call->arguments; i < 6; i++)
		a[i] = 0;
	return function(a[0], a[1], a[2], a[3], a[4], a[5]);
}

static inline __attribute__((always_inline)) void issue(struct trap_frame *frame)
{
	uint64_t index = frame->rax - 0x1000;
	struct thread *thread = current_thread();
	const struct call *call = index < CALLS ? &calls[index] : NULL;

	thread->calls++;
	thread->vectors_dead = true;
	if (thread->handler && handler_forbidden_call && (!call || !call->handler))
		handler_forbidden_call((uint32_t)frame->rax);
	if (!call || !call->name)
		frame->rax = (uint64_t)-TWZ_ERR_NO_SUCH_SYSCALL;
	else if (!call->function)
		frame->rax = (uint64_t)-TWZ_ERR_NOT_SUPPORTED;
	else
		frame->rax = (uint64_t)dispatch(frame, call);
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
