/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of ELF that the runtimes read (System V ABI, chapters 4 and 5; x86-64 psABI). */
#ifndef RT_ELF64_H
#define RT_ELF64_H

#include <stdint.h>

struct elf64_phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

#define ELF_PT_LOAD	    1u
#define ELF_PT_DYNAMIC	    2u
#define ELF_PT_PHDR	    6u
#define ELF_PT_TLS	    7u
#define ELF_PT_GNU_EH_FRAME 0x6474e550u

#define ELF_AT_NULL   0u
#define ELF_AT_PHDR   3u
#define ELF_AT_PHENT  4u
#define ELF_AT_PHNUM  5u
#define ELF_AT_PAGESZ 6u
#define ELF_AT_BASE   7u
#define ELF_AT_ENTRY  9u
#define ELF_AT_RANDOM 25u
#define ELF_AT_EXECFN 31u

#endif
