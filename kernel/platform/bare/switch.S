/* SPDX-License-Identifier: BSD-2-Clause */
/* Switching between threads in the kernel. */

	.text

/*
 * void context_switch(uint64_t *save, uint64_t load): save the callee-saved registers and the stack pointer,
 * continue where `load` left off.
 */
	.globl context_switch
context_switch:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

/* First instructions of a thread: r12 = function, r13 = argument, or r12 = 0 and r13 = user frame. */
	.globl thread_begin
thread_begin:
	call thread_begun               /* releases the run queue's lock, interrupts on */
	testq %r12, %r12
	jz 1f
	movq %r13, %rdi
	xorl %ebp, %ebp
	call *%r12
	call thread_exit_current
	ud2
1:	movq %r13, %rdi
	jmp return_to_frame

	.section .note.GNU-stack, "", @progbits
