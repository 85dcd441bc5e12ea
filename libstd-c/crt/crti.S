/* SPDX-License-Identifier: BSD-2-Clause */
/* In every program and shared library: the note that says which ABI version it was made for. */
#include <twizzler/note.h>

	TWZ_ABI_NOTE

	.section .note.GNU-stack, "", @progbits
