/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the drivers of what is there. */
#include <device.h>
#include "host.h"
#include "pci.h"
#include "stream.h"
#include "virtio.h"
#include "virtio_9p.h"
#include "virtio_serial.h"

void devices_init(void)
{
	streams_init();
	host_init();
	pci_init();
	for (struct pci_function *function = pci_functions; function != NULL;
	     function = function->next) {
		if (virtio_is(function, VIRTIO_ID_CONSOLE))
			virtio_serial_init(function);
		else if (virtio_is(function, VIRTIO_ID_9P))
			virtio_9p_init(function);
	}
}
