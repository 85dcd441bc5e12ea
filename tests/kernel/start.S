/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry points of the test program: the program, its threads, upcalls. */
	.text
	.globl _start
_start:
	xorl %ebp, %ebp
	movq %rsp, %rdi
	andq $-16, %rsp
	call test_main
	ud2

	/* thread: rdi = struct worker */
	.globl worker_entry
worker_entry:
	andq $-16, %rsp
	call worker_main
	ud2

	/* clone: rdi = function */
	.globl clone_entry
clone_entry:
	andq $-16, %rsp
	call *%rdi
	movl $0, %edi
	call twz_sys_view_exit
	ud2

	.globl upcall_entry
upcall_entry:
	call upcall_main
	ud2

	/* try_*: while try_stack is set, the upcall sends a fault to tried_failed, which goes back there */
	.globl try_read, try_write, try_call, tried_read, tried_write, tried_failed, try_stack
try_read:
	movq %rsp, try_stack(%rip)
tried_read:
	movb (%rdi), %al
	xorl %eax, %eax
	movq %rax, try_stack(%rip)
	ret
try_write:
	movq %rsp, try_stack(%rip)
tried_write:
	movb $1, (%rdi)
	xorl %eax, %eax
	movq %rax, try_stack(%rip)
	ret
try_call:
	movq %rsp, try_stack(%rip)
	call *%rdi
	xorl %eax, %eax
	movq %rax, try_stack(%rip)
	ret
	/* eax = kind, set by the upcall */
tried_failed:
	movq try_stack(%rip), %rsp
	movq $0, try_stack(%rip)
	ret

	/* bool registers_survive(void): faults with known values in registers, and compares after the upcall */
	.globl registers_survive, survive_fault
registers_survive:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq $0x1111, %rbx
	movq $0x2222, %r12
	movq $0x3333, %r13
	movq $0x4444, %r14
	movq $0x5555, %r15
	movq $0x6666, %rcx
	movq $0x7777, %r11
	movq %rcx, %xmm0
	movq %r11, %xmm15
survive_fault:
	ud2
	xorl %eax, %eax
	cmpq $0x1111, %rbx
	jne 1f
	cmpq $0x2222, %r12
	jne 1f
	cmpq $0x3333, %r13
	jne 1f
	cmpq $0x4444, %r14
	jne 1f
	cmpq $0x5555, %r15
	jne 1f
	cmpq $0x6666, %rcx
	jne 1f
	cmpq $0x7777, %r11
	jne 1f
	movq %xmm0, %rdx
	cmpq $0x6666, %rdx
	jne 1f
	movq %xmm15, %rdx
	cmpq $0x7777, %rdx
	jne 1f
	movl $1, %eax
1:	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	/* copied to other views as their program: exits with the code in rdi; faults; loops */
	.globl snippet_exit, snippet_fault, snippet_loop, snippet_end
snippet_exit:
	movl $0x1015, %eax
	syscall
	ud2
	.balign 64
snippet_fault:
	movb $1, (%rdi)
	ud2
	.balign 64
snippet_loop:
	jmp snippet_loop
	.balign 64
snippet_end:

	.bss
	.balign 8
try_stack:
	.skip 8

	.section .note.GNU-stack, "", @progbits
