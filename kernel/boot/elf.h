/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the ELF format and of the auxiliary vector that starting a static program needs
 * (System V ABI). */
#ifndef KERNEL_ELF_H
#define KERNEL_ELF_H

#include <stdint.h>

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments, sections;
	uint32_t flags;
	uint16_t header_size, segment_size, segment_count;
	uint16_t section_size, section_count, section_names;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

#define ELF_EXECUTABLE 2
#define ELF_X86_64     62
#define ELF_LOAD       1
#define ELF_EXEC       1u
#define ELF_WRITE      2u

#define AT_NULL		  0
#define AT_PHDR		  3
#define AT_PHENT	  4
#define AT_PHNUM	  5
#define AT_PAGESZ	  6
#define AT_BASE		  7
#define AT_ENTRY	  9
#define AT_HWCAP	  16
#define AT_SECURE	  23
#define AT_RANDOM	  25
#define AT_EXECFN	  31
#define AT_TWZ_STACK	  0x7001
#define AT_TWZ_STACK_SIZE 0x7002

#endif
