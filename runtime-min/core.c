/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a program, and the delivery of faults and interrupts to its handler. */
#include "fd/fd.h"
#include "start.h"

#define SIGNAL_ABORT 6

void twz_rt_exit(int code)
{
	rt_fd_end();
	for (;;)
		twz_sys_view_exit(code);
}

void twz_rt_exit_signal(int signal)
{
	struct twz_id self = rt_self_view();
	if (signal < 1 || signal > 64)
		signal = SIGNAL_ABORT;
	twz_sys_view_kill(self.hi, self.lo, signal);
	/* Where a program cannot be killed its exit code says the same, as shells do. */
	twz_rt_exit(128 + signal);
}

void twz_rt_abort(void)
{
	twz_rt_exit_signal(SIGNAL_ABORT);
}

static twz_rt_upcall_handler upcall_handler;

/*
 * The kernel promises nothing of the stack's alignment or the direction flag. For unwinders this is
 * the frame of what was interrupted: its registers stand in the upcall's frame, whose address is on
 * top of the stack.
 */
_Static_assert(offsetof(struct twz_upcall_frame, fault.registers.r15) == 24 &&
		       offsetof(struct twz_upcall_frame, fault.registers.rip) == 144 &&
		       offsetof(struct twz_upcall_frame, fault.registers.rsp) == 160,
	       "what the directives below say");
__asm__(".pushsection .text\n"
	".hidden rt_upcall_entry\n"
	".globl rt_upcall_entry\n"
	".type rt_upcall_entry, @function\n"
	"rt_upcall_entry:\n"
	"	.cfi_startproc\n"
	"	.cfi_signal_frame\n"
	"	cld\n"
	"	xorl %ebp, %ebp\n"
	"	andq $-16, %rsp\n"
	"	pushq %rdi\n"
	"	pushq %rdi\n"
	"	.cfi_escape 0x0f, 3, 0x77, 0, 6\n" /* CFA: what the word at rsp holds */
	"	.cfi_offset r15, 24\n"
	"	.cfi_offset r14, 32\n"
	"	.cfi_offset r13, 40\n"
	"	.cfi_offset r12, 48\n"
	"	.cfi_offset r11, 56\n"
	"	.cfi_offset r10, 64\n"
	"	.cfi_offset r9, 72\n"
	"	.cfi_offset r8, 80\n"
	"	.cfi_offset rbp, 88\n"
	"	.cfi_offset rdi, 96\n"
	"	.cfi_offset rsi, 104\n"
	"	.cfi_offset rdx, 112\n"
	"	.cfi_offset rcx, 120\n"
	"	.cfi_offset rbx, 128\n"
	"	.cfi_offset rax, 136\n"
	"	.cfi_offset rip, 144\n"
	"	.cfi_offset rsp, 160\n"
	"	call rt_upcall\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size rt_upcall_entry, . - rt_upcall_entry\n"
	".popsection\n");

RT_BEGIN
void rt_upcall(struct twz_upcall_frame *frame) __attribute__((noreturn, used));
RT_END

void rt_upcall(struct twz_upcall_frame *frame)
{
	if (rt_guard_fault(frame))
		twz_rt_upcall_resume(frame);
	twz_rt_upcall_handler handler = __atomic_load_n(&upcall_handler, __ATOMIC_ACQUIRE);
	if (handler == NULL || handler(frame) == 0) {
		if (frame->fault.kind == TWZ_FAULT_INTERRUPT) {
			struct twz_id self = rt_self_view();
			twz_sys_view_kill(self.hi, self.lo, (int64_t)frame->fault.code);
		}
		/* Without a target the same instruction's fault ends the program and is reported.
		 */
		twz_sys_view_set_upcall(NULL);
	}
	twz_rt_upcall_resume(frame);
}

void twz_rt_upcall_resume(struct twz_upcall_frame *frame)
{
	twz_sys_upcall_return(frame);
	twz_rt_abort();
}

static uint32_t target_set;

static twz_result set_target(void)
{
	struct twz_upcall_target target = {.entry = (uint64_t)rt_upcall_entry};
	if (__atomic_load_n(&target_set, __ATOMIC_ACQUIRE) != 0)
		return 0;
	twz_result result = twz_sys_view_set_upcall(&target);
	if (result >= 0)
		__atomic_store_n(&target_set, 1, __ATOMIC_RELEASE);
	return result;
}

/* Where it cannot be set a fault ends the program, as without it. */
void rt_upcall_want(void)
{
	set_target();
}

twz_result twz_rt_set_upcall_handler(twz_rt_upcall_handler handler)
{
	if (handler != NULL && !rt_user_pointer((const void *)handler, 1))
		return RT_ERROR(BAD_ADDRESS);
	__atomic_store_n(&upcall_handler, handler, __ATOMIC_RELEASE);
	return handler != NULL ? set_target() : 0;
}

struct rt_lock rt_locks[RT_LOCKS];

void rt_before_fork(void)
{
	for (int i = 0; i < RT_LOCK_LONG; i++)
		rt_lock(&rt_locks[i]);
	rt_fd_before_fork();
	rt_object_before_fork();
	rt_malloc_before_fork();
	rt_range_before_fork();
}

void rt_after_fork(bool child, const struct twz_id *clone)
{
	if (child) {
		rt_self_forget();
		rt_random_forked();
		for (int i = RT_LOCK_LONG; i < RT_LOCKS; i++)
			rt_locks[i].word = 0;
	}
	for (int i = RT_LOCK_LONG; i-- > 0;)
		rt_unlock(&rt_locks[i]);
	rt_range_after_fork();
	rt_malloc_after_fork();
	rt_object_after_fork();
	/* No file comes or goes before the child is entered in what is shared. */
	if (clone != NULL)
		rt_fd_share(*clone);
	rt_fd_after_fork(child);
}
