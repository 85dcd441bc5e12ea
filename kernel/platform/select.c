/* SPDX-License-Identifier: BSD-2-Clause */
/* Choose the platform that the kernel runs on. */
#include <cpu.h>
#include <platform.h>
#include <x86.h>
#include "xen/xen.h"

/* A unikernel is linked where it runs, the OS kernel high. Weak, so that the compiler takes 0 for
 * possible. */
extern char kernel_virtual_offset[] __attribute__((weak));

static struct platform chosen;
const struct platform *platform = &platform_bare;

void platform_select(void)
{
	chosen = platform_bare;
	if (xen_detect())
		xen_platform(&chosen);
	if (!kernel_virtual_offset) {
		chosen.programs_are_supervisor = true;
		chosen.pte_user = 0;
	}
	platform = &chosen;
}

void platform_set_cpu(struct cpu *cpu)
{
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}
