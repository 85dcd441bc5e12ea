/* SPDX-License-Identifier: BSD-2-Clause */
/* memmove, which musl's own lets go on into memcpy: a program with a memcpy of its own then could not be linked. */

	.global memmove
	.type memmove, @function
memmove:
	mov %rdi, %rax
	mov %rdi, %r8
	sub %rsi, %r8
	cmp %rdx, %r8
	jb 1f
	/* Forward: no byte of the source is overwritten before it is read. */
	mov %rdx, %rcx
	shr $3, %rcx
	rep movsq
	mov %edx, %ecx
	and $7, %ecx
	rep movsb
	ret
	/* Backward, eight bytes at a time; the direction flag would take the slow path of every processor. */
1:	cmp $8, %rdx
	jb 3f
2:	mov -8(%rsi,%rdx), %rcx
	mov %rcx, -8(%rdi,%rdx)
	sub $8, %rdx
	cmp $8, %rdx
	jae 2b
3:	test %rdx, %rdx
	jz 5f
4:	mov -1(%rsi,%rdx), %cl
	mov %cl, -1(%rdi,%rdx)
	dec %rdx
	jnz 4b
5:	ret
	.size memmove, . - memmove

	.section .note.GNU-stack, "", @progbits
