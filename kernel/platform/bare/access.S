/* SPDX-License-Identifier: BSD-2-Clause */
/* Touching what may fault: program memory, extended state. Each access has its place in the fixup table. */
#include "entry.inc"

	.text

/*
 * uint64_t user_copy(void *to, const void *from, uint64_t length): bytes not copied. A fault on the user side
 * that cannot be resolved ends the copy through the fixup table.
 */
	.globl user_copy
user_copy:
	movq %rdx, %rcx
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:	shrq $3, %rcx
user_copy_words:
	rep movsq
	movl %edx, %ecx
	andl $7, %ecx
user_copy_bytes:
	rep movsb
	xorl %eax, %eax
	CLEAR_AC
	ret
user_copy_words_failed:
	andl $7, %edx
	leaq (%rdx, %rcx, 8), %rax
	CLEAR_AC
	ret
user_copy_bytes_failed:
	movq %rcx, %rax
	CLEAR_AC
	ret

/* int user_load64(const uint64_t *user, uint64_t *value): 0, or -1 after an unresolved fault. */
	.globl user_load64, user_load32
user_load64:
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:
user_load64_access:
	movq (%rdi), %rdx
	CLEAR_AC
	movq %rdx, (%rsi)
	xorl %eax, %eax
	ret
user_load32:
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:
user_load32_access:
	movl (%rdi), %edx
	CLEAR_AC
	movl %edx, (%rsi)
	xorl %eax, %eax
	ret

/* int user_compare_exchange32(uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *old) */
	.globl user_compare_exchange32
user_compare_exchange32:
	cmpb $0, smap_active(%rip)
	je 1f
	stac
1:	movl %esi, %eax
user_compare_exchange32_access:
	lock cmpxchgl %edx, (%rdi)
	CLEAR_AC
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret
user_access_failed:
	CLEAR_AC
	movl $-1, %eax
	ret

/* int extended_restore(const void *area, uint64_t mask, int xsave): 0, or -1 when the area is malformed. */
	.globl extended_restore
extended_restore:
	movl %edx, %ecx
	movq %rsi, %rdx
	movl %esi, %eax
	shrq $32, %rdx
	testl %ecx, %ecx
	jz 1f
extended_restore_xrstor:
	xrstor64 (%rdi)
	xorl %eax, %eax
	ret
1:
extended_restore_fxrstor:
	fxrstor64 (%rdi)
	xorl %eax, %eax
	ret

	.macro FIXUP at, to
	.quad \at, \to
	.endm
	.section .kernel_fixups, "a"
	FIXUP user_copy_words, user_copy_words_failed
	FIXUP user_copy_bytes, user_copy_bytes_failed
	FIXUP user_load64_access, user_access_failed
	FIXUP user_load32_access, user_access_failed
	FIXUP user_compare_exchange32_access, user_access_failed
	FIXUP extended_restore_xrstor, user_access_failed
	FIXUP extended_restore_fxrstor, user_access_failed

	.section .note.GNU-stack, "", @progbits
