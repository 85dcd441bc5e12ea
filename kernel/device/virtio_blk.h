/* SPDX-License-Identifier: BSD-2-Clause */
/* The first disk: a virtio block device (Virtio 1.1, section 5.2). */
#ifndef KERNEL_DEVICE_VIRTIO_BLK_H
#define KERNEL_DEVICE_VIRTIO_BLK_H

#include "virtio.h"

void virtio_blk_init(struct virtio_device *device);

#endif
