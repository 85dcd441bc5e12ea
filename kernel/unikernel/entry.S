/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways into and out of the kernel when it is a library: program and kernel share ring 0, one image and one
 * page table. Two things differ from kernel/platform/bare/entry.S:
 *
 * Traps. The processor does not switch stacks by itself, and the program's stack page may be absent, so
 * every gate uses an IST stack and moves its frame from there at once: to the thread's kernel
 * stack when the interrupted instruction is the program's, else below where the kernel was. Interrupts are
 * off until then, so one IST stack a CPU is enough.
 *
 * Privilege. Frames of the program carry the user selectors while the kernel has them, so that all C code
 * tells program from kernel as it does elsewhere; the way out puts the kernel's back.
 */
#include "../platform/bare/entry.inc"

	.text

	INTERRUPT_STUBS

/* words on the IST stack after three pushes: rdx rcx rax vector error rip cs flags rsp ss */
#define TRAP_WORDS 10
#define TRAP_RIP (5 * 8)
#define TRAP_CS (6 * 8)
#define TRAP_RSP (8 * 8)
#define TRAP_SS (9 * 8)

interrupt_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	movq TRAP_RIP(%rsp), %rax
	cmpq $kernel_code_start, %rax
	jb 1f
	cmpq $kernel_code_end, %rax
	jae 1f
	movq TRAP_RSP(%rsp), %rcx
	andq $-16, %rcx                 /* as the processor would */
	jmp 2f
1:	movq %gs:CPU_SYSCALL_STACK, %rcx
	movq $SELECTOR_USER_CODE, TRAP_CS(%rsp)
	movq $SELECTOR_USER_DATA, TRAP_SS(%rsp)
2:	subq $TRAP_WORDS * 8, %rcx
	.set word, 0
	.rept TRAP_WORDS
	movq word * 8(%rsp), %rax
	movq %rax, word * 8(%rcx)
	.set word, word + 1
	.endr
	movq %rcx, %rsp
	popq %rdx
	popq %rcx
	popq %rax
	PUSH_REGISTERS
	cld
	xorl %ebp, %ebp
	movq %rsp, %rdi
	call interrupt_dispatch
	testb $3, FRAME_CS(%rsp)
	jnz leave_to_program
	POP_REGISTERS
	addq $16, %rsp
	iretq

	EMERGENCY_STUBS

/*
 * The system call gate, past its first instructions (gate.S): interrupts are off and rsp is the program's,
 * with the return address on it. Arguments as in C; the kernel wants the fourth in r10.
 */
	.globl kernel_gate
kernel_gate:
	movq %rcx, %r10
	movq %rsp, %r11
	movq %gs:CPU_SYSCALL_STACK, %rsp
	pushq $SELECTOR_USER_DATA
	leaq 8(%r11), %rcx
	pushq %rcx
	pushq $RFLAGS_PROGRAM
	pushq $SELECTOR_USER_CODE
	pushq (%r11)
enter:
	pushq $0
	pushq $VECTOR_SYSCALL
	PUSH_REGISTERS
	movq %rsp, %rdi
	xorl %ebp, %ebp
	sti
	call syscall_dispatch

leave_to_program:
	cli
	movq %rsp, %rdi
	call thread_before_user         /* interrupts stay off */
	movq $SELECTOR_KERNEL_CODE, FRAME_CS(%rsp)
	movq $SELECTOR_KERNEL_DATA, FRAME_SS(%rsp)
	POP_REGISTERS
	addq $16, %rsp
	.globl return_iret
return_iret:
	iretq

/* The SYSCALL instruction works too, for assembler that was written for the OS. */
	.balign 16
	.globl syscall_entry
syscall_entry:
	movq %rsp, %gs:CPU_USER_STACK
	movq %gs:CPU_SYSCALL_STACK, %rsp
	pushq $SELECTOR_USER_DATA
	pushq %gs:CPU_USER_STACK
	pushq %r11
	pushq $SELECTOR_USER_CODE
	pushq %rcx
	jmp enter

	.globl return_to_frame
return_to_frame:
	movq %rdi, %rsp
	jmp leave_to_program

	.section .note.GNU-stack, "", @progbits
