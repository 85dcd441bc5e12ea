/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes from the processor, and from devices that register. */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <stdint.h>
#include <twizzler/types.h>

/* Fill from hardware; -NOT_SUPPORTED where there is no source. */
twz_result random_fill(void *buffer, uint64_t length);

/* A source that a driver offers (virtio-rng); used when the processor has none. May sleep. */
extern twz_result (*random_device)(void *buffer, uint64_t length);

#endif
