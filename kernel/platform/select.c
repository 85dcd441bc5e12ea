/* SPDX-License-Identifier: BSD-2-Clause */
/* Choose the platform that the kernel runs on. */
#include <cpu.h>
#include <platform.h>
#include <x86.h>

const struct platform *platform = &platform_bare;

void platform_select(void)
{
	platform = &platform_bare;
}

void platform_set_cpu(struct cpu *cpu)
{
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}
