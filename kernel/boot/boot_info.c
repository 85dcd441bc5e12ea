/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read what the loader tells before anything overwrites it: PVH's start info (Xen's
 * public/arch-x86/hvm/start_info.h) or Multiboot2's tags.
 */
#include <boot.h>
#include <log.h>
#include <main.h>
#include <page.h>
#include <platform.h>
#include <string.h>
#include "multiboot.h"
#include "ranges.h"

#define START_MAGIC   0x336ec578u
#define MEMORY_USABLE 1u
#define BOOT_MAP_END  0x100000000ull /* of the boot page tables */

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp;
	/* version 1 and later */
	uint64_t memory_map;
	uint32_t memory_map_entries, reserved;
};

struct start_module {
	uint64_t address, size, command_line, reserved;
};

struct memory_entry {
	uint64_t address, size;
	uint32_t type, reserved;
};

extern uint64_t boot_entry_tsc; /* boot.S */
struct boot_info boot_info;
static char command_line[4096];
static uint8_t rsdp_copy[64]; /* of Multiboot2's, whose memory is free to use from frames_init on */

static void add_memory(uint64_t start, uint64_t length)
{
	ranges_add(&boot_info.memory, start, length);
}

static void read_memory_entry(const struct start_info *info, uint32_t index,
			      struct memory_entry *entry)
{
	memcpy(entry, phys_to_virt(info->memory_map + index * sizeof(*entry)), sizeof(*entry));
}

static void read_pvh(uint64_t address)
{
	struct start_info info;
	struct memory_entry entry;

	/* the loader aligns none of its structures */
	memcpy(&info, phys_to_virt(address), sizeof(info));
	if (info.magic != START_MAGIC)
		panic("not started by PVH (QEMU -kernel, Xen, Firecracker) or Multiboot2 (GRUB)");
	if (info.version < 1) /* Xen's own dom0 builder: no memory map */
		info.memory_map_entries = 0;
	if (info.command_line)
		string_copy(command_line, phys_to_virt(info.command_line), sizeof(command_line));
	boot_info.rsdp = info.rsdp;
	if (info.module_count) {
		struct start_module module;

		memcpy(&module, phys_to_virt(info.modules), sizeof(module));
		boot_info.image = (struct boot_range){module.address, module.size};
	}
	for (uint32_t i = 0; i < info.memory_map_entries; i++) {
		read_memory_entry(&info, i, &entry);
		if (entry.type == MEMORY_USABLE)
			add_memory(entry.address, entry.size);
	}
	for (uint32_t i = 0; i < info.memory_map_entries; i++) {
		read_memory_entry(&info, i, &entry);
		if (entry.type != MEMORY_USABLE)
			ranges_remove(&boot_info.memory, entry.address, entry.size);
	}
}

static void read_multiboot(uint64_t address)
{
	struct multiboot_info info;
	const char *wrong = address < BOOT_MAP_END ? multiboot_parse(phys_to_virt(address),
								     BOOT_MAP_END - address, &info)
						   : "the boot information is out of reach";
	uint32_t length, type;

	if (wrong)
		panic("Multiboot2: %s", wrong);
	length = info.command_line_length;
	if (length >= sizeof(command_line))
		length = sizeof(command_line) - 1;
	if (length)
		memcpy(command_line, info.command_line, length);
	boot_info.image = info.image;
	if (info.rsdp) {
		memcpy(rsdp_copy, info.rsdp, info.rsdp_length);
		boot_info.rsdp = kernel_to_phys(rsdp_copy);
	}
	for (uint32_t i = 0; i < info.memory_count; i++) {
		struct boot_range range = multiboot_memory(&info, i, &type);

		if (type == MULTIBOOT_USABLE)
			add_memory(range.start, range.length);
	}
	for (uint32_t i = 0; i < info.memory_count; i++) {
		struct boot_range range = multiboot_memory(&info, i, &type);

		if (type != MULTIBOOT_USABLE)
			ranges_remove(&boot_info.memory, range.start, range.length);
	}
}

void boot_info_init(uint64_t address, uint32_t magic)
{
	boot_info.entry_tsc = boot_entry_tsc;
	boot_info.command_line = command_line;
	if (magic == MULTIBOOT_MAGIC)
		read_multiboot(address);
	else
		read_pvh(address);
	if (!boot_info.memory.count && (!platform->memory_map || !platform->memory_map(add_memory)))
		panic("the boot loader passes no memory map: a newer one is needed");
	if (boot_info.memory.left_out)
		log_alert("boot: memory in too many pieces; %lu KiB are not used",
			  boot_info.memory.left_out >> 10);
}

const char *boot_option(const char *name, size_t *length)
{
	size_t name_length = strlen(name);
	const char *at = boot_info.command_line;

	while (*at) {
		const char *end = at;

		while (*end && *end != ' ')
			end++;
		if (end - at == 2 && at[0] == '-' && at[1] == '-')
			break;
		if ((size_t)(end - at) >= name_length && !strncmp(at, name, name_length) &&
		    (at[name_length] == '=' || at + name_length == end)) {
			at += name_length + (at[name_length] == '=');
			if (at > end)
				at = end;
			*length = (size_t)(end - at);
			return at;
		}
		for (at = end; *at == ' '; at++)
			;
	}
	return NULL;
}

uint16_t boot_option_port(const char *name)
{
	size_t length;
	const char *text = boot_option(name, &length);
	unsigned port = 0;

	for (size_t i = 0; text && i < length && text[i] != ','; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
							: 16;

		if (digit == 16 || i == 4)
			return 0;
		port = port * 16 + digit;
	}
	return (uint16_t)port;
}
