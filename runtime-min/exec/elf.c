/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of ELF files: nothing here believes a field before it has been compared with its bounds.
 */
#include "exec/elf.h"

static twz_result bad(const char **reason, const char *text)
{
	*reason = text;
	return -TWZ_ERR_BAD_FORMAT;
}

/* True when [start, start + length) does not wrap and ends at or before limit. */
static int range_fits(uint64_t start, uint64_t length, uint64_t limit)
{
	return start <= limit && length <= limit - start;
}

static int is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

twz_result elf_check_header(const struct elf_header *header, uint64_t file_size,
			    const char **reason)
{
	if (file_size < sizeof(*header))
		return bad(reason, "the file is shorter than an ELF header");
	if (header->ident[0] != 0x7f || header->ident[1] != 'E' || header->ident[2] != 'L' ||
	    header->ident[3] != 'F')
		return bad(reason, "not an ELF file");
	if (header->ident[4] != 2)
		return bad(reason, "not a 64-bit ELF file");
	if (header->ident[5] != 1)
		return bad(reason, "not a little-endian ELF file");
	if (header->ident[6] != 1 || header->version != 1)
		return bad(reason, "unknown ELF version");
	if (header->ident[7] != 0 && header->ident[7] != 3)
		return bad(reason, "made for another operating system");
	if (header->machine != ELF_MACHINE_X86_64)
		return bad(reason, "not made for x86-64");
	if (header->type != ELF_TYPE_EXEC && header->type != ELF_TYPE_DYN)
		return bad(reason, "neither a program nor a shared library");
	if (header->ehsize != sizeof(*header))
		return bad(reason, "wrong ELF header size");
	if (header->phentsize != sizeof(struct elf_segment))
		return bad(reason, "wrong program header size");
	if (header->phnum == 0)
		return bad(reason, "no program headers");
	if ((uint64_t)header->phnum * sizeof(struct elf_segment) > ELF_SEGMENTS_BYTES_MAX)
		return bad(reason, "too many program headers");
	if (header->phoff % 8 != 0 || header->phoff < sizeof(*header))
		return bad(reason, "misplaced program headers");
	if (!range_fits(header->phoff, (uint64_t)header->phnum * sizeof(struct elf_segment),
			file_size))
		return bad(reason, "the file ends before its program headers");
	return 0;
}

static twz_result check_load(const struct elf_segment *segment, uint64_t file_size,
			     struct elf_summary *out, const char **reason)
{
	if (segment->memsz < segment->filesz)
		return bad(reason, "a segment is larger in the file than in memory");
	if (!range_fits(segment->offset, segment->filesz, file_size))
		return bad(reason, "the file ends before its segments");
	if (segment->memsz == 0)
		return 0;
	if (!range_fits(segment->vaddr, segment->memsz, TWZ_SLOT_SIZE - TWZ_PAGE_SIZE))
		return bad(reason, "a segment lies outside of its 1 GiB slot");
	if (!is_power_of_two(segment->align) || segment->align < TWZ_PAGE_SIZE ||
	    segment->align > TWZ_SLOT_SIZE)
		return bad(reason, "a segment has a wrong alignment");
	if ((segment->vaddr ^ segment->offset) % TWZ_PAGE_SIZE != 0)
		return bad(reason, "a segment's address and file offset do not agree");
	if ((segment->flags & ELF_PF_W) && (segment->flags & ELF_PF_X))
		return bad(reason, "a segment is both writable and executable");
	if (elf_page_down(segment->vaddr) < out->end)
		return bad(reason, "segments overlap or are out of order");
	if (out->end == 0)
		out->start = elf_page_down(segment->vaddr);
	out->end = elf_page_up(segment->vaddr + segment->memsz);
	return 0;
}

/* Checks what only points into PT_LOADs or the file, once all PT_LOADs are known. */
static twz_result check_other(const struct elf_segment *segment, uint64_t file_size,
			      struct elf_summary *out, const char **reason)
{
	const struct elf_segment **slot = NULL;
	switch (segment->type) {
	case ELF_PT_INTERP:
		if (segment->filesz < 2 || segment->filesz > ELF_INTERP_MAX ||
		    !range_fits(segment->offset, segment->filesz, file_size))
			return bad(reason, "malformed interpreter path");
		slot = &out->interp;
		break;
	case ELF_PT_NOTE:
		if (!range_fits(segment->offset, segment->filesz, file_size))
			return bad(reason, "the file ends before its notes");
		return 0;
	case ELF_PT_TLS:
		if (segment->memsz < segment->filesz || segment->memsz > TWZ_SLOT_SIZE / 2)
			return bad(reason, "malformed thread-local segment");
		if (segment->align > 1 &&
		    (!is_power_of_two(segment->align) || segment->align > TWZ_PAGE_SIZE))
			return bad(reason, "the thread-local segment has a wrong alignment");
		if (segment->filesz != 0 &&
		    elf_segment_holding(out, segment->vaddr, segment->filesz) == NULL)
			return bad(reason, "the thread-local segment lies outside of the image");
		slot = &out->tls;
		break;
	case ELF_PT_DYNAMIC:
		if (segment->vaddr % 8 != 0 ||
		    elf_segment_holding(out, segment->vaddr, segment->memsz) == NULL)
			return bad(reason, "the dynamic section lies outside of the image");
		slot = &out->dynamic;
		break;
	case ELF_PT_GNU_RELRO:
		if (elf_segment_holding(out, segment->vaddr, segment->memsz) == NULL)
			return bad(reason,
				   "the read-only-after-relocation part lies outside of the image");
		slot = &out->relro;
		break;
	case ELF_PT_GNU_EH_FRAME:
		if (elf_segment_holding(out, segment->vaddr, segment->memsz) == NULL)
			return bad(reason, "the unwind table lies outside of the image");
		slot = &out->eh_frame_hdr;
		break;
	default:
		return 0;
	}
	if (*slot != NULL)
		return bad(reason, "two program headers of a kind that may occur once");
	*slot = segment;
	return 0;
}

/* The program headers' address in memory: they are loaded when a PT_LOAD's file bytes hold them. */
static uint64_t find_phdr_address(const struct elf_header *header, const struct elf_summary *elf)
{
	uint64_t size = (uint64_t)header->phnum * sizeof(struct elf_segment);
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		if (segment->type != ELF_PT_LOAD || header->phoff < segment->offset)
			continue;
		if (range_fits(header->phoff - segment->offset, size, segment->filesz))
			return segment->vaddr + (header->phoff - segment->offset);
	}
	return 0;
}

twz_result elf_check_segments(const struct elf_header *header, const struct elf_segment *segments,
			      uint64_t file_size, struct elf_summary *out, const char **reason)
{
	*out = (struct elf_summary){.type = header->type,
				    .segment_count = header->phnum,
				    .segments = segments,
				    .entry = header->entry};
	for (uint32_t i = 0; i < header->phnum; i++) {
		if (segments[i].type != ELF_PT_LOAD)
			continue;
		twz_result result = check_load(&segments[i], file_size, out, reason);
		if (result < 0)
			return result;
	}
	if (out->end == 0)
		return bad(reason, "nothing to load");
	if (out->type == ELF_TYPE_EXEC && out->start < ELF_LOWEST_ADDRESS)
		return bad(reason, "a segment lies in the null pages");
	for (uint32_t i = 0; i < header->phnum; i++) {
		twz_result result = check_other(&segments[i], file_size, out, reason);
		if (result < 0)
			return result;
	}
	out->phdr_address = find_phdr_address(header, out);
	if (header->entry != 0) {
		const struct elf_segment *code = elf_segment_holding(out, header->entry, 1);
		if (code == NULL || !(code->flags & ELF_PF_X))
			return bad(reason, "the entry point is not in executable code");
	}
	return 0;
}

const struct elf_segment *elf_segment_holding(const struct elf_summary *elf, uint64_t address,
					      uint64_t size)
{
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		if (segment->type == ELF_PT_LOAD && address >= segment->vaddr &&
		    range_fits(address - segment->vaddr, size, segment->memsz))
			return segment;
	}
	return NULL;
}

uint32_t elf_segment_rights(const struct elf_segment *segment)
{
	return (segment->flags & ELF_PF_R ? TWZ_RIGHT_READ : 0) |
	       (segment->flags & ELF_PF_W ? TWZ_RIGHT_WRITE : 0) |
	       (segment->flags & ELF_PF_X ? TWZ_RIGHT_EXEC : 0);
}

static int same_bytes(const uint8_t *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (a[i] != (uint8_t)b[i])
			return 0;
	}
	return 1;
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

twz_result elf_find_abi_note(const void *notes, uint64_t size, uint64_t align,
			     struct twz_abi_version *out)
{
	const uint8_t *bytes = notes;
	uint64_t mask = align == 8 ? 7 : 3;
	uint64_t at = 0;
	while (size - at >= sizeof(struct elf_note)) {
		uint64_t name_size = word_at(bytes + at);
		uint64_t content_size = word_at(bytes + at + 4);
		uint32_t type = word_at(bytes + at + 8);
		uint64_t name = at + sizeof(struct elf_note);
		/* 32-bit sizes in 64-bit sums: nothing wraps. */
		uint64_t content = (name + name_size + mask) & ~mask;
		uint64_t next = (content + content_size + mask) & ~mask;
		if (name + name_size > size || content + content_size > size)
			return -TWZ_ERR_BAD_FORMAT;
		if (type == TWZ_NOTE_ABI && name_size == sizeof(TWZ_NOTE_NAME) &&
		    same_bytes(bytes + name, TWZ_NOTE_NAME, sizeof(TWZ_NOTE_NAME))) {
			if (content_size < sizeof(*out))
				return -TWZ_ERR_BAD_FORMAT;
			out->major = word_at(bytes + content);
			out->minor = word_at(bytes + content + 4);
			out->patch = word_at(bytes + content + 8);
			return 1;
		}
		if (next > size)
			break;
		at = next;
	}
	return 0;
}
