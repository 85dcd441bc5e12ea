/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways into and out of the kernel: interrupts, faults, SYSCALL; context switch; user memory access. */

#define SELECTOR_USER_CODE 0x2b
#define SELECTOR_USER_DATA 0x23
#define VECTOR_SYSCALL 0x100
#define USER_END_HIGH 0x8000 /* USER_END >> 32 */

/* offsets in struct cpu */
#define CPU_SYSCALL_STACK 8
#define CPU_USER_STACK 16

/* offsets in struct trap_frame */
#define FRAME_RCX (12 * 8)
#define FRAME_R11 (4 * 8)
#define FRAME_RIP (17 * 8)
#define FRAME_CS (18 * 8)
#define FRAME_FLAGS (19 * 8)

	.macro PUSH_REGISTERS
	pushq %rax
	pushq %rbx
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	.endm

	.macro POP_REGISTERS
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rbp
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rbx
	popq %rax
	.endm

	.macro CLEAR_AC
	cmpb $0, smap_active(%rip)
	je .Lno_smap\@
	clac
.Lno_smap\@:
	.endm

	.text

/* One stub for each vector: push an error code where the processor does not, then the vector. */
	.balign 16
	.globl interrupt_stubs
interrupt_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	.else
	pushq $0
	.endif
	pushq $vector
	jmp interrupt_common
	.set vector, vector + 1
	.endr

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

/* Vectors on emergency stacks (NMI, double fault, machine check): GS is not to be trusted, the CPU's
 * address stands at the top of the stack, above the frame. They do not return. */
	.globl emergency_stubs
emergency_stubs:
	.irp vector, 2, 8, 18
	.balign 16
	.if \vector != 8
	pushq $0
	.endif
	pushq $\vector
	jmp emergency_common
	.endr

emergency_common:
	PUSH_REGISTERS
	cld
	CLEAR_AC
	movq 22 * 8(%rsp), %rax
	movq %rax, %rdx
	shrq $32, %rdx
	movl $0xc0000101, %ecx
	wrmsr
	movq %rsp, %rdi
	xorl %ebp, %ebp
	call emergency_dispatch
	ud2

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
	call thread_before_user         /* returns with interrupts off */
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
1:	movq %r13, %rsp
	jmp leave_to_user

/*
 * uint64_t user_copy(void *to, const void *from, uint64_t length): bytes not copied. A fault on the user side
 * that cannot be resolved ends the copy through the fixup table.
 */
	.globl user_copy
user_copy:
	movq %rdx, %rcx
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:	shrq $3, %rcx
user_copy_words:
	rep movsq
	movl %edx, %ecx
	andl $7, %ecx
user_copy_bytes:
	rep movsb
	xorl %eax, %eax
	CLEAR_AC
	ret
user_copy_words_failed:
	andl $7, %edx
	leaq (%rdx, %rcx, 8), %rax
	CLEAR_AC
	ret
user_copy_bytes_failed:
	movq %rcx, %rax
	CLEAR_AC
	ret

/* int user_load64(const uint64_t *user, uint64_t *value): 0, or -1 after an unresolved fault. */
	.globl user_load64, user_load32
user_load64:
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:
user_load64_access:
	movq (%rdi), %rdx
	CLEAR_AC
	movq %rdx, (%rsi)
	xorl %eax, %eax
	ret
user_load32:
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:
user_load32_access:
	movl (%rdi), %edx
	CLEAR_AC
	movl %edx, (%rsi)
	xorl %eax, %eax
	ret

/* int user_compare_exchange32(uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *old) */
	.globl user_compare_exchange32
user_compare_exchange32:
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:	movl %esi, %eax
user_compare_exchange32_access:
	lock cmpxchgl %edx, (%rdi)
	CLEAR_AC
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret
user_access_failed:
	CLEAR_AC
	movl $-1, %eax
	ret

/* int extended_restore(const void *area, uint64_t mask, int xsave): 0, or -1 when the area is malformed. */
	.globl extended_restore
extended_restore:
	movl %edx, %ecx
	movq %rsi, %rdx
	movl %esi, %eax
	shrq $32, %rdx
	testl %ecx, %ecx
	jz 1f
extended_restore_xrstor:
	xrstor64 (%rdi)
	xorl %eax, %eax
	ret
1:
extended_restore_fxrstor:
	fxrstor64 (%rdi)
	xorl %eax, %eax
	ret

	.macro FIXUP at, to
	.quad \at, \to
	.endm
	.section .kernel_fixups, "a"
	FIXUP user_copy_words, user_copy_words_failed
	FIXUP user_copy_bytes, user_copy_bytes_failed
	FIXUP user_load64_access, user_access_failed
	FIXUP user_load32_access, user_access_failed
	FIXUP user_compare_exchange32_access, user_access_failed
	FIXUP extended_restore_xrstor, user_access_failed
	FIXUP extended_restore_fxrstor, user_access_failed

	.section .note.GNU-stack, "", @progbits
