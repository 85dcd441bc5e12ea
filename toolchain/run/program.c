/* SPDX-License-Identifier: BSD-2-Clause */
/* Refuses, before anything boots, a file that this system cannot run, and says what to do instead.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

/* The whole file, read-only. */
struct file {
	const char *name;
	const uint8_t *bytes;
	uint64_t size;
};

/* What the notes say. */
struct notes {
	bool has_abi;
	bool unikernel;
	struct twz_abi_version abi;
};

/* Why the file that is looked at cannot run. */
static char *why;

static void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void refuse(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&why, format, arguments) < 0)
		why = NULL;
	va_end(arguments);
}

static const char build_it[] = "build it with x86_64-twizzler-gcc";

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_386:
		return "32-bit x86";
	case EM_AARCH64:
		return "AArch64";
	case EM_ARM:
		return "ARM";
	case EM_RISCV:
		return "RISC-V";
	case EM_PPC64:
		return "PowerPC";
	case EM_S390:
		return "S/390";
	default:
		return "another machine";
	}
}

/* Reads the notes of one segment, which lies inside the file. Malformed ones end the walk. */
static void read_notes(const struct file *file, const Elf64_Phdr *segment, struct notes *notes)
{
	uint64_t align = segment->p_align == 8 ? 8 : 4;
	uint64_t at = segment->p_offset;
	uint64_t end = segment->p_offset + segment->p_filesz;

	while (end - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;

		memcpy(&note, file->bytes + at, sizeof(note));
		uint64_t name = at + sizeof(note);
		uint64_t descriptor = (name + note.n_namesz + align - 1) & ~(align - 1);
		uint64_t next = (descriptor + note.n_descsz + align - 1) & ~(align - 1);

		if (descriptor > end || note.n_descsz > end - descriptor)
			return;
		if (note.n_namesz == sizeof(TWZ_NOTE_NAME) &&
		    memcmp(file->bytes + name, TWZ_NOTE_NAME, sizeof(TWZ_NOTE_NAME)) == 0) {
			if (note.n_type == TWZ_NOTE_UNIKERNEL)
				notes->unikernel = true;
			if (note.n_type == TWZ_NOTE_ABI && note.n_descsz >= sizeof(notes->abi)) {
				memcpy(&notes->abi, file->bytes + descriptor, sizeof(notes->abi));
				notes->has_abi = true;
			}
		}
		if (next > end)
			return;
		at = next;
	}
}

/* Checks the program headers and reads the notes. Returns -1 or an exit code. */
static int check_segments(const struct file *file, const Elf64_Ehdr *header, struct notes *notes)
{
	uint64_t table = (uint64_t)header->e_phnum * sizeof(Elf64_Phdr);

	if (header->e_phnum == 0 || header->e_phentsize != sizeof(Elf64_Phdr)) {
		refuse("%s: has no program headers; it is damaged: %s", file->name, build_it);
		return EXIT_NOT_RUNNABLE;
	}
	if (header->e_phoff > file->size || table > file->size - header->e_phoff) {
		refuse("%s: is truncated at %llu bytes, before its program headers; build or "
		       "copy it again",
		       file->name, (unsigned long long)file->size);
		return EXIT_NOT_RUNNABLE;
	}
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file->bytes + header->e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD && segment.p_type != PT_NOTE)
			continue;
		if (segment.p_offset > file->size ||
		    segment.p_filesz > file->size - segment.p_offset) {
			refuse("%s: is truncated: %llu bytes of at least %llu; build or copy it "
			       "again",
			       file->name, (unsigned long long)file->size,
			       (unsigned long long)(segment.p_offset + segment.p_filesz));
			return EXIT_NOT_RUNNABLE;
		}
		if (segment.p_type == PT_NOTE)
			read_notes(file, &segment, notes);
	}
	return -1;
}

static int check_abi(const struct file *file, const struct notes *notes)
{
	static const struct twz_abi_version provided = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR,
							TWZ_ABI_PATCH};

	if (!notes->has_abi) {
		refuse("%s: was built for another system (it has no Twizzler ABI note); %s",
		       file->name, build_it);
		return EXIT_NOT_RUNNABLE;
	}
	if (!twz_abi_compatible(notes->abi, provided)) {
		refuse("%s: was built for ABI %u.%u.%u and this system provides %u.%u.%u; "
		       "rebuild it with this toolchain",
		       file->name, notes->abi.major, notes->abi.minor, notes->abi.patch,
		       provided.major, provided.minor, provided.patch);
		return EXIT_NOT_RUNNABLE;
	}
	return -1;
}

static int check_elf(const struct file *file, enum program_kind *kind)
{
	Elf64_Ehdr header;
	struct notes notes = {0};

	if (file->size < 4 || memcmp(file->bytes, ELFMAG, SELFMAG) != 0) {
		refuse("%s: is no ELF program; %s", file->name, build_it);
		return EXIT_NOT_RUNNABLE;
	}
	if (file->size < sizeof(header)) {
		refuse("%s: is truncated at %llu bytes, within the ELF header; build or copy it "
		       "again",
		       file->name, (unsigned long long)file->size);
		return EXIT_NOT_RUNNABLE;
	}
	memcpy(&header, file->bytes, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64) {
		refuse("%s: is a program for %s, not for x86-64; %s", file->name,
		       machine_name(header.e_machine), build_it);
		return EXIT_NOT_RUNNABLE;
	}
	if (header.e_type == ET_REL) {
		refuse("%s: is an object file, not a program; link it with x86_64-twizzler-gcc",
		       file->name);
		return EXIT_NOT_RUNNABLE;
	}
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
		refuse("%s: is an ELF file of type %u, not a program; %s", file->name,
		       header.e_type, build_it);
		return EXIT_NOT_RUNNABLE;
	}
	int code = check_segments(file, &header, &notes);
	if (code >= 0)
		return code;
	*kind = notes.unikernel ? PROGRAM_UNIKERNEL : PROGRAM_HOSTED;
	return check_abi(file, &notes);
}

static int check_open_file(struct job *job, int fd, enum program_kind *kind)
{
	const char *name = job->argv.items[0];
	struct stat status;

	if (fstat(fd, &status) != 0) {
		refuse("%s: %s", name, strerror(errno));
		return EXIT_NOT_RUNNABLE;
	}
	if (!S_ISREG(status.st_mode)) {
		refuse("%s: is %s, not a program", name,
		       S_ISDIR(status.st_mode) ? "a directory" : "a special file");
		return EXIT_NOT_RUNNABLE;
	}
	if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
		refuse("%s: is not executable; chmod +x it", name);
		return EXIT_NOT_RUNNABLE;
	}
	if (status.st_size == 0) {
		refuse("%s: is empty; build or copy it again", name);
		return EXIT_NOT_RUNNABLE;
	}
	struct file file = {.name = name, .size = (uint64_t)status.st_size};
	void *bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		refuse("%s: %s", name, strerror(errno));
		return EXIT_NOT_RUNNABLE;
	}
	file.bytes = bytes;
	*kind = PROGRAM_HOSTED;
	/* A script's interpreter is the guest's to find. */
	bool script = file.size >= 2 && memcmp(file.bytes, "#!", 2) == 0;
	int code = script ? -1 : check_elf(&file, kind);
	munmap(bytes, file.size);
	return code;
}

static int check_program(struct job *job, enum program_kind *kind)
{
	const char *name = job->argv.items[0];

	if (strncmp(name, "image:/", 7) == 0) {
		job->guest_path = format_string("%s", name + 6);
		*kind = PROGRAM_HOSTED;
		return -1;
	}
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		refuse("%s: no such file; a program of the image is named image:/bin/NAME", name);
		return EXIT_NO_PROGRAM;
	}
	if (fd < 0) {
		refuse("%s: %s", name, strerror(errno));
		return EXIT_NOT_RUNNABLE;
	}
	int code = check_open_file(job, fd, kind);
	close(fd);
	if (code < 0) {
		job->host_path = realpath(name, NULL);
		if (job->host_path == NULL) {
			refuse("%s: %s", name, strerror(errno));
			code = EXIT_NOT_RUNNABLE;
		}
	}
	return code;
}

int program_check(struct job *job, enum program_kind *kind, char **refusal)
{
	int code = check_program(job, kind);

	*refusal = code >= 0 ? why : NULL;
	return code;
}
