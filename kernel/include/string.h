/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory and string functions that the compiler and the kernel call (kernel/lib/string.c). */
#ifndef KERNEL_STRING_H
#define KERNEL_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t length);
/* Copies at most size - 1 bytes and always ends with a NUL; size > 0. */
void string_copy(char *to, const char *from, size_t size);

#endif
