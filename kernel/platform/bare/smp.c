/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the other CPUs: INIT, start-up interrupt, trampoline (SDM volume 3, section 9.4). */
#include <cpu.h>
#include <heap.h>
#include <log.h>
#include <page.h>
#include <string.h>
#include <thread.h>
#include <timer.h>
#include <x86.h>
#include "../../thread/internal.h"
#include "bare.h"
#include "madt.h"

#define SMP_PAGE       0x8000ull
#define ONLINE_WAIT_NS 200000000ull

extern char trampoline_start[], trampoline_end[];
extern uint64_t trampoline_root, trampoline_stack, trampoline_cpu, trampoline_entry;
extern char boot_root[];

static uint64_t *parameter(const uint64_t *in_image)
{
	return phys_to_virt(SMP_PAGE + (uint64_t)((const char *)in_image - trampoline_start));
}

static volatile uint64_t started_tsc; /* the new CPU's counter when it was online */

static _Noreturn void cpu_main(struct cpu *cpu)
{
	platform->root_load(kernel_root);
	platform_set_cpu(cpu);
	platform->cpu_init(cpu);
	apic_cpu_init();
	platform->timer_init();
	started_tsc = rdtsc();
	__atomic_add_fetch(&cpu_count, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->online, true, __ATOMIC_SEQ_CST);
	scheduler_idle();
}

static struct cpu *prepare(uint32_t number, uint32_t id)
{
	struct cpu *cpu = kernel_alloc(sizeof(*cpu));
	uint64_t stack = cpu ? kernel_stack_alloc() : 0;

	if (!stack) {
		kernel_free(cpu);
		return NULL;
	}
	cpu_setup(cpu, number);
	cpu->apic_id = id;
	if (!platform->cpu_prepare(cpu) || !cpu_make_idle(cpu, stack)) {
		kernel_stack_free(stack);
		kernel_free(cpu);
		return NULL;
	}
	return cpu;
}

static void start_one(struct cpu *cpu)
{
	uint64_t deadline = clock_monotonic() + ONLINE_WAIT_NS, before;

	*parameter(&trampoline_root) = kernel_to_phys(boot_root);
	*parameter(&trampoline_stack) = cpu->idle->stack_base + KERNEL_STACK_SIZE - 8;
	*parameter(&trampoline_cpu) = (uint64_t)cpu;
	*parameter(&trampoline_entry) = (uint64_t)cpu_main;
	cpus[cpu->number] = cpu;
	apic_send_init(cpu->apic_id);
	clock_delay(10000);
	before = rdtsc();
	apic_send_startup(cpu->apic_id, SMP_PAGE);
	while (!__atomic_load_n(&cpu->online, __ATOMIC_SEQ_CST) && clock_monotonic() < deadline)
		cpu_pause();
	if (cpu->online) {
		if (started_tsc < before || started_tsc > rdtsc())
			clock_distrust("it differs between CPUs");
		return;
	}
	/* it may still come up: its parameters and memory must stay, so no further CPU is tried */
	log_alert("CPU %u does not start", cpu->number);
}

static void visit(const struct madt_entry *entry, void *context)
{
	const struct madt_lapic *lapic = (const void *)entry;
	uint32_t *number = context;
	struct cpu *cpu;

	if (entry->type != MADT_LAPIC || !(lapic->flags & 1) ||
	    lapic->apic_id == cpus[0]->apic_id || *number == CPU_MAX)
		return;
	if (*number > 1 && !cpus[*number - 1]->online)
		return;
	cpu = prepare(*number, lapic->apic_id);
	if (!cpu) {
		log_alert("out of memory for CPU %u", *number);
		return;
	}
	start_one(cpu);
	++*number;
}

void bare_start_other_cpus(void)
{
	uint32_t number = 1;

	if (!map_memory(SMP_PAGE, PAGE_SIZE)) {
		log_alert("out of memory: the other CPUs stay off");
		return;
	}
	/* they come up on the boot page tables, whose identity map they need, and on our stacks */
	memcpy(boot_root + PAGE_SIZE / 2, (char *)phys_to_virt(kernel_root) + PAGE_SIZE / 2,
	       PAGE_SIZE / 2);
	memcpy(phys_to_virt(SMP_PAGE), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	madt_visit(visit, &number);
}
