/* SPDX-License-Identifier: BSD-2-Clause */
/* Read a Multiboot2 loader's tags (Multiboot2 Specification 2.0, section 3.6), hostile until
 * checked. */
#include <string.h>
#include "multiboot.h"

#define HEADER_SIZE 8u /* total size, reserved; and of a tag: type, size */
#define TAG_ALIGN   8u

enum tag_type {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
};

#define MODULE_HEADER 16u /* tag header, first byte, byte behind the last */
#define MEMORY_HEADER 16u /* tag header, entry size, entry version */
#define MEMORY_ENTRY  24u /* start, length, type, reserved; later versions may add to it */
#define RSDP_OLD      20u /* bytes of ACPI 1.0's pointer */
#define RSDP_NEW      36u

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static const char *take_module(const uint8_t *tag, uint32_t size, struct multiboot_info *info)
{
	uint32_t start, end;

	if (size < MODULE_HEADER)
		return "a module's tag is too short";
	start = get32(tag + 8);
	end = get32(tag + 12);
	if (end < start)
		return "a module ends before it starts";
	if (!info->image.length)
		info->image = (struct boot_range){start, end - start};
	return NULL;
}

static const char *take_memory(const uint8_t *tag, uint32_t size, struct multiboot_info *info)
{
	uint32_t entry_size;

	if (size < MEMORY_HEADER)
		return "the memory map's tag is too short";
	entry_size = get32(tag + 8);
	if (entry_size < MEMORY_ENTRY || entry_size % 8)
		return "the memory map's entries have an unknown size";
	info->memory = tag + MEMORY_HEADER;
	info->memory_entry_size = entry_size;
	info->memory_count = (size - MEMORY_HEADER) / entry_size;
	return NULL;
}

static const char *take_rsdp(const uint8_t *tag, uint32_t size, uint32_t needed,
			     struct multiboot_info *info)
{
	if (size - HEADER_SIZE < needed)
		return "the ACPI tag is too short";
	/* the new pointer holds all that the old one does */
	if (info->rsdp_length < needed) {
		info->rsdp = tag + HEADER_SIZE;
		info->rsdp_length = needed;
	}
	return NULL;
}

static const char *take_tag(const uint8_t *tag, uint32_t size, struct multiboot_info *info)
{
	switch (get32(tag)) {
	case TAG_COMMAND_LINE:
		info->command_line = (const char *)tag + HEADER_SIZE;
		info->command_line_length = 0;
		while (info->command_line_length < size - HEADER_SIZE &&
		       info->command_line[info->command_line_length])
			info->command_line_length++;
		return NULL;
	case TAG_MODULE:
		return take_module(tag, size, info);
	case TAG_MEMORY_MAP:
		return take_memory(tag, size, info);
	case TAG_ACPI_OLD:
		return take_rsdp(tag, size, RSDP_OLD, info);
	case TAG_ACPI_NEW:
		return take_rsdp(tag, size, RSDP_NEW, info);
	default:
		return NULL;
	}
}

const char *multiboot_parse(const uint8_t *bytes, uint64_t limit, struct multiboot_info *info)
{
	uint32_t total, at = HEADER_SIZE;

	*info = (struct multiboot_info){0};
	if (limit < HEADER_SIZE)
		return "the boot information is out of reach";
	total = get32(bytes);
	if (total < HEADER_SIZE || total > limit)
		return "the boot information has an absurd size";
	for (;;) {
		uint32_t size, left = total - at;
		const char *wrong;

		if (left < HEADER_SIZE)
			return "the boot information has no end";
		size = get32(bytes + at + 4);
		if (size < HEADER_SIZE || size > left)
			return "a tag reaches out of the boot information";
		if (get32(bytes + at) == TAG_END)
			return NULL;
		wrong = take_tag(bytes + at, size, info);
		if (wrong)
			return wrong;
		/* a last tag may end unaligned: then no end tag can follow */
		if (left - size < (TAG_ALIGN - size % TAG_ALIGN) % TAG_ALIGN)
			return "the boot information has no end";
		at += (size + TAG_ALIGN - 1) & ~(TAG_ALIGN - 1);
	}
}

struct boot_range multiboot_memory(const struct multiboot_info *info, uint32_t index,
				   uint32_t *type)
{
	const uint8_t *entry = info->memory + (uint64_t)index * info->memory_entry_size;

	*type = get32(entry + 16);
	return (struct boot_range){get64(entry), get64(entry + 8)};
}
