/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cancellation point: long __syscall_cp_asm(volatile int *cancel, n, a, b, c, d, e, f).
 *
 * Between __cp_begin and __cp_end nothing has been done yet, so that the cancellation handler may
 * go on at __cp_cancel instead. The last instruction before __cp_end raises the thread's depth: an
 * interrupt after it is left to the end of the call, and what it leaves in the interrupt words
 * keeps the call from sleeping (-EINTR). So no cancellation is lost on the way.
 */

#include "twix.h"

#define DEPTH (sizeof(struct pthread) + offsetof(struct twix_thread, depth))

/* A function around the assembler, for the constant that it needs; never called. */
__attribute__((used)) static void cancellation_point(void)
{
	__asm__ volatile(".pushsection .text\n"
			 ".hidden __cp_begin, __cp_end, __cp_cancel, __cancel\n"
			 ".hidden __twix_syscall_entered, __syscall_cp_asm\n"
			 ".global __cp_begin, __cp_end, __cp_cancel, __syscall_cp_asm\n"
			 ".type __syscall_cp_asm, @function\n"
			 "__syscall_cp_asm:\n"
			 "	.cfi_startproc\n"
			 "__cp_begin:\n"
			 "	mov (%%rdi), %%eax\n"
			 "	test %%eax, %%eax\n"
			 "	jnz __cp_cancel\n"
			 "	mov %%rsi, %%rax\n"
			 "	mov %%rdx, %%rdi\n"
			 "	mov %%rcx, %%rsi\n"
			 "	mov %%r8, %%rdx\n"
			 "	mov %%r9, %%rcx\n"
			 "	mov 8(%%rsp), %%r8\n"
			 "	mov 16(%%rsp), %%r9\n"
			 "	incl %%fs:%c0\n"
			 "__cp_end:\n"
			 "	push %%rax\n" /* the seventh argument */
			 "	.cfi_adjust_cfa_offset 8\n"
			 "	call __twix_syscall_entered\n"
			 "	pop %%rcx\n"
			 "	.cfi_adjust_cfa_offset -8\n"
			 "	ret\n"
			 "__cp_cancel:\n"
			 "	jmp __cancel\n"
			 "	.cfi_endproc\n"
			 ".size __syscall_cp_asm, . - __syscall_cp_asm\n"
			 ".popsection\n" ::"i"(DEPTH));
}
