/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Relocates libtwz_rt.so itself. Runs before any address in its data is right: it calls nothing and
 * reads no variable but through the two hidden symbols that the linker places.
 */
#include "../runtime-min/exec/elf.h"

extern const struct elf_header __ehdr_start __attribute__((visibility("hidden")));
extern const struct elf_dynamic _DYNAMIC[] __attribute__((visibility("hidden")));

void loader_relocate_self(void) __attribute__((visibility("hidden"), used));

enum {
	DT_NULL = 0,
	DT_SYMTAB = 6,
	DT_RELA = 7,
	DT_RELASZ = 8,
	DT_JMPREL = 23,
	DT_PLTRELSZ = 2,
	DT_RELR = 36,
	DT_RELRSZ = 35
};
enum { R_64 = 1, R_GLOB_DAT = 6, R_JUMP_SLOT = 7, R_RELATIVE = 8 };

/* Linked with -Bsymbolic: a symbol is its own definition, or a weak one that nobody has. */
static inline void apply(uintptr_t base, const struct elf_rela *rela, uint64_t size,
			 const struct elf_symbol *symbols)
{
	for (uint64_t i = 0; i < size / sizeof(*rela); i++) {
		uint64_t *word = (uint64_t *)(base + rela[i].offset);
		const struct elf_symbol *symbol = &symbols[rela[i].info >> 32];
		uint64_t value = symbol->section != 0 ? base + symbol->value : 0;
		switch ((uint32_t)rela[i].info) {
		case R_RELATIVE:
			*word = base + (uint64_t)rela[i].addend;
			break;
		case R_64:
			*word = value + (uint64_t)rela[i].addend;
			break;
		case R_GLOB_DAT:
		case R_JUMP_SLOT:
			*word = value;
			break;
		}
	}
}

void loader_relocate_self(void)
{
	uintptr_t base = (uintptr_t)&__ehdr_start;
	uint64_t symtab = 0, rela = 0, rela_size = 0, plt = 0, plt_size = 0, relr = 0,
		 relr_size = 0;
	for (const struct elf_dynamic *entry = _DYNAMIC; entry->tag != DT_NULL; entry++) {
		if (entry->tag == DT_SYMTAB)
			symtab = entry->value;
		else if (entry->tag == DT_RELA)
			rela = entry->value;
		else if (entry->tag == DT_RELASZ)
			rela_size = entry->value;
		else if (entry->tag == DT_JMPREL)
			plt = entry->value;
		else if (entry->tag == DT_PLTRELSZ)
			plt_size = entry->value;
		else if (entry->tag == DT_RELR)
			relr = entry->value;
		else if (entry->tag == DT_RELRSZ)
			relr_size = entry->value;
	}
	const struct elf_symbol *symbols = (const void *)(base + symtab);
	const uint64_t *words = (const void *)(base + relr);
	uint64_t *at = NULL;
	for (uint64_t i = 0; i < relr_size / 8; i++) {
		if (!(words[i] & 1)) {
			at = (uint64_t *)(base + words[i]);
			*at++ += base;
			continue;
		}
		for (int bit = 0; bit < 63; bit++) {
			if (words[i] >> (bit + 1) & 1)
				at[bit] += base;
		}
		at += 63;
	}
	apply(base, (const void *)(base + rela), rela_size, symbols);
	apply(base, (const void *)(base + plt), plt_size, symbols);
}
