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

#define BOOT_RANGES_MAX 64 /* of what the loader gives; more are ignored, lowest first kept */

struct boot_info {
	struct boot_range memory[BOOT_RANGES_MAX]; /* usable RAM, sorted */
	uint32_t memory_count;
	struct boot_range image;  /* module 0: the initial image; length 0: none */
	uint64_t rsdp;		  /* physical; 0: search */
	const char *command_line; /* never NULL */
	uint64_t entry_tsc;
};
extern struct boot_info boot_info;

/*
 * The value of the word `name=value` or `name` in the command line; NULL when absent, "" without a
 * value. Ends at a blank: *length gets its length.
 */
const char *boot_option(const char *name, size_t *length);

#endif
