/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Multiboot2 loader (GRUB) passes: a list of tags. Nothing in it is believed before it is
 * checked. Pure: the unit tests build it for the host. Source: Multiboot2 Specification 2.0,
 * section 3.6.
 */
#ifndef KERNEL_BOOT_MULTIBOOT_H
#define KERNEL_BOOT_MULTIBOOT_H

#include <stdbool.h>
#include <stdint.h>
#include <boot.h>

#define MULTIBOOT_MAGIC 0x36d76289u /* in eax at the entry */

#define MULTIBOOT_USABLE 1u /* type of memory that is free to use */

/* Everything points into the information, which stays where it is until memory is allocated. */
struct multiboot_info {
	const char *command_line; /* not NUL-ended; NULL: none */
	uint32_t command_line_length;
	struct boot_range image; /* the first module; length 0: none */
	const uint8_t *rsdp;	 /* a copy of ACPI's root pointer, the newest told; NULL: none */
	uint32_t rsdp_length;
	const uint8_t *memory; /* entries of the memory map; NULL: none */
	uint32_t memory_entry_size, memory_count;
};

/* Read the tags at `bytes`, of which `limit` can be read. NULL, or what is wrong with them. */
const char *multiboot_parse(const uint8_t *bytes, uint64_t limit, struct multiboot_info *info);

/* An entry of the memory map, index < info->memory_count, and its type in *type. */
struct boot_range multiboot_memory(const struct multiboot_info *info, uint32_t index,
				   uint32_t *type);

#endif
