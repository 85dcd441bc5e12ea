/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names the source of an address: function, file and line. A shared image has no fixed address, but
 * it stands at a slot's start, so its offset in the slot is the file's own address; which image it
 * is shows in the bytes of the instruction that failed.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <twizzler/object.h>

#include "run.h"

char *source_of_address(const char *elf, uint64_t address)
{
	char line[4096];
	int ends[2];
	char *result = NULL;
	char *tool = installed_file(NULL, "../bin/x86_64-twizzler-addr2line");

	if (access(tool, X_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
		free(tool);
		return NULL;
	}
	char *where = format_string("0x%llx", (unsigned long long)address);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(tool, tool, "-Cfp", "-e", elf, where, (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	FILE *answer = fdopen(ends[0], "r");
	if (child > 0 && answer != NULL && fgets(line, sizeof(line), answer) != NULL &&
	    line[0] != '?') {
		char *more = strstr(line, " (discriminator ");

		line[strcspn(line, "\n")] = '\0';
		if (more != NULL)
			*more = '\0';
		result = format_string("%s", line);
	}
	if (answer != NULL)
		fclose(answer);
	else
		close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	free(where);
	free(tool);
	return result;
}

/* An ELF file in memory. */
struct image {
	const uint8_t *bytes;
	size_t size;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
};

static bool image_open(struct image *image, const char *path)
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

static void image_close(struct image *image)
{
	munmap((void *)image->bytes, image->size);
}

/* The file's bytes that stand at an address of the image, and how many follow; NULL: none. */
static const uint8_t *image_at(const struct image *image, uint64_t address, uint64_t *length)
{
	for (size_t i = 0; i < image->header->e_phnum; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_filesz ||
		    segment->p_offset > image->size ||
		    segment->p_filesz > image->size - segment->p_offset)
			continue;
		*length = segment->p_filesz - (address - segment->p_vaddr);
		return image->bytes + segment->p_offset + (address - segment->p_vaddr);
	}
	return NULL;
}

/* Adds the names of the libraries that an image needs to `names`, each once. */
static void add_needed(struct strings *names, const struct image *image)
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

/* The source of the fault when the file holds it; what the file needs goes to `names`. */
static char *look_in(const char *path, const struct twz_fault *fault, struct strings *names)
{
	static const uint8_t nothing[sizeof(fault->instruction)];
	struct image image;
	uint64_t rip = fault->registers.rip, length = 0;
	char *result = NULL;

	if (!image_open(&image, path))
		return NULL;
	bool fixed = image.header->e_type == ET_EXEC;
	uint64_t address = fixed ? rip : rip & (TWZ_SLOT_SIZE - 1);
	const uint8_t *bytes = image_at(&image, address, &length);
	if (bytes != NULL && (fixed || memcmp(fault->instruction, nothing, sizeof(nothing)) != 0) &&
	    (fixed || memcmp(bytes, fault->instruction,
			     length < sizeof(nothing) ? length : sizeof(nothing)) == 0))
		result = source_of_address(path, address);
	if (result != NULL && !fixed && names->count > 0) {
		const char *name = strrchr(path, '/');
		char *whole = format_string("%s (%s)", result, name != NULL ? name + 1 : path);

		free(result);
		result = whole;
	}
	add_needed(names, &image);
	image_close(&image);
	return result;
}

char *source_of_fault(const struct job *job, const struct twz_fault *fault)
{
	/* What a dynamic program has without needing it by name. */
	struct strings names = {0};
	char *result;

	if (job->host_path == NULL)
		return NULL;
	result = look_in(job->host_path, fault, &names);
	if (names.count > 0)
		strings_add(&names, "libtwz_rt.so");
	char *copy = format_string("%s", job->host_path);
	char *folders[] = {format_string("%s", dirname(copy)), format_string("."),
			   installed_file(NULL, "../x86_64-twizzler/lib")};
	/* The list grows on the way: libraries need libraries. */
	for (size_t i = 0; i < names.count && result == NULL; i++)
		for (size_t j = 0; j < sizeof(folders) / sizeof(*folders) && result == NULL; j++) {
			char *path = format_string("%s/%s", folders[j], names.items[i]);

			if (access(path, R_OK) == 0)
				result = look_in(path, fault, &names);
			free(path);
		}
	for (size_t j = 0; j < sizeof(folders) / sizeof(*folders); j++)
		free(folders[j]);
	free(copy);
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
	return result;
}

char *source_of_backtrace(const char *kernel, const char *line, size_t length)
{
	char text[256], *end;

	if (length >= sizeof(text) || length < 19 || strncmp(line, "  ffff", 6) != 0)
		return NULL;
	memcpy(text, line, length);
	text[length] = '\0';
	uint64_t address = strtoull(text + 2, &end, 16);
	if (end != text + 18 || (*end != ' ' && *end != '\0'))
		return NULL;
	/* All but the first are return addresses: the call stands before them. Its line is near. */
	return source_of_address(kernel, address - 1);
}
