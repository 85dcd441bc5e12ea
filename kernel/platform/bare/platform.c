/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform table for bare metal: the processor and a PC's devices used directly. */
#include <cpu.h>
#include <log.h>
#include <platform.h>
#include <x86.h>
#include "bare.h"

static void pte_write(volatile uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static void pte_forget(volatile uint64_t *entry)
{
	__atomic_and_fetch(entry, ~PTE_ACCESSED, __ATOMIC_RELAXED);
}

static uint64_t frame_to_entry(physical_address frame)
{
	return frame;
}

static physical_address entry_to_frame(uint64_t entry)
{
	return entry & PTE_FRAME;
}

static void table_free(physical_address table)
{
#ifdef KERNEL_DEBUG
	for (unsigned i = 0; frame_references(table) == 1 && i < PAGE_SIZE / 8; i++)
		ASSERT(((const uint64_t *)phys_to_virt(table))[i] == 0);
#endif
	frame_unref_zeroed(table);
}

static void flush_all(void)
{
	write_cr3(read_cr3());
}

static void interrupts_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static uint64_t interrupts_save(void)
{
	uint64_t flags = read_rflags();

	__asm__ volatile("cli" ::: "memory");
	return flags & RFLAGS_IF;
}

static void interrupts_restore(uint64_t state)
{
	if (state)
		__asm__ volatile("sti" ::: "memory");
}

static void wait_for_interrupt(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

static void set_fs_base(uint64_t base)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	else
		wrmsr(MSR_FS_BASE, base);
}

static uint64_t get_fs_base(void)
{
	uint64_t base;

	if (!cpu_features.fsgsbase)
		return rdmsr(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static void set_user_gs_base(uint64_t base)
{
	wrmsr(MSR_KERNEL_GS, base);
}

static uint64_t get_user_gs_base(void)
{
	return rdmsr(MSR_KERNEL_GS);
}

static void devices_init(void)
{
	apic_init();
	ioapic_init();
	serial_input_init();
}

const struct platform platform_bare = {
	.name = "bare",
	.pte_user = PTE_USER,
	.pte_write = pte_write,
	.pte_forget = pte_forget,
	.frame_to_entry = frame_to_entry,
	.entry_to_frame = entry_to_frame,
	.table_alloc = frame_alloc_zeroed,
	.table_free = table_free,
	.root_load = write_cr3,
	.flush_page = invlpg,
	.flush_all = flush_all,
	.interrupts_enable = interrupts_enable,
	.interrupts_save = interrupts_save,
	.interrupts_restore = interrupts_restore,
	.wait_for_interrupt = wait_for_interrupt,
	.return_to = return_to_frame,
	.set_fs_base = set_fs_base,
	.get_fs_base = get_fs_base,
	.set_user_gs_base = set_user_gs_base,
	.get_user_gs_base = get_user_gs_base,
	.set_kernel_stack = bare_set_kernel_stack,
	.cpu_prepare = bare_cpu_prepare,
	.cpu_init = bare_cpu_init,
	.start_other_cpus = bare_start_other_cpus,
	.timer_init = apic_timer_init,
	.timer_set = apic_timer_set,
	.send_interrupt = apic_send,
	.end_of_interrupt = apic_end_of_interrupt,
	.console_init = serial_init,
	.console_write = serial_write,
	.devices_init = devices_init,
	.shutdown = bare_shutdown,
};
