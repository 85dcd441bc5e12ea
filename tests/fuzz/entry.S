/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry points of the fuzzer, the way back from faults, and instructions that fault. */

#define LOG_ADDRESS 582 << 30
#define LOG_VIEWS   2048

/* One entry of the list of instructions; rdi, rbp and r8 hold garbage, and it ends by going back. */
#define ONE(code...)                            \
	.pushsection .text.instructions, "ax"; \
771:	code;                                   \
	jmp back;                               \
	.popsection;                            \
	.quad 771b

	.text
	.globl _start
_start:
	xorl %ebp, %ebp
	andq $-16, %rsp
	call parent_begin
	ud2

	/* the parent, on memory that no clone shares: rdi = stack */
	.globl parent_switch
parent_switch:
	movq %rdi, %rsp
	xorl %ebp, %ebp
	call parent_main
	ud2

	.globl child_entry, grandchild_entry, thread_entry
child_entry:
	call child_main
	ud2
	/* the parent learns of the view before anything of it is touched: a stack may be another's too */
grandchild_entry:
	movq %rdi, %r12
	movl $1, %ebx
	movabsq $LOG_ADDRESS, %rsi
	lock xaddl %ebx, (%rsi)
	andl $LOG_VIEWS - 1, %ebx
	shlq $4, %rbx
	leaq 16(%rsi, %rbx), %rsi
	movl $7, %edi                   /* TWZ_THREAD_VIEW */
	movl $0x1023, %eax              /* thread_control */
	syscall
	movq %r12, %rdi
	call grandchild_main
	ud2
thread_entry:
	call thread_main
	ud2

	/* sleeps for ever, without a stack */
	.globl sleeper_entry
sleeper_entry:
	xorl %edi, %edi
	xorl %esi, %esi
	movq $-1, %rdx
	movl $0x1022, %eax              /* thread_sync */
	syscall
	jmp sleeper_entry

	.globl upcall_entry, parent_upcall_entry
upcall_entry:
	call upcall_main
	ud2
parent_upcall_entry:
	call parent_upcall
	ud2

	/* void attempt(struct context *c, void (*function)(struct context *)) */
	.globl attempt, recover
attempt:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushq %rdi
	movq %rsp, 0(%rdi)
	call *%rsi
	popq %rdi
	jmp 1f
	/* void recover(struct context *c): from anywhere, with any flags and any machine state */
recover:
	movq 0(%rdi), %rsp
	pushq $0x202
	popfq
	cld
	fninit
	pushq $0x1f80
	ldmxcsr (%rsp)
	popq %rax
	popq %rdi
1:	movq $0, 0(%rdi)
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	/* after an instruction that did not fault: rbx = context */
back:
	movq %rbx, %rdi
	jmp recover

	/*
	 * void with_registers(struct context *c, const uint64_t words[16], void *to): garbage in
	 * every register but rbx, then there.
	 */
	.globl with_registers
with_registers:
	movq %rdi, %rbx
	movq %rdx, 120(%rsi)
	movq 0(%rsi), %rax
	movq 8(%rsi), %rcx
	movq 16(%rsi), %rdx
	movq 24(%rsi), %rdi
	movq 32(%rsi), %rbp
	movq 40(%rsi), %r8
	movq 48(%rsi), %r9
	movq 56(%rsi), %r10
	movq 64(%rsi), %r11
	movq 72(%rsi), %r12
	movq 80(%rsi), %r13
	movq 88(%rsi), %r14
	movq 96(%rsi), %r15
	pushq 120(%rsi)
	pushq 104(%rsi)
	movq 112(%rsi), %rsi
	/* the pushed words: flags, then where to */
	popfq
	ret


	.section .rodata
	.globl instructions, instructions_end
	/* no iretq and lretq: under SMAP, QEMU's emulation reads the program's stack as the kernel would, and faults for ever */
	.balign 8
instructions:
	ONE(syscall)
	ONE(movq %rdi, %rsp; syscall)
	ONE(pushfq; orq $0x100, (%rsp); popfq; syscall)
	ONE(pushfq; orq $0x40000, (%rsp); popfq; syscall)
	ONE(pushfq; orq $0x4400, (%rsp); popfq; syscall)
	ONE(pushfq; orq $0x100, (%rsp); popfq; nop; nop)
	ONE(pushfq; orq $0x40000, (%rsp); popfq; movq %rsp, %rcx; orq $1, %rcx; movq (%rcx), %rax)
	ONE(pushq %rdi; popfq; syscall)
	ONE(pushq %rdi; popfq)
	ONE(sysenter)
	ONE(sysexitq)
	ONE(sysretq)
	ONE(int3)
	ONE(.byte 0xf1)
	ONE(.byte 0xce)
	ONE(ud2)
	ONE(.byte 0x0f, 0xff, 0xc0)
	ONE(hlt)
	ONE(cli)
	ONE(sti)
	ONE(swapgs)
	ONE(clts)
	ONE(wbinvd)
	ONE(rdpmc)
	ONE(rdmsr)
	ONE(wrmsr)
	ONE(rdtscp)
	ONE(invlpg (%rax))
	ONE(lgdt (%rsp))
	ONE(lidt (%rsp))
	ONE(sgdt -64(%rsp))
	ONE(sidt -64(%rsp))
	ONE(lldt %ax)
	ONE(ltr %ax)
	ONE(str %ax)
	ONE(sldt %ax)
	ONE(smsw %eax)
	ONE(lmsw %ax)
	ONE(movq %rax, %cr0)
	ONE(movq %rax, %cr3)
	ONE(movq %cr2, %rax)
	ONE(movq %cr4, %rax)
	ONE(movq %rax, %dr7)
	ONE(movq %dr0, %rax)
	ONE(movq %rax, %cr8)
	ONE(xsetbv)
	ONE(xorl %ecx, %ecx; xgetbv)
	ONE(vmcall)
	ONE(vmmcall)
	ONE(vmrun)
	ONE(stgi)
	ONE(skinit)
	ONE(monitor)
	ONE(mwait)
	ONE(inb %dx, %al)
	ONE(outb %al, %dx)
	ONE(rep insb)
	ONE(rep outsb)
	ONE(movl %edi, %ds)
	ONE(movl %edi, %es)
	ONE(movl %edi, %fs)
	ONE(movl %edi, %gs)
	ONE(movl %edi, %ss)
	ONE(movl %edi, %ss; syscall)
	ONE(movl $0, %ecx; movl %ecx, %ds; movl %ecx, %es; movl %ecx, %fs; movl %ecx, %gs; syscall)
	ONE(wrfsbase %rdi)
	ONE(wrgsbase %rdi)
	ONE(wrgsbase %rdi; syscall)
	ONE(rdgsbase %rax)
	ONE(xorl %ecx, %ecx; divq %rcx)
	ONE(movq $-1, %rcx; movq %rcx, %rax; movq %rcx, %rdx; idivq %rcx)
	ONE(fninit; pushq $0; fldcw (%rsp); fldz; fldz; fdivrp; fwait; movl $7, %eax; syscall)
	ONE(pushq $0; ldmxcsr (%rsp); xorps %xmm0, %xmm0; divss %xmm0, %xmm0)
	ONE(pushq %rdi; ldmxcsr (%rsp))
	ONE(andq $-64, %rsp; fxrstorq -4096(%rsp))
	ONE(andq $-64, %rsp; movl $-1, %eax; movl $-1, %edx; xrstor -4096(%rsp))
	ONE(andq $-64, %rsp; movl $-1, %eax; movl $-1, %edx; xsave -8192(%rsp))
	ONE(movaps 1(%rsp), %xmm0)
	ONE(lock cmpxchg16b 1(%rsp))
	ONE(jmp *%rdi)
	ONE(call *%rdi)
	ONE(ljmp *(%rsp))
	ONE(movq %rdi, %rsp; pushq %rax)
	ONE(movq %rdi, %rsp; int3)
	ONE(movq %rdi, %rsp; ud2)
	ONE(movq %rsp, %rcx; xorl %esp, %esp; pushq %rcx)
	ONE(movq (%rdi), %rax)
	ONE(movq %rax, (%rdi))
	ONE(lock incl (%rdi))
	ONE(std; movq %rdi, %rsi; movq %r8, %rdi; movl $64, %ecx; rep movsb)
	ONE(rep stosb)
	ONE(movntiq %rax, (%rdi))
	ONE(clflush (%rdi))
	ONE(prefetchw (%rdi))
	ONE(enter $65535, $31)
	ONE(xbegin back)
	ONE(rdrand %rax)
	ONE(stac)
	ONE(clac)
	ONE(.byte 0x0f, 0x0b, 0x66, 0x66, 0x66, 0x66)
	ONE(.byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90)
	ONE(.byte 0xf0, 0x90)
	.set vector, 0
	.rept 256
	ONE(.byte 0xcd, vector)
	.set vector, vector + 1
	.endr
instructions_end:

	.section .note.GNU-stack, "", @progbits
