/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libtwz's door to the kernel (libtwz/gate.S) when the kernel is a library: a call. These instructions are the
 * program's, outside the kernel's range: an interrupt before CLI finds a program, and none can come after it until
 * the kernel has switched stacks.
 */
	.section .text.twz_syscall_gate, "ax", @progbits
	.globl twz_syscall_gate
	.hidden twz_syscall_gate
	.type twz_syscall_gate, @function
twz_syscall_gate:
	cli
	jmp kernel_gate
	.size twz_syscall_gate, . - twz_syscall_gate

	.section .note.GNU-stack, "", @progbits
