/* SPDX-License-Identifier: BSD-2-Clause */
/* The last object of every link; constructors are in .init_array, so there is nothing to close. */

	.section .note.GNU-stack, "", @progbits
