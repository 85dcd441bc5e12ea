/* SPDX-License-Identifier: BSD-2-Clause */
/* A sorted set of disjoint ranges of physical memory. Pure: the unit tests build it for the host.
 */
#ifndef KERNEL_BOOT_RANGES_H
#define KERNEL_BOOT_RANGES_H

#include <boot.h>

/*
 * Add [start, start + length) to the set: what it overlaps or touches becomes one range with it.
 * One that wraps around is cut at the end of the address space. Where the set is full its smallest
 * range goes.
 */
void ranges_add(struct boot_ranges *set, uint64_t start, uint64_t length);

/* Take [start, start + length) out of the set. */
void ranges_remove(struct boot_ranges *set, uint64_t start, uint64_t length);

#endif
