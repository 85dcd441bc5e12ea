/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads ELF files of the host, which may be anything. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

bool image_open(struct image *image, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	void *bytes = fstat(fd, &status) == 0 && status.st_size >= (off_t)sizeof(Elf64_Ehdr)
			      ? mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
			      : MAP_FAILED;
	close(fd);
	if (bytes == MAP_FAILED)
		return false;
	*image = (struct image){.bytes = bytes, .size = (size_t)status.st_size, .header = bytes};
	const Elf64_Ehdr *header = image->header;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phoff > image->size ||
	    header->e_phnum > (image->size - header->e_phoff) / sizeof(Elf64_Phdr) ||
	    header->e_phoff % 8 != 0) {
		munmap(bytes, image->size);
		return false;
	}
	image->segments = (const Elf64_Phdr *)(image->bytes + header->e_phoff);
	return true;
}

void image_close(struct image *image)
{
	munmap((void *)image->bytes, image->size);
}

/* The segment that an address of the image has bytes of the file in; NULL: none. */
static const Elf64_Phdr *segment_at(const struct image *image, uint64_t address)
{
	for (size_t i = 0; i < image->header->e_phnum; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    address - segment->p_vaddr < segment->p_filesz &&
		    segment->p_offset <= image->size &&
		    segment->p_filesz <= image->size - segment->p_offset)
			return segment;
	}
	return NULL;
}

const uint8_t *image_at(const struct image *image, uint64_t address, uint64_t *length)
{
	const Elf64_Phdr *segment = segment_at(image, address);

	if (segment == NULL)
		return NULL;
	*length = segment->p_filesz - (address - segment->p_vaddr);
	return image->bytes + segment->p_offset + (address - segment->p_vaddr);
}

const uint8_t *image_section(const struct image *image, const char *name, uint64_t *length,
			     uint64_t *address)
{
	const Elf64_Ehdr *header = image->header;

	if (header->e_shoff > image->size || header->e_shoff % 8 != 0 ||
	    header->e_shnum > (image->size - header->e_shoff) / sizeof(Elf64_Shdr) ||
	    header->e_shstrndx >= header->e_shnum)
		return NULL;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(image->bytes + header->e_shoff);
	const Elf64_Shdr *names = &sections[header->e_shstrndx];
	if (names->sh_offset > image->size || names->sh_size > image->size - names->sh_offset)
		return NULL;
	size_t want = strlen(name) + 1;
	for (size_t i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = &sections[i];

		if (section->sh_type == SHT_NOBITS || section->sh_name > names->sh_size ||
		    want > names->sh_size - section->sh_name ||
		    memcmp(image->bytes + names->sh_offset + section->sh_name, name, want) != 0 ||
		    section->sh_offset > image->size ||
		    section->sh_size > image->size - section->sh_offset ||
		    (section->sh_flags & SHF_COMPRESSED))
			continue;
		*length = section->sh_size;
		*address = section->sh_addr;
		return image->bytes + section->sh_offset;
	}
	return NULL;
}

void image_needed(const struct image *image, struct strings *names)
{
	const Elf64_Dyn *entries = NULL;
	uint64_t length = 0, room = 0, table = 0;

	for (size_t i = 0; i < image->header->e_phnum; i++)
		if (image->segments[i].p_type == PT_DYNAMIC)
			entries = (const Elf64_Dyn *)image_at(image, image->segments[i].p_vaddr,
							      &length);
	if (entries == NULL)
		return;
	for (size_t i = 0; i < length / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++)
		if (entries[i].d_tag == DT_STRTAB)
			table = entries[i].d_un.d_ptr;
	const char *text = (const char *)image_at(image, table, &room);
	for (size_t i = 0; i < length / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++) {
		uint64_t at = entries[i].d_un.d_val;
		bool known = false;

		if (entries[i].d_tag != DT_NEEDED || text == NULL || at >= room ||
		    memchr(text + at, '\0', room - at) == NULL)
			continue;
		for (size_t j = 0; j < names->count; j++)
			known |= strcmp(names->items[j], text + at) == 0;
		if (!known)
			strings_add(names, text + at);
	}
}

bool image_after_call(const struct image *image, uint64_t address)
{
	const Elf64_Phdr *segment = segment_at(image, address - 1);

	if (segment == NULL || !(segment->p_flags & PF_X))
		return false;
	uint64_t before = address - segment->p_vaddr; /* bytes of the segment below it */
	const uint8_t *at = image->bytes + segment->p_offset + before;
	if (before >= 5 && at[-5] == 0xe8)
		return true;
	/* call through a register or memory: FF /2, of two to seven bytes */
	for (uint64_t size = 2; size <= 7 && size <= before; size++)
		if (at[-(int64_t)size] == 0xff && (at[1 - (int64_t)size] >> 3 & 7) == 2)
			return true;
	return false;
}
