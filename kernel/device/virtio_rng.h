/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio entropy device (Virtio 1.1, section 5.4): a source of random bytes for the kernel. */
#ifndef KERNEL_DEVICE_VIRTIO_RNG_H
#define KERNEL_DEVICE_VIRTIO_RNG_H

#include "virtio.h"

/* Start the device and offer it to random_fill. At boot; failures are logged and leave it out. */
void virtio_rng_init(struct virtio_device *virtio);

#endif
