/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments, task state, interrupt gates, and the control bits of each CPU (SDM volume 3, chapters
 * 2, 5, 6). */
#include <cpu.h>
#include <heap.h>
#include <log.h>
#include <string.h>
#include <x86.h>
#include "bare.h"

#define EMERGENCY_STACK_SIZE 4096
static const uint8_t emergency_vectors[] = {2, 8, 18};
#define EMERGENCIES 3
/* One more, for every other vector where programs run with the kernel's privilege
 * (kernel/unikernel/entry.S). */
#define TRAP_STACK (EMERGENCIES + 1)

struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

struct gdt_and_tss {
	uint64_t gdt[8];
	struct task_state tss;
};

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static struct gate idt[256];
struct cpu_features cpu_features;
uint8_t smap_active;

bool bare_cpu_prepare(struct cpu *cpu)
{
	cpu->descriptors = kernel_alloc(sizeof(*cpu->descriptors));
	cpu->emergency_stacks = kernel_alloc(TRAP_STACK * EMERGENCY_STACK_SIZE);
	if (cpu->descriptors && cpu->emergency_stacks)
		return true;
	kernel_free(cpu->descriptors);
	kernel_free(cpu->emergency_stacks);
	return false;
}

static void set_gate(unsigned vector, const char *entry, unsigned ist)
{
	uint64_t at = (uint64_t)entry;

	idt[vector] = (struct gate){
		.offset_low = (uint16_t)at,
		.selector = SELECTOR_KERNEL_CODE,
		.ist = (uint8_t)ist,
		.type = vector == 3 ? 0xee : 0x8e, /* interrupt gate; breakpoint from programs */
		.offset_middle = (uint16_t)(at >> 16),
		.offset_high = (uint32_t)(at >> 32),
	};
}

static void fill_idt(void)
{
	for (unsigned v = 0; v < 256; v++)
		set_gate(v, interrupt_stubs + v * 16,
			 platform->programs_are_supervisor ? TRAP_STACK : 0);
	for (unsigned i = 0; i < EMERGENCIES; i++)
		set_gate(emergency_vectors[i], emergency_stubs + i * 16, i + 1);
}

static void fill_descriptors(struct cpu *cpu)
{
	struct gdt_and_tss *d = cpu->descriptors;
	uint64_t base = (uint64_t)&d->tss;

	d->gdt[SELECTOR_KERNEL_CODE / 8] = 0x00af9b000000ffff;
	d->gdt[SELECTOR_KERNEL_DATA / 8] = 0x00cf93000000ffff;
	d->gdt[SELECTOR_USER_DATA / 8] = 0x00cff3000000ffff;
	d->gdt[SELECTOR_USER_CODE / 8] = 0x00affb000000ffff;
	d->gdt[SELECTOR_TSS / 8] = 0x0000890000000000 | (sizeof(d->tss) - 1) |
				   (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	d->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
	d->tss.io_map = sizeof(d->tss);
	for (unsigned i = 0; i < TRAP_STACK; i++) {
		char *top = (char *)cpu->emergency_stacks + (i + 1) * EMERGENCY_STACK_SIZE - 16;

		*(struct cpu **)top = cpu; /* emergency_common finds it here */
		d->tss.ist[i] = (uint64_t)top;
	}
}

static void detect_features(void)
{
	struct cpuid_result one = cpuid(1, 0);
	struct cpuid_result seven = cpuid(0, 0).eax >= 7 ? cpuid(7, 0) : (struct cpuid_result){0};
	struct cpuid_result extended = cpuid(0x80000001, 0);

	cpu_features.xsave = one.ecx >> 26 & 1;
	cpu_features.rdrand = one.ecx >> 30 & 1;
	cpu_features.fsgsbase = seven.ebx & 1;
	cpu_features.smep = seven.ebx >> 7 & 1;
	cpu_features.rdseed = seven.ebx >> 18 & 1;
	cpu_features.smap = seven.ebx >> 20 & 1;
	cpu_features.clflushopt = seven.ebx >> 23 & 1;
	cpu_features.clwb = seven.ebx >> 24 & 1;
	cpu_features.umip = seven.ecx >> 2 & 1;
	cpu_features.gigabyte_pages = extended.edx >> 26 & 1;
	cpu_features.physical_bits =
		cpuid(0x80000000, 0).eax >= 0x80000008 ? cpuid(0x80000008, 0).eax & 0xff : 36;
	cpu_features.extended_size = 512;
	if (cpu_features.xsave)
		cpu_features.xsave_mask = cpuid(0xd, 0).eax & 0x7; /* x87, SSE, AVX */
}

static void set_control_bits(void)
{
	uint64_t cr4 = read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP);
	if (cpu_features.smep)
		cr4 |= CR4_SMEP;
	if (cpu_features.smap)
		cr4 |= CR4_SMAP;
	if (cpu_features.umip)
		cr4 |= CR4_UMIP;
	if (cpu_features.fsgsbase)
		cr4 |= CR4_FSGSBASE;
	if (cpu_features.xsave)
		cr4 |= CR4_OSXSAVE;
	write_cr4(cr4);
	if (cpu_features.xsave) {
		__asm__ volatile("xsetbv"
				 :
				 : "c"(0), "a"((uint32_t)cpu_features.xsave_mask),
				   "d"((uint32_t)(cpu_features.xsave_mask >> 32)));
		cpu_features.extended_size = cpuid(0xd, 0).ebx;
	}
	smap_active = cpu_features.smap;
}

void bare_set_kernel_stack(struct cpu *cpu, uint64_t top)
{
	cpu->syscall_stack = top;
	cpu->descriptors->tss.rsp[0] = top;
}

void bare_cpu_init(struct cpu *cpu)
{
	struct table_pointer gdt, idt_pointer = {sizeof(idt) - 1, (uint64_t)idt};

	if (cpu->number == 0) {
		detect_features();
		fill_idt();
		if (!bare_cpu_prepare(cpu))
			panic("out of memory for the boot CPU");
	}
	fill_descriptors(cpu);
	gdt = (struct table_pointer){sizeof(cpu->descriptors->gdt) - 1,
				     (uint64_t)cpu->descriptors->gdt};
	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %3, %%eax\n\t"
			 "movl %%eax, %%ss\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "movl %%eax, %%fs\n\t"
			 "movl %%eax, %%gs\n\t"
			 "ltr %w4"
			 :
			 : "m"(gdt), "m"(idt_pointer), "i"(SELECTOR_KERNEL_CODE),
			   "i"(SELECTOR_KERNEL_DATA), "r"(SELECTOR_TSS)
			 : "rax", "memory");
	wrmsr(MSR_GS_BASE, (uint64_t)cpu); /* loading gs cleared it */
	wrmsr(MSR_KERNEL_GS, 0);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	wrmsr(MSR_STAR, (uint64_t)0x1b << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	wrmsr(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | 0x4400 /* NT, DF */);
	set_control_bits();
}
