/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to the console, for programs without a libc. */
#ifndef TESTS_KERNEL_PRINT_H
#define TESTS_KERNEL_PRINT_H

void print(const char *text);
void print_number(long number);
void *memset(void *to, int byte, unsigned long length);
void *memcpy(void *to, const void *from, unsigned long length);
int memcmp(const void *a, const void *b, unsigned long length);

#endif
