/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First steps of another CPU: real mode at a page below 1 MiB (SMP_PAGE), to long mode on the boot page tables,
 * to the stack and root that smp.c left at the end of the page.
 */
#define SMP_PAGE 0x8000
#define AT(x) (SMP_PAGE + (x) - trampoline_start)

	.section .rodata
	.code16
	.balign 16
	.globl trampoline_start, trampoline_end
trampoline_start:
	cli
	xorw %ax, %ax
	movw %ax, %ds
	lgdtl AT(trampoline_gdt_pointer)
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl $24, $AT(trampoline_32)

	.code32
trampoline_32:
	movl $16, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %cr4, %eax
	orl $0x20, %eax                 /* PAE */
	movl %eax, %cr4
	movl AT(trampoline_root), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x900, %eax                /* LME, NXE */
	wrmsr
	movl %cr0, %eax
	orl $0x80010001, %eax
	movl %eax, %cr0
	ljmpl $8, $AT(trampoline_64)

	.code64
trampoline_64:
	movq AT(trampoline_stack), %rsp
	movq AT(trampoline_cpu), %rdi
	movq AT(trampoline_entry), %rax
	xorl %ebp, %ebp
	jmpq *%rax

	.balign 8
trampoline_gdt:
	.quad 0
	.quad 0x00af9b000000ffff        /* 8: 64-bit code */
	.quad 0x00cf93000000ffff        /* 16: data */
	.quad 0x00cf9b000000ffff        /* 24: 32-bit code */
trampoline_gdt_pointer:
	.word trampoline_gdt_pointer - trampoline_gdt - 1
	.long AT(trampoline_gdt)
	.balign 8
	.globl trampoline_root, trampoline_stack, trampoline_cpu, trampoline_entry
trampoline_root:
	.quad 0
trampoline_stack:
	.quad 0
trampoline_cpu:
	.quad 0
trampoline_entry:
	.quad 0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
