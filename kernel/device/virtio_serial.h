/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio console device with several ports: each named port becomes a stream. */
#ifndef KERNEL_DEVICE_VIRTIO_SERIAL_H
#define KERNEL_DEVICE_VIRTIO_SERIAL_H

#include "virtio.h"

/* Start the device and add its ports as streams. At boot; failures are logged and leave it out. */
void virtio_serial_init(struct virtio_device *virtio);

#endif
