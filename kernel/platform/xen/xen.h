/* SPDX-License-Identifier: BSD-2-Clause */
/* What a PVH guest asks of Xen: the hypercall page, the console, the clock's rate (Xen's public/
 * headers). */
#ifndef KERNEL_PLATFORM_XEN_H
#define KERNEL_PLATFORM_XEN_H

#include <stdbool.h>
#include <stdint.h>
#include <platform.h>

/* Put Xen's ways into a table that was made for bare metal, once xen_detect has said so. */
void xen_platform(struct platform *table);

/* True under Xen; installs the hypercall page the first time. Boot CPU only. */
bool xen_detect(void);

/* Rate of the time stamp counter in kHz as Xen tells it (CPUID leaf base + 3), or 0 outside Xen. */
uint32_t xen_tsc_khz(void);

#endif
