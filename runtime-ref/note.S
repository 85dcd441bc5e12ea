/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI version that libtwz_rt.so provides, as every program and library carries its own. */
#include <twizzler/version.h>

	.section .note.twizzler, "a", @note
	.balign 4
	.long 2f - 1f
	.long 4f - 3f
	.long TWZ_NOTE_ABI
1:	.asciz TWZ_NOTE_NAME
2:	.balign 4
3:	.long TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH
4:	.balign 4

	.section .note.GNU-stack, "", @progbits
