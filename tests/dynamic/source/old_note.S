/* SPDX-License-Identifier: BSD-2-Clause */
/* The note of an ABI version that no system provides; crti's, linked too, comes behind it. */
	.section .note.twizzler, "a", @note
	.balign 4
	.long 9, 12, 1
	.asciz "Twizzler"
	.balign 4
	.long 99, 1, 0

	.section .note.GNU-stack, "", @progbits
