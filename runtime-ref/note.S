/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI version that libtwz_rt.so provides, as every program and library carries its own. */
#include <twizzler/note.h>

	TWZ_ABI_NOTE

	.section .note.GNU-stack, "", @progbits
