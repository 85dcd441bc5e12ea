/* SPDX-License-Identifier: BSD-2-Clause */
/* Walk the MADT. */
#include <acpi.h>
#include <stddef.h>
#include "madt.h"

struct madt {
	struct acpi_header header;
	uint32_t local_apic, flags;
} __attribute__((packed));

/* Smallest length of the entries that we look into. */
static unsigned entry_size(unsigned type)
{
	switch (type) {
	case MADT_LAPIC:
		return sizeof(struct madt_lapic);
	case MADT_IOAPIC:
		return sizeof(struct madt_ioapic);
	case MADT_OVERRIDE:
		return sizeof(struct madt_override);
	default:
		return sizeof(struct madt_entry);
	}
}

unsigned madt_visit(void (*visit)(const struct madt_entry *entry, void *context), void *context)
{
	const struct acpi_header *madt = acpi_find("APIC", 0);
	unsigned count = 0;

	if (!madt)
		return 0;
	for (uint32_t at = sizeof(struct madt); at + sizeof(struct madt_entry) <= madt->length;) {
		const struct madt_entry *entry = (const void *)((const char *)madt + at);

		if (entry->length < sizeof(*entry) || at + entry->length > madt->length)
			break;
		if (entry->length >= entry_size(entry->type)) {
			visit(entry, context);
			count++;
		}
		at += entry->length;
	}
	return count;
}
