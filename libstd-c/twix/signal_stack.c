/* SPDX-License-Identifier: BSD-2-Clause */
/* The alternate stack of a thread, and running on it. */

#include <errno.h>
#include "signals.h"

/* The frame pointer holds the way back, for unwinders too. */
__asm__(".pushsection .text\n"
	".hidden twix_call_on\n"
	".globl twix_call_on\n"
	".type twix_call_on, @function\n"
	"twix_call_on:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	.cfi_def_cfa_register rbp\n"
	"	mov %rdi, %rsp\n"
	"	mov %rdx, %rdi\n"
	"	call *%rsi\n"
	"	mov %rbp, %rsp\n"
	"	pop %rbp\n"
	"	.cfi_def_cfa rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size twix_call_on, . - twix_call_on\n"
	".popsection\n");

int twix_on_alternate(uintptr_t address)
{
	const stack_t *alternate = &twix_self()->alternate;

	return address - (uintptr_t)alternate->ss_sp < alternate->ss_size;
}

/*
 * The kernel puts the frames of upcalls there too: where a stack has overflowed there is no other
 * room. upcall.c moves those that do not belong there.
 */
long twix_sigaltstack(const stack_t *new, stack_t *old)
{
	struct twix_thread *self = twix_self();
	int on = twix_on_alternate((uintptr_t)__builtin_frame_address(0));
	stack_t former = self->alternate;

	if (new) {
		if (on)
			return -EPERM;
		if (new->ss_flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (!(new->ss_flags &SS_DISABLE) && new->ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		self->alternate = new->ss_flags &SS_DISABLE ? (stack_t){0} : *new;
		self->alternate.ss_flags = 0;
		twz_result result = twz_rt_thread_set_upcall_stack(self->alternate.ss_sp,
								   self->alternate.ss_size);
		if (result < 0) {
			self->alternate = former;
			return twix_result(result);
		}
	}
	if (old) {
		*old = former;
		old->ss_flags = !former.ss_sp ? SS_DISABLE : on ? SS_ONSTACK : 0;
	}
	return 0;
}
