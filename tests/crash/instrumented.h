/* SPDX-License-Identifier: BSD-2-Clause */
/* Included before all else in what is instrumented: copies and comparisons of memory are calls that
 * are recorded, not instructions that the compiler makes behind its instrumentation. */
#ifndef CRASH_INSTRUMENTED_H
#define CRASH_INSTRUMENTED_H

#include <stddef.h>
#include <string.h>

void *crash_memcpy(void *to, const void *from, size_t size);
void *crash_memmove(void *to, const void *from, size_t size);
void *crash_memset(void *to, int value, size_t size);
int crash_memcmp(const void *a, const void *b, size_t size);

#define memcpy		  crash_memcpy
#define memmove		  crash_memmove
#define memset		  crash_memset
#define memcmp		  crash_memcmp
#define __builtin_memcpy  crash_memcpy
#define __builtin_memmove crash_memmove
#define __builtin_memset  crash_memset
#define __builtin_memcmp  crash_memcmp

#endif
