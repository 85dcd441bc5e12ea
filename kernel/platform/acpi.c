/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI: the table of tables, power-off by S5 (fixed and reduced hardware), reset. */
#include <acpi.h>
#include <boot.h>
#include <log.h>
#include <page.h>
#include <string.h>
#include <x86.h>

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

struct generic_address {
	uint8_t space, width, offset, access;
	uint64_t address;
} __attribute__((packed));

struct fadt {
	struct acpi_header header;
	uint32_t facs, dsdt;
	uint8_t reserved0[12];
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	uint8_t reserved1[40];
	uint32_t flags;
	struct generic_address reset_register;
	uint8_t reset_value;
	uint16_t arm_flags;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	uint8_t reserved2[96];
	struct generic_address sleep_control, sleep_status;
} __attribute__((packed));
_Static_assert(offsetof(struct fadt, pm1a_control) == 64, "FADT layout");
_Static_assert(offsetof(struct fadt, flags) == 112, "FADT layout");
_Static_assert(offsetof(struct fadt, sleep_control) == 244, "FADT layout");

#define FADT_RESET_SUPPORTED (1u << 10)
#define SPACE_MEMORY	     0
#define SPACE_PORT	     1
#define SLEEP_ENABLE	     (1u << 13)

static const struct acpi_header *root; /* RSDT or XSDT */
static unsigned root_entry_size;

static bool checksum_right(const void *bytes, size_t length)
{
	const uint8_t *p = bytes;
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum == 0;
}

static const struct acpi_header *map_table(uint64_t address)
{
	const struct acpi_header *table = address ? map_memory(address, sizeof(*table)) : NULL;

	if (!table || table->length < sizeof(*table) || table->length > 16u << 20)
		return NULL;
	if (!map_memory(address, table->length) || !checksum_right(table, table->length))
		return NULL;
	return table;
}

const struct acpi_header *acpi_find(const char signature[static 4], unsigned index)
{
	const char *entries = (const char *)(root + 1);
	unsigned count = root ? (root->length - (uint32_t)sizeof(*root)) / root_entry_size : 0;

	for (unsigned i = 0; i < count; i++) {
		const struct acpi_header *table;
		uint64_t address = 0;

		memcpy(&address, entries + i * root_entry_size, root_entry_size);
		table = map_table(address);
		if (table && !memcmp(table->signature, signature, 4) && !index--)
			return table;
	}
	return NULL;
}

/* Where a PC without a loader's hint keeps it: on a 16-byte boundary of [0xe0000, 0x100000). */
static const struct rsdp *search_rsdp(void)
{
	const char *area = map_memory(0xe0000, 0x20000);

	for (unsigned at = 0; area && at < 0x20000; at += 16) {
		if (!memcmp(area + at, "RSD PTR ", 8) && checksum_right(area + at, 20))
			return (const void *)(area + at);
	}
	return NULL;
}

void acpi_init(void)
{
	const struct rsdp *rsdp =
		boot_info.rsdp ? map_memory(boot_info.rsdp, sizeof(*rsdp)) : search_rsdp();

	if (!rsdp || memcmp(rsdp->signature, "RSD PTR ", 8) || !checksum_right(rsdp, 20)) {
		log_line("acpi: no tables");
		return;
	}
	if (rsdp->revision >= 2 && rsdp->xsdt) {
		root = map_table(rsdp->xsdt);
		root_entry_size = 8;
	}
	if (!root) {
		root = map_table(rsdp->rsdt);
		root_entry_size = 4;
	}
	if (!root)
		log_alert("acpi: the root table is damaged");
}

static void write_register(const struct generic_address *reg, uint8_t value)
{
	volatile uint8_t *memory;

	if (reg->space == SPACE_PORT) {
		outb((uint16_t)reg->address, value);
	} else if (reg->space == SPACE_MEMORY) {
		memory = map_device(reg->address, 1);
		if (memory)
			*memory = value;
	}
}

static const struct fadt *find_fadt(void)
{
	const struct acpi_header *table = acpi_find("FACP", 0);

	return table && table->length >= offsetof(struct fadt, arm_flags) ? (const void *)table
									  : NULL;
}

/*
 * The sleep type of S5: AML `Name(_S5_, Package() {type, ...})`. Real interpreters run the AML; the
 * package of constants that every firmware has can be read as it stands.
 */
static int sleep_type(const struct fadt *fadt)
{
	uint64_t address = fadt->dsdt;
	const struct acpi_header *dsdt;
	const uint8_t *p, *end;

	if (fadt->header.length >= offsetof(struct fadt, reserved2) && fadt->x_dsdt)
		address = fadt->x_dsdt;
	dsdt = map_table(address);
	if (!dsdt)
		return -1;
	p = (const uint8_t *)(dsdt + 1);
	end = (const uint8_t *)dsdt + dsdt->length;
	for (; p + 10 < end; p++) {
		const uint8_t *q = p + 4;

		if (memcmp(p, "_S5_", 4) || *q != 0x12 /* PackageOp */)
			continue;
		q += 1 + (q[1] >> 6) + 1 + 1; /* op, length bytes, element count */
		if (q + 1 < end)
			return *q == 0x0a /* BytePrefix */ ? q[1] : *q == 1 ? 1 : 0;
	}
	return -1;
}

void acpi_poweroff(void)
{
	const struct fadt *fadt = find_fadt();
	int type = fadt ? sleep_type(fadt) : -1;

	if (type < 0)
		return;
	if (fadt->pm1a_control) {
		outw((uint16_t)fadt->pm1a_control, (uint16_t)(type << 10 | SLEEP_ENABLE));
		if (fadt->pm1b_control)
			outw((uint16_t)fadt->pm1b_control, (uint16_t)(type << 10 | SLEEP_ENABLE));
	} else if (fadt->header.length >= sizeof(*fadt)) {
		write_register(&fadt->sleep_control, (uint8_t)(type << 2 | 1 << 5));
	}
}

void acpi_reset(void)
{
	const struct fadt *fadt = find_fadt();

	if (fadt && fadt->flags & FADT_RESET_SUPPORTED)
		write_register(&fadt->reset_register, fadt->reset_value);
}
