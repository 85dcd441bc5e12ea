/* SPDX-License-Identifier: BSD-2-Clause */
/* Read the PVH start info (Xen's public/arch-x86/hvm/start_info.h) before anything overwrites it.
 */
#include <boot.h>
#include <log.h>
#include <page.h>
#include <platform.h>
#include <string.h>

#define START_MAGIC   0x336ec578u
#define MEMORY_USABLE 1u

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

struct boot_info boot_info;
static char command_line[4096];

static void add_memory(uint64_t start, uint64_t length)
{
	uint32_t at = boot_info.memory_count;

	if (!length || start + length < start)
		return;
	if (at == BOOT_RANGES_MAX)
		return;
	/* insert in order */
	for (; at > 0 && boot_info.memory[at - 1].start > start; at--)
		boot_info.memory[at] = boot_info.memory[at - 1];
	boot_info.memory[at] = (struct boot_range){start, length};
	boot_info.memory_count++;
}

void boot_info_init(uint64_t start_info_address, uint64_t entry_tsc)
{
	struct start_info info;

	/* the loader aligns none of its structures */
	memcpy(&info, phys_to_virt(start_info_address), sizeof(info));
	boot_info.entry_tsc = entry_tsc;
	boot_info.command_line = command_line;
	if (info.magic != START_MAGIC)
		panic("not started by PVH: use QEMU -kernel, Xen PVH or Firecracker");
	if (info.version < 1) /* Xen's own dom0 builder: no memory map */
		info.memory_map_entries = 0;
	if (!info.memory_map_entries &&
	    (!platform->memory_map || !platform->memory_map(add_memory)))
		panic("the boot loader passes no memory map: a newer one is needed");
	if (info.command_line)
		string_copy(command_line, phys_to_virt(info.command_line), sizeof(command_line));
	boot_info.rsdp = info.rsdp;
	if (info.module_count) {
		struct start_module module;

		memcpy(&module, phys_to_virt(info.modules), sizeof(module));
		boot_info.image = (struct boot_range){module.address, module.size};
	}
	for (uint32_t i = 0; i < info.memory_map_entries; i++) {
		struct memory_entry entry;

		memcpy(&entry, phys_to_virt(info.memory_map + i * sizeof(entry)), sizeof(entry));
		if (entry.type == MEMORY_USABLE)
			add_memory(entry.address, entry.size);
	}
}

const char *boot_option(const char *name, size_t *length)
{
	size_t name_length = strlen(name);
	const char *at = boot_info.command_line;

	while (*at) {
		const char *end = at;

		while (*end && *end != ' ')
			end++;
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
