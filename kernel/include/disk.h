/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks, in blocks of 4096 bytes. The calls sleep until the device has answered, but for
 * disk_write_pages. */
#ifndef KERNEL_DISK_H
#define KERNEL_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>

/* The bytes of the first disk, whole blocks; false: there is none. */
bool disk_size(uint64_t *size);

/* `buffer` is in the direct map. OK or -IO. The context is not used. */
twz_result disk_read(void *context, uint64_t block, uint64_t count, void *buffer);
twz_result disk_write(void *context, uint64_t block, uint64_t count, const void *buffer);
/* The same for at most 64 blocks whose memory is apart, each page in the direct map. */
twz_result disk_read_pages(void *context, uint64_t block, uint64_t count, void *const *pages);
/* May return before the device has the pages, which stay as they are until disk_settle; whoever
 * reads waits for it. */
twz_result disk_write_pages(void *context, uint64_t block, uint64_t count,
			    const void *const *pages);
/* Returns when the device has all pages. -IO: not all since the last call, of this or disk_flush.
 */
twz_result disk_settle(void *context);
/* Returns when all that was written before is durable. */
twz_result disk_flush(void *context);

#endif
