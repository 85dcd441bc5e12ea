/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads libraries: each a copy-on-write image in a slot of its own, and what they need. */
#include "loader.h"

#include "../runtime-min/start.h"

extern const struct elf_header __ehdr_start __attribute__((visibility("hidden")));

static int same_string(const char *a, const char *b)
{
	size_t length = rt_string_length(a);
	return rt_string_length(b) == length && memcmp(a, b, length) == 0;
}

static const char *base_name(const char *path)
{
	const char *base = path;
	for (; *path != '\0'; path++) {
		if (*path == '/')
			base = path + 1;
	}
	return base;
}

struct library *library_loaded(const char *name)
{
	for (struct library *library = libraries; library != NULL; library = library->next) {
		if (library == program)
			continue;
		if (library->soname != NULL && same_string(library->soname, name))
			return library;
		if (same_string(library->path, name) || same_string(base_name(library->path), name))
			return library;
	}
	return NULL;
}

static struct library *find_file(uint64_t device, uint64_t inode)
{
	for (struct library *library = libraries; library != NULL; library = library->next) {
		if (library->inode == inode && library->device == device && inode != 0)
			return library;
	}
	return NULL;
}

static struct library *library_make(char *path)
{
	struct library *library =
		twz_rt_malloc(sizeof(*library), _Alignof(struct library), TWZ_MALLOC_ZERO);
	if (library == NULL)
		loader_fail(path, "out of memory", NULL);
	else
		library->path = path;
	return library;
}

static int fail_version(const char *path, struct twz_abi_version needed)
{
	static const struct twz_abi_version provided = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR,
							TWZ_ABI_PATCH};
	char needed_text[36], provided_text[36];
	return loader_fail(path, "made for Twizzler ABI ", loader_version_text(needed, needed_text),
			   ", this system provides ABI ",
			   loader_version_text(provided, provided_text),
			   "; build it again with this system's toolchain", NULL);
}

/* Maps a checked file as a new library. Takes over path; the file stays the caller's. */
static struct library *map_file(struct exec_file *file, char *path)
{
	const char *reason = "not a shared library";
	if (file->elf.type != ELF_TYPE_DYN) {
		loader_fail(path, reason, NULL);
		return NULL;
	}
	twz_result result = exec_file_check_abi(file, &reason);
	if (result == RT_ERROR(VERSION_MISMATCH)) {
		fail_version(path, file->abi);
		return NULL;
	}
	if (result < 0) {
		loader_fail(path, reason, NULL);
		return NULL;
	}
	struct library *library = library_make(path);
	if (library == NULL)
		return NULL;
	result = exec_image_map(file, TWZ_ID_NONE, &library->image, &reason);
	if (result < 0) {
		loader_fail(path, reason, ": ", twz_error_text(result), NULL);
		twz_rt_free(library, sizeof(*library), _Alignof(struct library));
		return NULL;
	}
	library->bias = library->image.bias;
	library->elf = file->elf;
	library->segments = file->segments;
	file->segments = NULL;
	library->owned = 1;
	return library;
}

static struct library *load_file(int fd, char *path)
{
	const char *reason = "";
	struct exec_file file;
	twz_result result = exec_file_open(fd, 0, &file, &reason);
	if (result < 0) {
		if (result == RT_ERROR(BAD_FORMAT))
			loader_fail(path, reason, NULL);
		else
			loader_fail(path, reason, ": ", twz_error_text(result), NULL);
		return NULL;
	}
	struct library *library = map_file(&file, path);
	exec_file_close(&file);
	return library;
}

struct library *library_load(const char *name, const struct library *requester)
{
	struct library *library = library_loaded(name);
	if (library != NULL)
		return library;
	char *path;
	size_t path_size;
	int fd = library_find(name, requester, &path, &path_size);
	if (fd < 0)
		return NULL;
	struct twz_rt_stat stat = {0};
	if (twz_rt_fd_stat(fd, &stat) >= 0)
		library = find_file(stat.device, stat.inode);
	if (library != NULL) {
		twz_rt_fd_close(fd);
		twz_rt_free(path, path_size, 1);
		return library;
	}
	library = load_file(fd, path);
	if (library == NULL) {
		twz_rt_free(path, path_size, 1);
		return NULL;
	}
	library->path_size = path_size;
	library->device = stat.device;
	library->inode = stat.inode;
	if (library_read_dynamic(library) < 0) {
		library_free(library);
		return NULL;
	}
	libraries_append(library);
	return library;
}

static int add_needed(struct library *library, struct library *needed)
{
	if (library->needed_count == library->needed_capacity) {
		size_t capacity = library->needed_capacity * 2 + 4;
		size_t unit = sizeof(struct library *);
		struct library **larger = twz_rt_realloc(
			library->needed, library->needed_capacity * unit, 8, capacity * unit, 0);
		if (larger == NULL)
			return loader_fail(library->path, "out of memory", NULL);
		library->needed = larger;
		library->needed_capacity = capacity;
	}
	library->needed[library->needed_count++] = needed;
	return 0;
}

int libraries_load_needed(struct library *first)
{
	static const int64_t tag_needed = 1;
	/* New libraries go to the end of the list, so this walk is breadth-first. */
	for (struct library *library = first; library != NULL; library = library->next) {
		if (library->needed_count != 0 || library->relocated)
			continue;
		for (size_t i = 0; i < library->dynamic_count; i++) {
			if (library->dynamic[i].tag != tag_needed)
				continue;
			const char *name = library_string(library, library->dynamic[i].value);
			if (name == NULL || *name == '\0')
				return loader_fail(library->path,
						   "it needs a library without a name", NULL);
			struct library *needed = library_load(name, library);
			if (needed == NULL || add_needed(library, needed) < 0)
				return -1;
		}
	}
	return 0;
}

/* A copy of program headers that are already in memory, checked as those of a file are. */
static int adopt_segments(struct library *library, const struct elf_segment *segments, size_t count,
			  uint16_t type, uintptr_t entry)
{
	struct elf_header header = {.type = type,
				    .phnum = (uint16_t)count,
				    .phoff = sizeof(header),
				    .entry = entry - library->bias};
	const char *reason = "";
	/* The file is not at hand: its parent has compared the segments with it. */
	if (elf_check_segments(&header, segments, ~0ull, &library->elf, &reason) < 0)
		return loader_fail(library->path, reason, NULL);
	library->permanent = 1;
	library->global = 1;
	struct twz_map map;
	uint64_t slot = (library->bias + library->elf.start) >> TWZ_SLOT_SHIFT;
	twz_result result = twz_sys_view_entry(0, 0, slot, &map);
	if (result < 0 || map.slot != slot)
		return loader_fail(library->path, "its image is not mapped", NULL);
	library->image =
		(struct exec_image){.object = map.object, .slot = slot, .bias = library->bias};
	return 0;
}

/* The ABI version that the program's loaded notes name. */
static int check_program_abi(const struct library *library)
{
	struct twz_abi_version provided = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	for (uint32_t i = 0; i < library->elf.segment_count; i++) {
		const struct elf_segment *segment = &library->elf.segments[i];
		struct twz_abi_version needed;
		if (segment->type != ELF_PT_NOTE || segment->filesz == 0)
			continue;
		const void *notes = library_at(library, segment->vaddr, segment->filesz);
		if (notes == NULL ||
		    elf_find_abi_note(notes, segment->filesz, segment->align, &needed) != 1)
			continue;
		return twz_abi_compatible(needed, provided) ? 0
							    : fail_version(library->path, needed);
	}
	return loader_fail(library->path,
			   "not made for Twizzler (no ABI note); build it with x86_64-twizzler-gcc",
			   NULL);
}

int library_adopt_program(void)
{
	const struct elf_segment *segments = (const void *)rt_start.phdr;
	uintptr_t bias = 0;
	size_t i = 0;
	while (i < rt_start.phdr_count && segments[i].type != ELF_PT_PHDR)
		i++;
	if (i < rt_start.phdr_count)
		bias = (uintptr_t)segments - segments[i].vaddr;
	program = library_make((char *)rt_start.path);
	if (program == NULL)
		return -1;
	program->bias = bias;
	uint16_t type = bias == 0 ? ELF_TYPE_EXEC : ELF_TYPE_DYN;
	if (adopt_segments(program, segments, rt_start.phdr_count, type, rt_start.entry) < 0)
		return -1;
	libraries_append(program);
	if (check_program_abi(program) < 0)
		return -1;
	return library_read_dynamic(program);
}

int library_adopt_self(void)
{
	static char path[] = "/lib/libtwz_rt.so";
	self = library_make(path);
	if (self == NULL)
		return -1;
	self->bias = (uintptr_t)&__ehdr_start;
	const struct elf_segment *segments =
		(const void *)((const char *)&__ehdr_start + __ehdr_start.phoff);
	if (adopt_segments(self, segments, __ehdr_start.phnum, ELF_TYPE_DYN,
			   self->bias + __ehdr_start.entry) < 0 ||
	    library_read_dynamic(self) < 0)
		return -1;
	libraries_append(self);
	return 0;
}
