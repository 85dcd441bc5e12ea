/* SPDX-License-Identifier: BSD-2-Clause */
/* Binary search in the symbol table. */
#include <stddef.h>
#include <symbols.h>

struct kernel_symbol {
	uint32_t address; /* from kernel_image_start */
	uint32_t name;    /* offset in kernel_symbol_names */
};

/* Absent in the first link. */
extern const struct kernel_symbol kernel_symbols[] __attribute__((weak));
extern const char kernel_symbol_names[] __attribute__((weak));
extern const uint32_t kernel_symbol_count __attribute__((weak));

extern char kernel_image_start[], kernel_text_end[];

const char *symbol_name(uint64_t address, uint64_t *offset)
{
	uint32_t low = 0, high = &kernel_symbol_count ? kernel_symbol_count : 0, wanted;

	if (address < (uint64_t)kernel_image_start || address >= (uint64_t)kernel_text_end || !high)
		return NULL;
	wanted = (uint32_t)(address - (uint64_t)kernel_image_start);
	while (low < high) { /* the first symbol above */
		uint32_t middle = low + (high - low) / 2;

		if (kernel_symbols[middle].address <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*offset = wanted - kernel_symbols[low - 1].address;
	return kernel_symbol_names + kernel_symbols[low - 1].name;
}
