/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door to the kernel: the SYSCALL instruction. A unikernel's kernel library defines
 * twz_syscall_gate itself and stands before libtwz on the link line, so that this member of the
 * archive is not taken and system calls become calls. Convention: rax number, rdi rsi rdx rcx r8 r9
 * arguments as in C; returns in rax; may lose what a C call may lose.
 */
	.section .text.twz_syscall_gate, "ax", @progbits
	.global	twz_syscall_gate
	.hidden	twz_syscall_gate
	.type	twz_syscall_gate, @function
twz_syscall_gate:
	mov	%rcx, %r10
	syscall
	ret
	.size	twz_syscall_gate, . - twz_syscall_gate

	.section .note.GNU-stack, "", @progbits
