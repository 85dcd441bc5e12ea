/* SPDX-License-Identifier: BSD-2-Clause */
/* What the entries of bare metal and of a unikernel share; for assembler. */
#ifndef BARE_ENTRY_H
#define BARE_ENTRY_H

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_CODE   0x2b
#define SELECTOR_USER_DATA   0x23
#define RFLAGS_PROGRAM	     0x202 /* interrupts on */
#define VECTOR_SYSCALL	     0x100
#define USER_END_HIGH	     0x8000 /* USER_END >> 32 */

/* offsets in struct cpu */
#define CPU_SYSCALL_STACK 8
#define CPU_USER_STACK	  16

/* offsets in struct trap_frame */
#define FRAME_RCX   (12 * 8)
#define FRAME_R11   (4 * 8)
#define FRAME_RIP   (17 * 8)
#define FRAME_CS    (18 * 8)
#define FRAME_FLAGS (19 * 8)
#define FRAME_SS    (21 * 8)

.macro PUSH_REGISTERS pushq % rax pushq % rbx pushq % rcx pushq % rdx pushq % rsi pushq %
	rdi pushq % rbp pushq % r8 pushq % r9 pushq % r10 pushq % r11 pushq % r12 pushq %
	r13 pushq % r14 pushq %
	r15.endm

		.macro POP_REGISTERS popq %
	r15 popq % r14 popq % r13 popq % r12 popq % r11 popq % r10 popq % r9 popq % r8 popq %
	rbp popq % rdi popq % rsi popq % rdx popq % rcx popq % rbx popq %
	rax.endm

		.macro CLEAR_AC cmpb $0,
	smap_active(% rip) je.Lno_smap\@clac.Lno_smap\
	@ :.endm

		   /* One stub for each vector: push an error code where the processor does not,
		      then the vector. */
		   .macro INTERRUPT_STUBS.balign 16.globl interrupt_stubs interrupt_stubs
    :.set vector,
	0.rept 256.balign 16.if vector == 8 ||
		(vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 ||
		vector == 30.else pushq $0.endif pushq $vector jmp interrupt_common.set vector,
	vector + 1.endr.endm

				 /* Vectors on emergency stacks (NMI, double fault, machine check):
				  * GS is not to be trusted, the CPU's address stands at the top of
				  * the stack, above the frame. They do not return. */
				 .macro EMERGENCY_STUBS.globl emergency_stubs emergency_stubs
    :.balign 16 pushq $0 pushq $2 jmp
     emergency_common.balign 16 pushq $8 /* the processor has pushed an error code */
     jmp emergency_common.balign 16 pushq $0 pushq $18 jmp emergency_common

     emergency_common
    : PUSH_REGISTERS cld CLEAR_AC movq
      22 * 8(% rsp),
	% rax movq % rax, % rdx shrq $32, % rdx movl $0xc0000101, % ecx wrmsr movq % rsp,
	% rdi xorl % ebp, % ebp call emergency_dispatch ud2.endm

#endif
