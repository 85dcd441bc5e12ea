/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF-64 as the runtimes read it: the structures and the checks that every file passes before a
 * byte of it is believed. Pure: no system call, no allocation; tests/unit/elf_test.c runs it on the
 * host. Names and values: System V ABI, chapters 4 and 5; AMD64 supplement.
 */
#ifndef RUNTIME_EXEC_ELF_H
#define RUNTIME_EXEC_ELF_H

#include <twizzler/types.h>
#include <twizzler/version.h>

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
TWZ_STATIC_ASSERT(sizeof(struct elf_header) == 64, "ELF header layout");

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
TWZ_STATIC_ASSERT(sizeof(struct elf_segment) == 56, "program header layout");

struct elf_dynamic {
	int64_t tag;
	uint64_t value;
};

struct elf_symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};
TWZ_STATIC_ASSERT(sizeof(struct elf_symbol) == 24, "symbol layout");

struct elf_rela {
	uint64_t offset, info;
	int64_t addend;
};

struct elf_note {
	uint32_t name_size, size, type;
};

#define ELF_TYPE_EXEC	   2
#define ELF_TYPE_DYN	   3
#define ELF_MACHINE_X86_64 62

#define ELF_PT_LOAD	    1u
#define ELF_PT_DYNAMIC	    2u
#define ELF_PT_INTERP	    3u
#define ELF_PT_NOTE	    4u
#define ELF_PT_PHDR	    6u
#define ELF_PT_TLS	    7u
#define ELF_PT_GNU_EH_FRAME 0x6474e550u
#define ELF_PT_GNU_RELRO    0x6474e552u

#define ELF_PF_X 1u
#define ELF_PF_W 2u
#define ELF_PF_R 4u

/* The table of program headers may not be larger than this, as on other systems. */
#define ELF_SEGMENTS_BYTES_MAX 65536u
/* The path in PT_INTERP, NUL included. */
#define ELF_INTERP_MAX 4096u
/* The lowest page a program may use; below it null pointers fault. */
#define ELF_LOWEST_ADDRESS 0x10000u

/* What the checks found. Pointers go into the caller's table of program headers. */
struct elf_summary {
	uint16_t type; /* ELF_TYPE_* */
	uint32_t segment_count;
	const struct elf_segment *segments;
	uint64_t entry;
	uint64_t start, end;   /* page-aligned bounds of all PT_LOADs; end <= 1 GiB */
	uint64_t phdr_address; /* where the program headers are loaded, 0: nowhere */
	const struct elf_segment *interp, *dynamic, *tls, *relro, *eh_frame_hdr; /* or NULL */
};

/*
 * Checks the header of a file of `file_size` bytes. Returns 0 or -BAD_FORMAT with *reason set to
 * words that finish "cannot load X: ". After success the table of program headers lies in the file.
 */
twz_result elf_check_header(const struct elf_header *header, uint64_t file_size,
			    const char **reason);

/* Checks the program headers of a header that passed elf_check_header and fills *out. */
twz_result elf_check_segments(const struct elf_header *header, const struct elf_segment *segments,
			      uint64_t file_size, struct elf_summary *out, const char **reason);

/*
 * Looks in the bytes of one PT_NOTE for the ABI version. Returns 1 when found, 0 when not there,
 * -BAD_FORMAT when the notes are malformed.
 */
twz_result elf_find_abi_note(const void *notes, uint64_t size, uint64_t align,
			     struct twz_abi_version *out);

/* The PT_LOAD whose memory holds [address, address + size), or NULL. */
const struct elf_segment *elf_segment_holding(const struct elf_summary *elf, uint64_t address,
					      uint64_t size);

/* TWZ_RIGHT_* of a PT_LOAD. */
uint32_t elf_segment_rights(const struct elf_segment *segment);

static inline uint64_t elf_page_down(uint64_t address)
{
	return address & ~(TWZ_PAGE_SIZE - 1);
}

static inline uint64_t elf_page_up(uint64_t address)
{
	return (address + TWZ_PAGE_SIZE - 1) & ~(TWZ_PAGE_SIZE - 1);
}

#endif
