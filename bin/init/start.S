/* SPDX-License-Identifier: BSD-2-Clause */
/* The entry of init, which has no libstd-c to start it, and the ABI note that every program carries. */
#include <twizzler/note.h>

	.text
	.globl _start
	.type _start, @function
_start:
	xorl %ebp, %ebp
	movq %rsp, %rdi
	leaq init_start(%rip), %rsi
	andq $-16, %rsp
	call twz_rt_entry
	ud2
	.size _start, . - _start

	TWZ_ABI_NOTE

	.section .note.GNU-stack, "", @progbits
