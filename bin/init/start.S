/* SPDX-License-Identifier: BSD-2-Clause */
/* The entry of init, which has no libstd-c to start it, and the ABI note that every program carries. */
#include <twizzler/version.h>

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

	.section .note.twizzler, "a", @note
	.balign 4
	.long 2f - 1f
	.long 4f - 3f
	.long TWZ_NOTE_ABI
1:	.asciz TWZ_NOTE_NAME
2:	.balign 4
3:	.long TWZ_ABI_MAJOR
	.long TWZ_ABI_MINOR
	.long TWZ_ABI_PATCH
4:
	.section .note.GNU-stack, "", @progbits
