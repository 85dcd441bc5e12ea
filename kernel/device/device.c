/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the drivers of what is there. */
#include <device.h>
#include "host.h"
#include "pci.h"
#include "stream.h"
#include "virtio.h"
#include "virtio_9p.h"
#include "virtio_blk.h"
#include "virtio_rng.h"
#include "virtio_serial.h"

void devices_init(void)
{
	streams_init();
	host_init();
	pci_init();
	virtio_pci_find();
	virtio_mmio_find();
	for (struct virtio_device *device = virtio_devices; device != NULL; device = device->next) {
		if (device->kind == VIRTIO_ID_CONSOLE)
			virtio_serial_init(device);
		else if (device->kind == VIRTIO_ID_9P)
			virtio_9p_init(device);
		else if (device->kind == VIRTIO_ID_RNG)
			virtio_rng_init(device);
		else if (device->kind == VIRTIO_ID_BLOCK)
			virtio_blk_init(device);
	}
}
