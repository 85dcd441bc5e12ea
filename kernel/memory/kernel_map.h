/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's page tables, for the files that map something in the kernel's half. */
#ifndef MEMORY_KERNEL_MAP_H
#define MEMORY_KERNEL_MAP_H

#include <stdint.h>

/*
 * The entry for `address` at `level` (0: 4 KiB, 1: 2 MiB, 2: 1 GiB), with the tables above it made;
 * a larger page's entry where there is one; NULL when out of memory. The caller has the lock of the
 * area that the address lies in.
 */
uint64_t *kernel_entry(uint64_t address, unsigned level);

#endif
