/* SPDX-License-Identifier: BSD-2-Clause */
/* The least that QEMU can boot: a PVH kernel that leaves through isa-debug-exit at once. */
	.code32
	.text
	.globl _start
_start:
	xorl %eax, %eax
	outl %eax, $0xf4
1:	hlt
	jmp 1b

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start
	.section .note.GNU-stack, "", @progbits
