/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypercall page: Xen writes its 128 entries of 32 bytes when its address is given to the MSR that CPUID
 * names. It is code, so it stands in text; Xen's write does not go through our page tables.
 */
	.text
	.balign 4096
	.globl xen_hypercall_page
xen_hypercall_page:
	.fill 4096, 1, 0xf4

	.section .note.GNU-stack, "", @progbits
