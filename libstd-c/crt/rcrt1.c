/* SPDX-License-Identifier: BSD-2-Clause */
/* rcrt1.o: the start of static position-independent programs, which relocate themselves first. */

#include <elf.h>
#include "start.h"

START_CALLS(start_relocated);

/* Applies the relative relocations of [entries, entries + size): the only kind such a program has.
 */
static void relocate_rela(uintptr_t base, const Elf64_Rela *entries, size_t size)
{
	for (size_t i = 0; i < size / sizeof *entries; i++)
		if (ELF64_R_TYPE(entries[i].r_info) == R_X86_64_RELATIVE)
			*(uintptr_t *)(base + entries[i].r_offset) =
				base + (uintptr_t)entries[i].r_addend;
}

/* The packed form (DT_RELR): an even word is an address, an odd one a bitmap of the 63 words after
 * it. */
static void relocate_relr(uintptr_t base, const uintptr_t *entries, size_t size)
{
	uintptr_t *where = 0;

	for (size_t i = 0; i < size / sizeof *entries; i++) {
		if ((entries[i] & 1) == 0) {
			where = (uintptr_t *)(base + entries[i]);
			*where++ += base;
			continue;
		}
		for (unsigned bit = 0; bit < 63; bit++)
			if (entries[i] >> (bit + 1) & 1)
				where[bit] += base;
		where += 63;
	}
}

/* Nothing before the relocations may use a relocated pointer or call out of this file. */
__attribute__((used)) static void start_relocated(uintptr_t *sp, const Elf64_Dyn *dynamic)
{
	const uintptr_t *auxv = sp + sp[0] + 2;
	const Elf64_Phdr *phdr = 0;
	uintptr_t base = 0, rela = 0, relr = 0;
	size_t count = 0, rela_size = 0, relr_size = 0;

	while (*auxv)
		auxv++;
	for (auxv++; auxv[0] != AT_NULL; auxv += 2) {
		if (auxv[0] == AT_PHDR)
			phdr = (const Elf64_Phdr *)auxv[1];
		else if (auxv[0] == AT_PHNUM)
			count = auxv[1];
	}
	for (size_t i = 0; i < count; i++)
		if (phdr[i].p_type == PT_DYNAMIC)
			base = (uintptr_t)dynamic - phdr[i].p_vaddr;
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t value = dynamic->d_un.d_val;

		if (dynamic->d_tag == DT_RELA)
			rela = value;
		else if (dynamic->d_tag == DT_RELASZ)
			rela_size = value;
		else if (dynamic->d_tag == DT_RELR)
			relr = value;
		else if (dynamic->d_tag == DT_RELRSZ)
			relr_size = value;
	}
	relocate_rela(base, (const Elf64_Rela *)(base + rela), rela_size);
	relocate_relr(base, (const uintptr_t *)(base + relr), relr_size);
	twz_rt_entry(sp, start_program);
}
