/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's heap: size classes in slabs up to a page, whole frames above. */
#ifndef KERNEL_HEAP_H
#define KERNEL_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed, 16-byte aligned memory of at most 4 MiB, or NULL. Any context. */
void *kernel_alloc(size_t size);
/* count * size without overflow. */
void *kernel_alloc_array(size_t count, size_t size);
/* Give back the pages that are kept although nothing is in them: true when there were any. */
bool heap_trim(void);
/* NULL is fine. */
void kernel_free(void *pointer);

#endif
