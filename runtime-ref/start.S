/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel enters a dynamic program: rsp = the SysV start stack, which the program gets too. */

	.section .text.loader_entry, "ax", @progbits
	.global	loader_entry
	.hidden	loader_entry
	.type	loader_entry, @function
loader_entry:
	xor	%ebp, %ebp
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	loader_relocate_self
	mov	%rbx, %rdi
	call	loader_start
	mov	%rbx, %rsp
	xor	%edx, %edx		/* nothing for atexit: libstd-c runs the destructors */
	jmp	*%rax
	.size	loader_entry, . - loader_entry

	.section .note.GNU-stack, "", @progbits
