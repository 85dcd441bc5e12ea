/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memmove, and memcpy as the same code. musl's go byte by byte where the destination is not aligned. Both are weak: a
 * program may have one of its own and still take the other from here. Up to 32 bytes, and at the end that a loop does
 * not reach, all is read before anything is written.
 */

#define REP_FROM 512 /* bytes from which a processor's own loop is the quicker one */

	.weak memmove
	.type memmove, @function
	.weak memcpy
	.type memcpy, @function
memmove:
memcpy:
	mov %rdi, %rax
	cmp $16, %rdx
	jae 4f
	cmp $8, %edx
	jae 3f
	cmp $4, %edx
	jae 2f
	test %edx, %edx
	jz 1f
	/* one to three: the first, the middle and the last, which may be the same */
	mov %edx, %ecx
	shr %ecx
	movzbl (%rsi), %r8d
	movzbl (%rsi,%rcx), %r9d
	movzbl -1(%rsi,%rdx), %r10d
	mov %r8b, (%rdi)
	mov %r9b, (%rdi,%rcx)
	mov %r10b, -1(%rdi,%rdx)
1:	ret
2:	mov (%rsi), %r8d
	mov -4(%rsi,%rdx), %r9d
	mov %r8d, (%rdi)
	mov %r9d, -4(%rdi,%rdx)
	ret
3:	mov (%rsi), %r8
	mov -8(%rsi,%rdx), %r9
	mov %r8, (%rdi)
	mov %r9, -8(%rdi,%rdx)
	ret
4:	movups (%rsi), %xmm0
	movups -16(%rsi,%rdx), %xmm1
	cmp $32, %rdx
	ja 5f
	movups %xmm0, (%rdi)
	movups %xmm1, -16(%rdi,%rdx)
	ret
5:	mov %rdi, %r8
	sub %rsi, %r8
	cmp %rdx, %r8
	jb 8f
	cmp $REP_FROM, %rdx
	jae 7f
	/* forward: no byte of the source is overwritten before it is read */
	movups -32(%rsi,%rdx), %xmm2
	lea -32(%rdi,%rdx), %r8
6:	movups (%rsi), %xmm0
	movups 16(%rsi), %xmm3
	movups %xmm0, (%rdi)
	movups %xmm3, 16(%rdi)
	add $32, %rsi
	add $32, %rdi
	cmp %r8, %rdi
	jb 6b
	movups %xmm2, (%r8)
	movups %xmm1, 16(%r8)
	ret
7:	mov %rdx, %rcx
	shr $3, %rcx
	rep movsq
	mov %edx, %ecx
	and $7, %ecx
	rep movsb
	ret
	/* backward */
8:	movups 16(%rsi), %xmm2
9:	movups -16(%rsi,%rdx), %xmm1
	movups -32(%rsi,%rdx), %xmm3
	movups %xmm1, -16(%rdi,%rdx)
	movups %xmm3, -32(%rdi,%rdx)
	sub $32, %rdx
	cmp $32, %rdx
	ja 9b
	movups %xmm0, (%rdi)
	movups %xmm2, 16(%rdi)
	ret
	.size memmove, . - memmove
	.size memcpy, . - memcpy

	.section .note.GNU-stack, "", @progbits
