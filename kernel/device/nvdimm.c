/* SPDX-License-Identifier: BSD-2-Clause */
/* NVDIMM ranges from the ACPI NFIT (ACPI 6.4, section 5.2.25). */
#include <acpi.h>
#include <nvdimm.h>
#include <string.h>

struct nfit {
	struct acpi_header header;
	uint32_t reserved;
} __attribute__((packed));

struct nfit_structure {
	uint16_t type, length;
} __attribute__((packed));

#define NFIT_SYSTEM_PHYSICAL_ADDRESS 0

struct nfit_range {
	struct nfit_structure header;
	uint16_t index, flags;
	uint32_t reserved, proximity;
	uint8_t kind[16]; /* GUID */
	uint64_t start, length, attributes;
} __attribute__((packed));

/* 66f0d379-b4f3-4074-ac43-0d3318b78cdb: byte-addressable persistent memory */
static const uint8_t persistent_memory[16] = {0x79, 0xd3, 0xf0, 0x66, 0xf3, 0xb4, 0x74, 0x40,
					      0xac, 0x43, 0x0d, 0x33, 0x18, 0xb7, 0x8c, 0xdb};

bool nvdimm_region(unsigned index, physical_address *start, uint64_t *length)
{
	const struct nfit *table = (const struct nfit *)acpi_find("NFIT", 0);

	if (table == NULL || table->header.length < sizeof(*table))
		return false;
	const uint8_t *at = (const uint8_t *)(table + 1);
	uint64_t left = table->header.length - sizeof(*table);
	while (left >= sizeof(struct nfit_structure)) {
		const struct nfit_structure *structure = (const struct nfit_structure *)at;
		const struct nfit_range *range = (const struct nfit_range *)at;

		if (structure->length < sizeof(*structure) || structure->length > left)
			return false;
		if (structure->type == NFIT_SYSTEM_PHYSICAL_ADDRESS &&
		    structure->length >= sizeof(*range) &&
		    memcmp(range->kind, persistent_memory, sizeof(persistent_memory)) == 0 &&
		    range->start % PAGE_SIZE == 0 && range->length >= PAGE_SIZE &&
		    range->start + range->length > range->start && index-- == 0) {
			*start = range->start;
			*length = PAGE_ROUND_DOWN(range->length);
			return true;
		}
		at += structure->length;
		left -= structure->length;
	}
	return false;
}
