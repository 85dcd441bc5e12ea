/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot loader told: memory, modules, command line. Valid once boot_info_init has run. */
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_range {
	uint64_t start, length;
};

#define BOOT_RANGES_MAX 64 /* apart from each other; of more the largest are kept */

struct boot_ranges {
	struct boot_range ranges[BOOT_RANGES_MAX]; /* sorted, disjoint */
	uint32_t count;
	uint64_t left_out; /* bytes of the ranges that found no place */
};

struct boot_info {
	struct boot_ranges memory; /* usable RAM */
	struct boot_range image;   /* module 0: the initial image; length 0: none */
	uint64_t rsdp;		   /* physical; 0: search */
	const char *command_line;  /* never NULL */
	uint64_t entry_tsc;
};
extern struct boot_info boot_info;

/*
 * The value of the word `name=value` or `name` in the command line; NULL when absent, "" without a
 * value. Ends at a blank: *length gets its length. The words behind a lone "--" are a program's.
 */
const char *boot_option(const char *name, size_t *length);
/* The I/O port that the option names in up to four hexadecimal digits, before any comma; else 0. */
uint16_t boot_option_port(const char *name);

#endif
