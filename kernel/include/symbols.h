/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of kernel addresses, from the table that the second link adds (kernel/symbols.py). */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include <stdint.h>

/* The function that holds a text address and the offset in it; NULL where there is none or no table. */
const char *symbol_name(uint64_t address, uint64_t *offset);

#endif
