/* SPDX-License-Identifier: BSD-2-Clause */
/* The mediation of programs' 9P messages. */
#ifndef KERNEL_DEVICE_HOST_H
#define KERNEL_DEVICE_HOST_H

/* Watch views end, to give their fids back. Once, at boot. */
void host_init(void);

#endif
