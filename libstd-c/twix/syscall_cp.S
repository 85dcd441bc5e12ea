/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cancellation point: long __syscall_cp_asm(volatile int *cancel, n, a, b, c, d, e, f).
 *
 * Between __cp_begin and __cp_end nothing has been done yet, so that the cancellation handler may
 * go on at __cp_cancel instead. A call that sleeps already is interrupted and returns -EINTR.
 */
	.text
	.hidden __cp_begin, __cp_end, __cp_cancel, __cancel, __twix_syscall, __syscall_cp_asm
	.global __cp_begin, __cp_end, __cp_cancel, __syscall_cp_asm
	.type __syscall_cp_asm, @function
__syscall_cp_asm:
	.cfi_startproc
__cp_begin:
	mov (%rdi), %eax
	test %eax, %eax
	jnz __cp_cancel
	mov %rsi, %rax
	mov %rdx, %rdi
	mov %rcx, %rsi
	mov %r8, %rdx
	mov %r9, %rcx
	mov 8(%rsp), %r8
	mov 16(%rsp), %r9
__cp_end:
	push %rax /* the seventh argument */
	.cfi_adjust_cfa_offset 8
	call __twix_syscall
	pop %rcx
	.cfi_adjust_cfa_offset -8
	ret
__cp_cancel:
	jmp __cancel
	.cfi_endproc
	.size __syscall_cp_asm, . - __syscall_cp_asm

	.section .note.GNU-stack, "", @progbits
