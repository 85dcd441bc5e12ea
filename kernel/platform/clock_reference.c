/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of known frequency, to measure the time stamp counter against. */
#include <acpi.h>
#include <page.h>
#include <string.h>
#include <x86.h>
#include "clock.h"
#include "xen/xen.h"

static volatile uint64_t *hpet;
static uint16_t power_timer;

static uint64_t read_hpet(void)
{
	return *(volatile uint32_t *)(hpet + 0xf0 / 8);
}

static uint64_t read_power_timer(void)
{
	return inl(power_timer);
}

static bool find_hpet(struct reference *reference)
{
	const struct acpi_header *table = acpi_find("HPET", 0);
	uint64_t address, period;

	if (!table || table->length < 52)
		return false;
	memcpy(&address, (const char *)table + 44, 8);
	hpet = map_device(address, 0x400);
	if (!hpet)
		return false;
	period = hpet[0] >> 32; /* femtoseconds */
	if (!period || period > 100000000)
		return false;
	hpet[0x10 / 8] |= 1; /* count */
	*reference =
		(struct reference){"HPET", read_hpet, 0xffffffff, 1000000000000000ull / period};
	return true;
}

static bool find_power_timer(struct reference *reference)
{
	const struct acpi_header *table = acpi_find("FACP", 0);
	uint32_t port;

	if (!table || table->length < 80)
		return false;
	memcpy(&port, (const char *)table + 76, 4);
	if (!port)
		return false;
	power_timer = (uint16_t)port;
	*reference = (struct reference){"ACPI timer", read_power_timer, 0xffffff, 3579545};
	return true;
}

/* The 8254's channel 2, latched; counts down from 65536. */
static uint64_t read_pit(void)
{
	uint32_t low;

	outb(0x43, 0x80);
	low = inb(0x42);
	return 0xffff - (low | (uint32_t)inb(0x42) << 8);
}

static bool find_pit(struct reference *reference)
{
	outb(0x61, (uint8_t)((inb(0x61) & ~2) | 1));
	outb(0x43, 0xb4); /* channel 2, both bytes, rate generator */
	outb(0x42, 0xff);
	outb(0x42, 0xff);
	*reference = (struct reference){"8254", read_pit, 0xffff, 1193182};
	return true;
}

/* Frequency in kHz as the hypervisor tells (VMware's leaf, which KVM and others offer), or 0. */
static uint64_t hypervisor_frequency(void)
{
	if (xen_tsc_khz())
		return xen_tsc_khz();
	if (!(cpuid(1, 0).ecx >> 31) || cpuid(0x40000000, 0).eax < 0x40000010)
		return 0;
	return cpuid(0x40000010, 0).eax;
}

/* The time stamp counter itself, where its rate is known: then only the APIC's timer is measured.
 */
static bool find_known_rate(struct reference *reference)
{
	uint64_t khz = hypervisor_frequency();

	*reference = (struct reference){"the hypervisor", rdtsc, ~0ull, khz * 1000};
	return khz != 0;
}

/* Whether the counter counts: firmware tables may name one that a hypervisor hides. */
static bool counts(const struct reference *reference)
{
	uint64_t first = reference->read();

	for (unsigned i = 0; i < 10000; i++) {
		if (reference->read() != first)
			return true;
	}
	return false;
}

bool reference_find(struct reference *reference)
{
	return (find_known_rate(reference) && counts(reference)) ||
	       (find_hpet(reference) && counts(reference)) ||
	       (find_power_timer(reference) && counts(reference)) ||
	       (find_pit(reference) && counts(reference));
}

/* The hypervisor's name, 12 bytes of CPUID leaf 0x40000000. */
static bool hypervisor_is(const char name[12])
{
	struct cpuid_result r = cpuid(0x40000000, 0);

	return !memcmp(&r.ebx, name, 4) && !memcmp(&r.ecx, name + 4, 4) &&
	       !memcmp(&r.edx, name + 8, 4);
}

bool tsc_promised(void)
{
	/* APM leaf: invariant TSC (SDM volume 3, section 17.17.1) */
	if (cpuid(0x80000000, 0).eax >= 0x80000007 && cpuid(0x80000007, 0).edx >> 8 & 1)
		return true;
	if (!(cpuid(1, 0).ecx >> 31))
		return false;
	/* QEMU's translator shows every CPU one clock; so does Xen, by emulation if need be */
	if (xen_tsc_khz() || hypervisor_is("TCGTCGTCGTCG"))
		return true;
	/* Linux, Documentation/virt/kvm/x86/cpuid.rst: KVM_FEATURE_CLOCKSOURCE_STABLE_BIT */
	return hypervisor_is("KVMKVMKVM\0\0") && cpuid(0x40000001, 0).eax >> 24 & 1;
}
