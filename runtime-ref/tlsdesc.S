/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS descriptor functions: static offset, dynamic module, and a weak reference to nothing. */

	.macro BEGIN name
	.section .text.\name, "ax", @progbits
	.global	\name
	.hidden	\name
	.type	\name, @function
\name:
	.endm

	.macro END name
	.size	\name, . - \name
	.endm

BEGIN tlsdesc_static
	mov	8(%rax), %rax
	ret
END tlsdesc_static

	/* The address is the addend itself (0 for a weak symbol that nobody defines). */
BEGIN tlsdesc_nothing
	mov	8(%rax), %rax
	sub	%fs:0, %rax
	ret
END tlsdesc_nothing

	/* 8(%rax): struct twz_rt_tls_index. The thread's block, when it has one, else the slow way. */
BEGIN tlsdesc_dynamic
	push	%rdi
	push	%rsi
	mov	8(%rax), %rdi
	mov	%fs:8, %rsi			/* the DTV; [0] is the highest module */
	mov	(%rdi), %rax
	cmp	(%rsi), %rax
	ja	1f
	mov	(%rsi,%rax,8), %rax
	test	%rax, %rax
	jz	1f
	add	8(%rdi), %rax
	sub	%fs:0, %rax
	pop	%rsi
	pop	%rdi
	ret
1:	/* A C call: everything that it may lose is kept, the vector registers by FXSAVE. */
	push	%rbp
	mov	%rsp, %rbp
	push	%rcx
	push	%rdx
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	sub	$512, %rsp
	and	$-16, %rsp
	fxsave	(%rsp)
	call	twz_rt_tls_get_addr
	fxrstor	(%rsp)
	sub	%fs:0, %rax
	mov	-8(%rbp), %rcx
	mov	-16(%rbp), %rdx
	mov	-24(%rbp), %r8
	mov	-32(%rbp), %r9
	mov	-40(%rbp), %r10
	mov	-48(%rbp), %r11
	mov	%rbp, %rsp
	pop	%rbp
	pop	%rsi
	pop	%rdi
	ret
END tlsdesc_dynamic

	.section .note.GNU-stack, "", @progbits
