/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC (SDM volume 3, chapter 11): one-shot timer, interrupts between CPUs. */
#include <cpu.h>
#include <log.h>
#include <timer.h>
#include <twizzler/types.h>
#include <x86.h>
#include "bare.h"

#define REG_ID		  0x20
#define REG_TASK_PRIORITY 0x80
#define REG_EOI		  0xb0
#define REG_SPURIOUS	  0xf0
#define REG_COMMAND_LOW	  0x300
#define REG_COMMAND_HIGH  0x310
#define REG_TIMER	  0x320
#define REG_INITIAL_COUNT 0x380
#define REG_CURRENT_COUNT 0x390
#define REG_DIVIDE	  0x3e0

#define TIMER_MASKED	0x10000u
#define COMMAND_PENDING 0x1000u
#define DIVIDE_BY_1	0xbu

#define NEAR_NS 500000ull

static volatile char *registers;
static uint64_t counts_per_2_32_ns; /* timer counts a nanosecond, 32.32 fixed point */

static uint32_t apic_read(unsigned reg)
{
	return *(volatile uint32_t *)(registers + reg);
}

static void apic_write(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(registers + reg) = value;
}

uint32_t apic_id(void)
{
	return apic_read(REG_ID) >> 24;
}

void apic_init(void)
{
	registers = map_device(rdmsr(MSR_APIC_BASE) & 0xffffff000ull, PAGE_SIZE);
	if (!registers)
		panic("out of memory for the local APIC");
	apic_cpu_init();
	this_cpu()->apic_id = apic_id();
	/* the legacy controllers are masked: nothing of theirs arrives */
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void apic_cpu_init(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 1 << 11);
	apic_write(REG_TASK_PRIORITY, 0);
	apic_write(REG_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
}

uint32_t apic_timer_start_counting(void)
{
	apic_write(REG_DIVIDE, DIVIDE_BY_1);
	apic_write(REG_TIMER, TIMER_MASKED | VECTOR_TIMER);
	apic_write(REG_INITIAL_COUNT, ~0u);
	return ~0u;
}

uint32_t apic_timer_counted(void)
{
	return ~0u - apic_read(REG_CURRENT_COUNT);
}

void apic_timer_calibrate(uint64_t nanoseconds, uint32_t counted)
{
	apic_write(REG_INITIAL_COUNT, 0);
	counts_per_2_32_ns = ((uint64_t)counted << 32) / nanoseconds;
	if (!counts_per_2_32_ns)
		panic("the local APIC's timer does not count");
}

void apic_timer_init(void)
{
	apic_write(REG_DIVIDE, DIVIDE_BY_1);
	apic_write(REG_TIMER, VECTOR_TIMER);
}

void apic_timer_set(uint64_t deadline)
{
	uint64_t now, counts;

	if (deadline == TWZ_FOREVER) {
		apic_write(REG_INITIAL_COUNT, 0);
		return;
	}
	now = clock_monotonic();
	/*
	 * The counter's rate is known to a few thousandths: a far deadline is approached in steps
	 * (timers_run sets the timer again), so that none is late by more than some microseconds.
	 */
	if (deadline > now + NEAR_NS)
		deadline -= (deadline - now) / 64;
	counts = deadline > now
			 ? (uint64_t)((unsigned __int128)(deadline - now) * counts_per_2_32_ns >>
				      32) +
				   1
			 : 1;
	/* a far deadline fires early and is set again */
	apic_write(REG_INITIAL_COUNT, counts > ~0u ? ~0u : (uint32_t)counts);
}

static void command(uint32_t destination, uint32_t low)
{
	uint64_t state = platform->interrupts_save();

	while (apic_read(REG_COMMAND_LOW) & COMMAND_PENDING)
		cpu_pause();
	apic_write(REG_COMMAND_HIGH, destination << 24);
	apic_write(REG_COMMAND_LOW, low);
	platform->interrupts_restore(state);
}

void apic_send(struct cpu *cpu, unsigned vector)
{
	command(cpu->apic_id, 0x4000 | vector);
}

void apic_send_init(uint32_t id)
{
	command(id, 0x4500);
}

void apic_send_startup(uint32_t id, physical_address page)
{
	command(id, 0x4600 | (uint32_t)(page >> PAGE_SHIFT));
}

void apic_end_of_interrupt(void)
{
	apic_write(REG_EOI, 0);
}
