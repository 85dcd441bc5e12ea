/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries, PVH (Xen's docs/misc/pvh.pandoc) and Multiboot2 (specification 2.0, section 3.3): 32-bit
 * protected mode, no paging, ebx = hvm_start_info or the boot information. Everything is addressed relative
 * to where it runs, so that no link address matters. Sets up boot page tables (4 GiB at 0, at the direct
 * map; 1 GiB at the kernel's link offset), enters long mode, calls kernel_main.
 */
#define XEN_ELFNOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.long 4
	.long 4
	.long XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.balign 4
	.long pvh_entry_physical

#define PRESENT_WRITE 0x3
#define LARGE         0x80
#define DIRECT_MAP_SLOT 272 /* of 0xffff880000000000 in the top-level table */

#define MULTIBOOT_HEADER_MAGIC 0xe85250d6
#define MULTIBOOT_MAGIC 0x36d76289 /* in eax at the entry */
#define TAG_INFORMATION 1 /* demand these tags of the loader */
#define TAG_ENTRY 3
#define TAG_MODULE_ALIGN 6
#define INFORMATION_MEMORY_MAP 6

	.section .boot.text, "ax"
	.balign 8
multiboot_header:
	.long MULTIBOOT_HEADER_MAGIC, 0, multiboot_header_end - multiboot_header
	.long 0x100000000 - MULTIBOOT_HEADER_MAGIC - (multiboot_header_end - multiboot_header)
	.word TAG_INFORMATION, 0
	.long 12, INFORMATION_MEMORY_MAP
	.balign 8
	.word TAG_ENTRY, 0
	.long 12, multiboot_entry_physical
	.balign 8
	.word TAG_MODULE_ALIGN, 0
	.long 8
	.word 0, 0
	.long 8
multiboot_header_end:

	.code32
	.globl pvh_entry, multiboot_entry
pvh_entry:
	xorl %eax, %eax
	/* Where do we run? A call needs a stack: a word in low memory, which PVH leaves to us. */
	movl $0x1000, %esp
	jmp 1f
multiboot_entry:
	/* its second word is reserved, and the only memory known to be free */
	leal 8(%ebx), %esp
1:	cli
	cld
	movl %ebx, %esi
	call 1f
1:	popl %ebp                       /* ebp = address of 1b; name(x) is then x - 1b(%ebp) */
	leal boot_stack_top - 1b(%ebp), %esp
	movl %eax, boot_magic - 1b(%ebp)

	rdtsc
	movl %eax, boot_entry_tsc - 1b(%ebp)
	movl %edx, boot_entry_tsc - 1b + 4(%ebp)

	/* boot_directories: 4 page directories of 2 MiB pages for 4 GiB */
	leal boot_directories - 1b(%ebp), %edi
	movl $(PRESENT_WRITE | LARGE), %eax
	movl $2048, %ecx
2:	movl %eax, (%edi)
	movl $0, 4(%edi)
	addl $0x200000, %eax
	addl $8, %edi
	loop 2b

	/* boot_pointers: entries 0..3 to them; boot_pointers_high: entry 510 to the first */
	leal boot_pointers - 1b(%ebp), %edi
	leal boot_directories - 1b + PRESENT_WRITE(%ebp), %eax
	movl %eax, 8 * 0(%edi)
	addl $4096, %eax
	movl %eax, 8 * 1(%edi)
	addl $4096, %eax
	movl %eax, 8 * 2(%edi)
	addl $4096, %eax
	movl %eax, 8 * 3(%edi)
	leal boot_pointers_high - 1b(%ebp), %ebx
	leal boot_directories - 1b + PRESENT_WRITE(%ebp), %eax
	movl %eax, 8 * 510(%ebx)

	leal boot_root - 1b(%ebp), %edx
	leal PRESENT_WRITE(%edi), %eax
	movl %eax, (%edx)
	movl %eax, 8 * DIRECT_MAP_SLOT(%edx)
	leal PRESENT_WRITE(%ebx), %eax
	movl %eax, 8 * 511(%edx)

	movl %cr4, %eax
	orl $0x20, %eax                 /* PAE */
	movl %eax, %cr4
	movl %edx, %cr3
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x900, %eax                /* EFER: LME, NXE */
	wrmsr
	movl %cr0, %eax
	orl $0x80010001, %eax           /* PG, WP, PE */
	movl %eax, %cr0

	/* a far return into 64-bit code */
	leal boot_gdt - 1b(%ebp), %eax
	movl %eax, boot_gdt_pointer + 2 - 1b(%ebp)
	lgdt boot_gdt_pointer - 1b(%ebp)
	leal boot_long - 1b(%ebp), %eax
	pushl $8
	pushl %eax
	lret

	.code64
boot_long:
	movl $16, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movabsq $boot_linked, %rax
	jmpq *%rax
boot_linked:
	movabsq $boot_stack_top, %rsp
	xorl %ebp, %ebp
	movl %esi, %edi                 /* physical address of what the loader tells */
	movl boot_magic(%rip), %esi
	call kernel_main
	ud2

	.data
	.balign 8
	.globl boot_entry_tsc
boot_entry_tsc:
	.quad 0
boot_magic:
	.quad 0
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff        /* 64-bit code */
	.quad 0x00cf93000000ffff        /* data */
boot_gdt_pointer:
	.word boot_gdt_pointer - boot_gdt - 1
	.long 0

	.bss
	.balign 4096
	.globl boot_root
boot_root:
	.skip 4096
boot_pointers:
	.skip 4096
boot_pointers_high:
	.skip 4096
boot_directories:
	.skip 4 * 4096
	.globl boot_stack, boot_stack_top
boot_stack:
	.skip 16384
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
