/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes from the processor, and from devices that register. */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <stdint.h>
#include <twizzler/types.h>

/*
 * Fill from hardware: RDRAND, else a device. -NOT_SUPPORTED where there is neither, -IO when it
 * fails, -INTERRUPTED when the thread is to die. May sleep.
 */
twz_result random_fill(void *buffer, uint64_t length);

/*
 * Offer a driver's source (virtio-rng) with the same contract; the first counts, and only where the
 * processor has none. At boot, in a thread: object ids are unguessable from then on.
 */
void random_add_device(twz_result (*fill)(void *buffer, uint64_t length));

#endif
