/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI functions: found at boot, kept for ever (PCI Local Bus 3.0; PCI Express Base 4.0 for ECAM).
 */
#ifndef KERNEL_DEVICE_PCI_H
#define KERNEL_DEVICE_PCI_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>
#include <interrupt.h>

struct pci_function {
	struct pci_function *next;
	uint8_t bus, device, function;
	uint16_t vendor, product;
	uint32_t class_code;	   /* class, subclass, programming interface */
	volatile uint8_t *bars[6]; /* mapped ones */
	uint64_t bar_lengths[6];
	bool memory_enabled;
};

/* The functions found, in order of their addresses. */
extern struct pci_function *pci_functions;

uint32_t pci_read32(const struct pci_function *function, unsigned offset);
uint16_t pci_read16(const struct pci_function *function, unsigned offset);
uint8_t pci_read8(const struct pci_function *function, unsigned offset);
void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value);
void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value);

/* The offset of the next capability with this id after `previous` (0: the first), or 0. */
unsigned pci_capability(const struct pci_function *function, uint8_t id, unsigned previous);

/*
 * Map a memory BAR, giving it an address when the firmware has not, and let the function answer and
 * master the bus. NULL when it is no memory BAR or there is no room.
 */
volatile uint8_t *pci_map_bar(struct pci_function *function, unsigned bar, uint64_t *length);

/*
 * Route MSI-X entry 0 to the handler and mask the others. -NOT_SUPPORTED when the function has no
 * MSI-X.
 */
twz_result pci_use_message(struct pci_function *function, interrupt_handler handler, void *context);

void pci_init(void);

#endif
