/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI tables (ACPI 6.4): found by signature, checksummed, bounds known from the header. */
#ifndef KERNEL_ACPI_H
#define KERNEL_ACPI_H

#include <stdint.h>

struct acpi_header {
	char signature[4];
	uint32_t length; /* of the whole table */
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision, creator_id, creator_revision;
} __attribute__((packed));

/* The index-th table with this signature ("NFIT", "MCFG", ...), or NULL. Stays valid for ever. */
const struct acpi_header *acpi_find(const char signature[static 4], unsigned index);

void acpi_init(void);
/* Power off by ACPI S5; returns when there is no such way. */
void acpi_poweroff(void);
void acpi_reset(void);

#endif
