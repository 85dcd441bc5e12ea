/* SPDX-License-Identifier: BSD-2-Clause */
/* A unikernel's devices: the console and nothing else. Takes the place of kernel/device/device.c.
 */
#include <device.h>
#include "../device/stream.h"

void devices_init(void)
{
	streams_init();
}
