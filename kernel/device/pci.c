/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI enumeration, configuration space, BARs and MSI-X. */
#include <acpi.h>
#include <boot.h>
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <page.h>
#include <string.h>
#include <x86.h>
#include "pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

#define REGISTER_COMMAND      0x04
#define REGISTER_STATUS	      0x06
#define REGISTER_CLASS	      0x08
#define REGISTER_HEADER_TYPE  0x0e
#define REGISTER_BAR	      0x10
#define REGISTER_BUSES	      0x18
#define REGISTER_CAPABILITIES 0x34

#define COMMAND_MEMORY	    0x2u
#define COMMAND_MASTER	    0x4u
#define COMMAND_NO_INTX	    0x400u
#define STATUS_CAPABILITIES 0x10u

#define CAPABILITY_MSIX 0x11
#define MSIX_ENABLE	0x8000u
#define MSIX_MASK_ALL	0x4000u
#define MSIX_ENTRY_SIZE 16

/*
 * Where BARs go that the firmware left without an address: below the I/O APIC, above any RAM below
 * 4 GiB of q35 and microvm and above q35's ECAM.
 */
#define WINDOW_START 0xc0000000ull
#define WINDOW_END   0xe0000000ull

struct mcfg_entry {
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t reserved;
} __attribute__((packed));

struct mcfg {
	struct acpi_header header;
	uint64_t reserved;
	struct mcfg_entry entries[];
} __attribute__((packed));

struct pci_function *pci_functions;

static struct pci_function **functions_end = &pci_functions;
static volatile uint8_t *ecam; /* of bus 0; NULL: the ports are used */
static uint64_t window_next = WINDOW_START;
static struct spinlock config_lock = SPINLOCK_INIT(LOCK_CONSOLE);

static volatile uint32_t *ecam_register(const struct pci_function *f, unsigned offset)
{
	uint64_t where = (uint64_t)f->bus << 20 | f->device << 15 | f->function << 12 | offset;

	return (volatile uint32_t *)(ecam + where);
}

static void select_register(const struct pci_function *f, unsigned offset)
{
	outl(CONFIG_ADDRESS, 1u << 31 | (uint32_t)f->bus << 16 | (uint32_t)f->device << 11 |
				     (uint32_t)f->function << 8 | offset);
}

uint32_t pci_read32(const struct pci_function *function, unsigned offset)
{
	if (ecam != NULL)
		return *ecam_register(function, offset & 0xffcu);
	uint64_t flags = spin_lock(&config_lock);
	select_register(function, offset & 0xfcu);
	uint32_t value = inl(CONFIG_DATA);
	spin_unlock(&config_lock, flags);
	return value;
}

void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value)
{
	if (ecam != NULL) {
		*ecam_register(function, offset & 0xffcu) = value;
		return;
	}
	uint64_t flags = spin_lock(&config_lock);
	select_register(function, offset & 0xfcu);
	outl(CONFIG_DATA, value);
	spin_unlock(&config_lock, flags);
}

uint16_t pci_read16(const struct pci_function *function, unsigned offset)
{
	return (uint16_t)(pci_read32(function, offset) >> (offset & 2) * 8);
}

uint8_t pci_read8(const struct pci_function *function, unsigned offset)
{
	return (uint8_t)(pci_read32(function, offset) >> (offset & 3) * 8);
}

/* Only for registers whose other half ignores a written zero or is not there (command and status).
 */
void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value)
{
	uint32_t word = pci_read32(function, offset);
	unsigned shift = (offset & 2) * 8;

	if ((offset & ~3u) == REGISTER_COMMAND)
		word = 0; /* status bits are cleared by writing ones */
	pci_write32(function, offset, (word & ~(0xffffu << shift)) | (uint32_t)value << shift);
}

unsigned pci_capability(const struct pci_function *function, uint8_t id, unsigned previous)
{
	unsigned at;

	if ((pci_read16(function, REGISTER_STATUS) & STATUS_CAPABILITIES) == 0)
		return 0;
	at = previous != 0 ? pci_read8(function, previous + 1)
			   : pci_read8(function, REGISTER_CAPABILITIES);
	/* At most 48 capabilities fit; a loop in the list ends here. */
	for (unsigned i = 0; i < 48 && (at & ~3u) >= 0x40; i++) {
		at &= ~3u;
		if (pci_read8(function, at) == id)
			return at;
		at = pci_read8(function, at + 1);
	}
	return 0;
}

/* The BAR's length by writing ones; 0 when it is no memory BAR. *wide: it takes two registers. */
static uint64_t bar_length(struct pci_function *function, unsigned bar, bool *wide)
{
	unsigned offset = REGISTER_BAR + 4 * bar;
	uint32_t low = pci_read32(function, offset);

	if ((low & 1) != 0)
		return 0;
	*wide = (low & 6) == 4 && bar < 5;
	pci_write32(function, offset, ~0u);
	uint64_t mask = pci_read32(function, offset) & ~0xfu;
	pci_write32(function, offset, low);
	if (*wide) {
		uint32_t high = pci_read32(function, offset + 4);

		pci_write32(function, offset + 4, ~0u);
		mask |= (uint64_t)pci_read32(function, offset + 4) << 32;
		pci_write32(function, offset + 4, high);
	} else if (mask != 0) {
		mask |= ~0ull << 32;
	}
	return mask == 0 ? 0 : ~mask + 1;
}

volatile uint8_t *pci_map_bar(struct pci_function *function, unsigned bar, uint64_t *length)
{
	bool wide = false;
	unsigned offset = REGISTER_BAR + 4 * bar;

	if (bar >= 6)
		return NULL;
	if (function->bars[bar] != NULL) {
		*length = function->bar_lengths[bar];
		return function->bars[bar];
	}
	uint64_t size = bar_length(function, bar, &wide);
	if (size == 0 || size > WINDOW_END - WINDOW_START)
		return NULL;
	uint64_t address = pci_read32(function, offset) & ~0xfu;
	if (wide)
		address |= (uint64_t)pci_read32(function, offset + 4) << 32;
	if (address == 0) {
		address = (window_next + size - 1) & ~(size - 1);
		if (address + size > WINDOW_END)
			return NULL;
		window_next = address + size;
		pci_write32(function, offset, (uint32_t)address);
		if (wide)
			pci_write32(function, offset + 4, 0);
	}
	function->bars[bar] = map_device(address, size);
	function->bar_lengths[bar] = size;
	if (!function->memory_enabled) {
		uint16_t command = pci_read16(function, REGISTER_COMMAND);

		pci_write16(function, REGISTER_COMMAND,
			    command | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX);
		function->memory_enabled = true;
	}
	*length = size;
	return function->bars[bar];
}

twz_result pci_use_message(struct pci_function *function, interrupt_handler handler, void *context)
{
	unsigned capability = pci_capability(function, CAPABILITY_MSIX, 0);
	uint64_t length, address;
	uint32_t data;

	if (capability == 0)
		return -TWZ_ERR_NOT_SUPPORTED;
	uint32_t control = pci_read32(function, capability);
	uint32_t where = pci_read32(function, capability + 4);
	uint64_t entries = (control >> 16 & 0x7ff) + 1;
	volatile uint8_t *bar = pci_map_bar(function, where & 7, &length);
	uint64_t offset = where & ~7u;
	if (bar == NULL || offset > length || entries * MSIX_ENTRY_SIZE > length - offset)
		return -TWZ_ERR_IO;
	twz_result result = interrupt_register_message(handler, context, &address, &data);
	if (result < 0)
		return result;
	volatile uint32_t *entry = (volatile uint32_t *)(bar + offset);
	entry[0] = (uint32_t)address;
	entry[1] = (uint32_t)(address >> 32);
	entry[2] = data;
	entry[3] = 0;
	pci_write32(function, capability, (control & ~(MSIX_MASK_ALL << 16)) | MSIX_ENABLE << 16);
	return 0;
}

static void scan_bus(uint8_t bus, unsigned depth);

/* Notes one function. Returns its header type, 0xff when there is none. */
static uint8_t scan_function(uint8_t bus, uint8_t device, uint8_t number, unsigned depth)
{
	struct pci_function probe = {.bus = bus, .device = device, .function = number};
	uint32_t ids = pci_read32(&probe, 0);

	if (ids == ~0u || (ids & 0xffff) == 0)
		return 0xff;
	uint8_t type = pci_read8(&probe, REGISTER_HEADER_TYPE);
	if ((type & 0x7f) == 1) {
		uint8_t secondary = (uint8_t)(pci_read32(&probe, REGISTER_BUSES) >> 8);

		/* A bridge that the firmware has not numbered has nothing behind it yet. */
		if (secondary > bus)
			scan_bus(secondary, depth + 1);
		return type;
	}
	struct pci_function *function = kernel_alloc(sizeof(*function));
	if (function == NULL) {
		log_alert("pci: out of memory; a device is left out");
		return type;
	}
	*function = probe;
	function->vendor = (uint16_t)ids;
	function->product = (uint16_t)(ids >> 16);
	function->class_code = pci_read32(&probe, REGISTER_CLASS) >> 8;
	*functions_end = function;
	functions_end = &function->next;
	log_line("pci %x:%x.%u: %x:%x class %x", bus, device, number, function->vendor,
		 function->product, function->class_code);
	return type;
}

static void scan_bus(uint8_t bus, unsigned depth)
{
	if (depth > 8 || (ecam != NULL && bus != 0))
		return;
	for (uint8_t device = 0; device < 32; device++) {
		uint8_t type = scan_function(bus, device, 0, depth);

		if (type == 0xff || (type & 0x80) == 0)
			continue;
		for (uint8_t number = 1; number < 8; number++)
			scan_function(bus, device, number, depth);
	}
}

/* Machines without the ports (microvm) say in the MCFG where configuration space is. */
static bool find_ecam(void)
{
	const struct mcfg *mcfg = (const struct mcfg *)acpi_find("MCFG", 0);

	if (mcfg == NULL || mcfg->header.length < sizeof(*mcfg) + sizeof(struct mcfg_entry))
		return false;
	const struct mcfg_entry *entry = &mcfg->entries[0];
	if (entry->segment != 0 || entry->first_bus != 0)
		return false;
	ecam = map_device(entry->base, 1u << 20);
	return ecam != NULL;
}

static bool ports_answer(void)
{
	uint32_t before = inl(CONFIG_ADDRESS);

	outl(CONFIG_ADDRESS, 1u << 31);
	bool there = inl(CONFIG_ADDRESS) == 1u << 31;
	outl(CONFIG_ADDRESS, before);
	return there;
}

void pci_init(void)
{
	if (ports_answer() || find_ecam())
		scan_bus(0, 0);
}
