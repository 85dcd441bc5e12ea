/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system call stubs: one symbol twz_sys_<name> for each entry of syscall.def, each in a section
 * of its own. The arguments already stand in the C registers; the stub adds the number and goes
 * through twz_syscall_gate, the one place that knows how the kernel is entered (gate.S).
 */
.macro STUB number, name
	.section .text.\name, "ax", @progbits
	.global \name
	.type \name, @function
\name:
	mov	$\number, %eax
	jmp	twz_syscall_gate
	.size \name, . - \name
.endm

	.hidden	twz_syscall_gate

#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) STUB number, twz_sys_##name
#include <twizzler/syscall.def>

	.section .note.GNU-stack, "", @progbits
