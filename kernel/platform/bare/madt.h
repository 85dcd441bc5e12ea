/* SPDX-License-Identifier: BSD-2-Clause */
/* The Multiple APIC Description Table (ACPI 6.4, 5.2.12): CPUs and interrupt controllers. */
#ifndef PLATFORM_MADT_H
#define PLATFORM_MADT_H

#include <stdint.h>

struct madt_entry {
	uint8_t type, length;
} __attribute__((packed));

#define MADT_LAPIC 0
struct madt_lapic {
	struct madt_entry entry;
	uint8_t processor, apic_id;
	uint32_t flags; /* bit 0: enabled */
} __attribute__((packed));

#define MADT_IOAPIC 1
struct madt_ioapic {
	struct madt_entry entry;
	uint8_t id, reserved;
	uint32_t address, first;
} __attribute__((packed));

#define MADT_OVERRIDE 2
struct madt_override {
	struct madt_entry entry;
	uint8_t bus, irq;
	uint32_t line;
	uint16_t flags;
} __attribute__((packed));

/* Call for each entry that is complete; returns their number. */
unsigned madt_visit(void (*visit)(const struct madt_entry *entry, void *context), void *context);

/* interrupt.c: run the handlers registered for a device vector (ioapic.c). */
void interrupt_run_actions(unsigned vector);

#endif
