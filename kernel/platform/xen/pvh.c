/* SPDX-License-Identifier: BSD-2-Clause */
/* Xen PVH: an ordinary PVH start on virtual hardware, with Xen's own console and clock rate. */
#include <page.h>
#include <x86.h>
#include "../bare/bare.h"
#include "xen.h"

#define XEN_LEAVES_FIRST 0x40000000u
#define XEN_LEAVES_LAST	 0x40010000u
#define XEN_LEAVES_STEP	 0x100u

#define HYPERVISOR_MEMORY_OP  12
#define HYPERVISOR_CONSOLE_IO 18
#define CONSOLEIO_WRITE	      0ul
#define XENMEM_MEMORY_MAP     9ul
#define MEMORY_ENTRIES	      128u /* E820MAX: more than Xen ever makes */
#define MEMORY_USABLE	      1u

extern char xen_hypercall_page[];

static uint32_t leaves; /* first CPUID leaf of Xen, or 0 */

static uint32_t find_leaves(void)
{
	if (!(cpuid(1, 0).ecx >> 31 & 1)) /* no hypervisor at all */
		return 0;
	for (uint32_t leaf = XEN_LEAVES_FIRST; leaf < XEN_LEAVES_LAST; leaf += XEN_LEAVES_STEP) {
		struct cpuid_result r = cpuid(leaf, 0);

		if (r.ebx == 0x566e6558 && r.ecx == 0x65584d4d &&
		    r.edx == 0x4d4d566e) /* XenVMMXenVMM */
			return leaf;
	}
	return 0;
}

bool xen_detect(void)
{
	if (leaves)
		return true;
	leaves = find_leaves();
	if (!leaves)
		return false;
	wrmsr(cpuid(leaves + 2, 0).ebx, kernel_to_phys(xen_hypercall_page));
	return true;
}

uint32_t xen_tsc_khz(void)
{
	return leaves ? cpuid(leaves + 3, 0).ecx : 0;
}

static long hypercall3(unsigned number, unsigned long a, unsigned long b, unsigned long c)
{
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
			 : [entry] "r"(xen_hypercall_page + number * 32)
			 : "memory", "rcx", "r8", "r9", "r10", "r11");
	return result;
}

static void console_init(void)
{
}

static void console_write(const char *bytes, size_t length)
{
	while (length) {
		unsigned long part =
			length < 1024 ? length : 1024; /* Xen takes it in pieces anyway */

		if (hypercall3(HYPERVISOR_CONSOLE_IO, CONSOLEIO_WRITE, part, (unsigned long)bytes) <
		    0)
			return;
		bytes += part;
		length -= part;
	}
}

/* xen_memory_map of public/memory.h, with entries as the BIOS call E820 gives them. */
static bool memory_map(void (*usable)(uint64_t start, uint64_t length))
{
	static struct {
		uint64_t start, length;
		uint32_t type;
	} __attribute__((packed)) entries[MEMORY_ENTRIES];
	struct {
		uint32_t count;
		void *entries;
	} map = {MEMORY_ENTRIES, entries};

	if (hypercall3(HYPERVISOR_MEMORY_OP, XENMEM_MEMORY_MAP, (unsigned long)&map, 0) < 0)
		return false;
	for (uint32_t i = 0; i < map.count && i < MEMORY_ENTRIES; i++) {
		if (entries[i].type == MEMORY_USABLE)
			usable(entries[i].start, entries[i].length);
	}
	return map.count > 0;
}

void xen_platform(struct platform *table)
{
	table->name = "Xen PVH";
	table->console_init = console_init;
	table->console_write = console_write;
	table->memory_map = memory_map;
}
