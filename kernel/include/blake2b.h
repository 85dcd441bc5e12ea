/* SPDX-License-Identifier: BSD-2-Clause */
/* BLAKE2b (RFC 7693), unkeyed. */
#ifndef KERNEL_BLAKE2B_H
#define KERNEL_BLAKE2B_H

#include <stddef.h>

/* Hash of `length` bytes into size bytes, 1 to 64. */
void blake2b(void *hash, size_t size, const void *input, size_t length);

#endif
