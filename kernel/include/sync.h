/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping on words of objects (thread_sync). */
#ifndef KERNEL_SYNC_H
#define KERNEL_SYNC_H

#include <stdint.h>
#include <twizzler/syscall.h>

struct object;

/* Wake up to `count` threads that wait on the word at an offset of an object; how many were. Any
 * context. */
uint64_t sync_wake_object(struct object *object, uint64_t offset, uint64_t count);

/* As above for an address of the calling program; 0 when nothing is mapped there. */
uint64_t sync_wake_address(uint64_t address, uint64_t count);

#endif
