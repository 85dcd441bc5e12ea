/* SPDX-License-Identifier: BSD-2-Clause */
/* For assembler: TWZ_ABI_NOTE, the note of the ABI version that a binary is made for. */
#ifndef TWIZZLER_NOTE_H
#define TWIZZLER_NOTE_H

#include <twizzler/version.h>

#ifdef __ASSEMBLER__
/* clang-format off */
	.macro TWZ_ABI_NOTE
	.pushsection .note.twizzler, "a", @note
	.balign 4
	.long 2f - 1f
	.long 4f - 3f
	.long TWZ_NOTE_ABI
1:	.asciz TWZ_NOTE_NAME
2:	.balign 4
3:	.long TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH
4:	.balign 4
	.popsection
	.endm
/* clang-format on */
#endif
#endif
