/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks a program as its own kernel, for the runner: part of crt1-unikernel.o. */
#include <twizzler/version.h>

	.section .note.twizzler.unikernel, "a", @note
	.balign 4
	.long 2f - 1f
	.long 0
	.long TWZ_NOTE_UNIKERNEL
1:	.asciz TWZ_NOTE_NAME
2:	.balign 4

	.section .note.GNU-stack, "", @progbits
