/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways into and out of the kernel: interrupts, faults, SYSCALL. */

#include "entry.inc"

	.text

	INTERRUPT_STUBS

interrupt_common:
	testb $3, 24(%rsp)
	jz 1f
	swapgs
1:	PUSH_REGISTERS
	cld
	CLEAR_AC
	xorl %ebp, %ebp
	movq %rsp, %rdi
	call interrupt_dispatch
	testb $3, FRAME_CS(%rsp)
	jnz leave_to_user
	POP_REGISTERS
	addq $16, %rsp
	iretq

	EMERGENCY_STUBS

	.balign 16
	.globl syscall_entry
syscall_entry:
	swapgs
	movq %rsp, %gs:CPU_USER_STACK
	movq %gs:CPU_SYSCALL_STACK, %rsp
	pushq $SELECTOR_USER_DATA
	pushq %gs:CPU_USER_STACK
	pushq %r11
	pushq $SELECTOR_USER_CODE
	pushq %rcx
	pushq $0
	pushq $VECTOR_SYSCALL
	PUSH_REGISTERS
	movq %rsp, %rdi
	xorl %ebp, %ebp
	sti
	call syscall_dispatch

/* rsp = the thread's frame, which is what the program resumes with. */
leave_to_user:
	cli
	movq %rsp, %rdi
	call thread_before_user         /* interrupts stay off */
	/* SYSRET when it restores the same as IRET would and rip is canonical */
	movq FRAME_RIP(%rsp), %rcx
	cmpq %rcx, FRAME_RCX(%rsp)
	jne 1f
	movq FRAME_FLAGS(%rsp), %rax
	cmpq %rax, FRAME_R11(%rsp)
	jne 1f
	testl $0x10100, %eax            /* RF, TF: only IRET does these right */
	jnz 1f
	shrq $32, %rcx
	cmpl $USER_END_HIGH, %ecx
	jae 1f
	POP_REGISTERS
	movq 40(%rsp), %rsp
	swapgs
	sysretq
1:	POP_REGISTERS
	addq $16, %rsp
	swapgs
	.globl return_iret
return_iret:
	iretq

/* void platform_return_to(struct trap_frame *frame): enter a program with these registers. */
	.globl return_to_frame
return_to_frame:
	movq %rdi, %rsp
	jmp leave_to_user

	.section .note.GNU-stack, "", @progbits
