/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices behind PCI, and the streams. */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

/*
 * Find devices and start their drivers. Once, on the boot CPU, after interrupts can be registered
 * and memory allocated; before the first program. Sleeps not.
 */
void devices_init(void);

#endif
