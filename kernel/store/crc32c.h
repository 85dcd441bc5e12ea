/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC32C (Castagnoli, reflected; RFC 3720, appendix B.4), and its change when one word changes. */
#ifndef STORE_CRC32C_H
#define STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Makes the tables. Before any other call; again does no harm. */
void crc32c_init(void);

uint32_t crc32c(const void *bytes, size_t length);

/*
 * What the checksum of a block changes by (exclusive or) when `difference` is the exclusive or of
 * the old and new value of an 8-byte word with `behind` words (0 to 511) after it.
 */
uint32_t crc32c_difference(uint64_t difference, unsigned behind);

#endif
