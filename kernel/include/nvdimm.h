/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistent memory that the firmware reports. */
#ifndef KERNEL_NVDIMM_H
#define KERNEL_NVDIMM_H

#include <stdbool.h>
#include <stdint.h>
#include <page.h>

/*
 * The index-th range of byte-addressable persistent memory, page-aligned; false past the last. It
 * is not mapped: map_memory (page.h) shows it.
 */
bool nvdimm_region(unsigned index, physical_address *start, uint64_t *length);

#endif
