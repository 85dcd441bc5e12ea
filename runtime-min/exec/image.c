/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening ELF files and making copy-on-write images of them, for spawning and for the loader. */
#include "exec/exec.h"

/* Reads exactly `length` bytes at `offset`. */
static twz_result read_exactly(int fd, void *buffer, size_t length, uint64_t offset)
{
	uint8_t *at = buffer;
	while (length > 0) {
		twz_result got = twz_rt_fd_read(fd, at, length, offset);
		if (got < 0)
			return got;
		if (got == 0)
			return -TWZ_ERR_BAD_FORMAT;
		at += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return 0;
}

static twz_result read_abi_note(struct exec_file *file, const char **reason)
{
	for (uint32_t i = 0; i < file->header.phnum && !file->has_abi; i++) {
		const struct elf_segment *segment = &file->segments[i];
		if (segment->type != ELF_PT_NOTE || segment->filesz == 0)
			continue;
		if (segment->filesz > ELF_SEGMENTS_BYTES_MAX) {
			*reason = "its notes are too large";
			return -TWZ_ERR_BAD_FORMAT;
		}
		void *notes = twz_rt_malloc(segment->filesz, 8, 0);
		if (notes == NULL) {
			*reason = "out of memory";
			return -TWZ_ERR_OUT_OF_MEMORY;
		}
		*reason = "cannot read its notes";
		twz_result result = read_exactly(file->fd, notes, segment->filesz, segment->offset);
		if (result == 0)
			result = elf_find_abi_note(notes, segment->filesz, segment->align,
						   &file->abi);
		twz_rt_free(notes, segment->filesz, 8);
		if (result < 0) {
			if (result == -TWZ_ERR_BAD_FORMAT)
				*reason = "malformed notes";
			return result;
		}
		file->has_abi = (int)result;
	}
	return 0;
}

static twz_result read_headers(struct exec_file *file, const char **reason)
{
	*reason = "cannot read it";
	if (file->size < sizeof(file->header)) {
		*reason = "the file is shorter than an ELF header";
		return -TWZ_ERR_BAD_FORMAT;
	}
	twz_result result = read_exactly(file->fd, &file->header, sizeof(file->header), 0);
	if (result < 0)
		return result;
	result = elf_check_header(&file->header, file->size, reason);
	if (result < 0)
		return result;
	size_t bytes = file->header.phnum * sizeof(struct elf_segment);
	file->segments = twz_rt_malloc(bytes, 8, 0);
	if (file->segments == NULL) {
		*reason = "out of memory";
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	result = read_exactly(file->fd, file->segments, bytes, file->header.phoff);
	if (result < 0) {
		*reason = "cannot read its program headers";
		return result;
	}
	result = elf_check_segments(&file->header, file->segments, file->size, &file->elf, reason);
	if (result < 0)
		return result;
	return read_abi_note(file, reason);
}

/* How much of the file its segments need: symbols and debug information behind them stay unread. */
static uint64_t loaded_bytes(const struct elf_summary *elf)
{
	uint64_t end = 0;
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		if (segment->type == ELF_PT_LOAD && segment->offset + segment->filesz > end)
			end = segment->offset + segment->filesz;
	}
	return end;
}

/* Finds or makes the object whose pages the image is copied from. */
static twz_result find_source(struct exec_file *file, const struct twz_rt_stat *stat,
			      uint32_t flags, const char **reason)
{
	if (twz_rt_fd_object(file->fd, &file->source) >= 0 && !twz_id_is_none(file->source)) {
		file->source_offset = TWZ_BASE_OFFSET;
		if (file->size <= TWZ_META_OFFSET - TWZ_BASE_OFFSET)
			return 0;
		*reason = "the file is larger than an object";
		return -TWZ_ERR_BAD_FORMAT;
	}
	file->source_offset = 0;
	*reason = "cannot read it";
	if (flags & EXEC_FILE_CACHE)
		return exec_cache_get(file->fd, stat, loaded_bytes(&file->elf), &file->cached,
				      &file->source);
	twz_result result = exec_stage(file->fd, loaded_bytes(&file->elf), &file->source);
	file->staged = result >= 0;
	return result;
}

twz_result exec_file_open(int fd, uint32_t flags, struct exec_file *file, const char **reason)
{
	*file = (struct exec_file){.fd = fd};
	struct twz_rt_stat stat;
	*reason = "cannot read it";
	twz_result result = twz_rt_fd_stat(fd, &stat);
	if (result >= 0 && stat.kind != TWZ_FILE_REGULAR) {
		*reason = "not a regular file";
		result = stat.kind == TWZ_FILE_DIRECTORY ? -TWZ_ERR_IS_A_DIRECTORY
							 : -TWZ_ERR_BAD_FORMAT;
	}
	if (result >= 0) {
		file->size = stat.size;
		result = read_headers(file, reason);
	}
	if (result >= 0)
		result = find_source(file, &stat, flags, reason);
	if (result < 0)
		exec_file_close(file);
	return result < 0 ? result : 0;
}

void exec_file_close(struct exec_file *file)
{
	if (file->fd >= 0)
		twz_rt_fd_close(file->fd);
	if (file->segments != NULL)
		twz_rt_free(file->segments, file->header.phnum * sizeof(struct elf_segment), 8);
	if (file->cached != NULL)
		exec_cache_put(file->cached);
	else if (file->staged)
		twz_sys_object_delete(file->source.hi, file->source.lo);
	*file = (struct exec_file){.fd = -1};
}

twz_result exec_file_check_abi(const struct exec_file *file, const char **reason)
{
	static const struct twz_abi_version provided = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR,
							TWZ_ABI_PATCH};
	if (!file->has_abi) {
		*reason = "not made for Twizzler (no ABI note); build it with x86_64-twizzler-gcc";
		return -TWZ_ERR_BAD_FORMAT;
	}
	if (!twz_abi_compatible(file->abi, provided)) {
		*reason = "made for another ABI version";
		return -TWZ_ERR_VERSION_MISMATCH;
	}
	return 0;
}

/*
 * Copies one segment's file bytes: whole pages copy-on-write. Where zeroed memory follows in the
 * same page, only the page's bytes that belong to the segment are copied.
 */
static twz_result copy_segment(const struct exec_file *file, const struct elf_segment *segment,
			       struct twz_id image)
{
	if (segment->filesz == 0)
		return 0;
	uint64_t start = elf_page_down(segment->vaddr);
	uint64_t end = segment->vaddr + segment->filesz;
	uint64_t source = file->source_offset + elf_page_down(segment->offset);
	uint64_t whole = segment->memsz > segment->filesz ? elf_page_down(end) : elf_page_up(end);
	if (whole > start) {
		struct twz_copy_range range = {.destination = image,
					       .destination_offset = start,
					       .source = file->source,
					       .source_offset = source,
					       .length = whole - start};
		twz_result result = twz_sys_object_copy_range(&range);
		if (result < 0)
			return result;
	}
	if (whole < end) {
		uint64_t from = whole > start ? whole : start;
		struct twz_copy_range tail = {.destination = image,
					      .destination_offset = from,
					      .source = file->source,
					      .source_offset = source + (from - start),
					      .length = end - from};
		return twz_sys_object_copy_range(&tail);
	}
	return 0;
}

static twz_result protect(struct twz_id object, uint64_t start, uint64_t end, uint32_t rights)
{
	if (start >= end)
		return 0;
	return twz_sys_object_protect(object.hi, object.lo, start, end - start, rights);
}

/* Gives every page its segment's rights, and none to all others of the slot. */
static twz_result protect_image(const struct elf_summary *elf, struct twz_id image)
{
	uint64_t done = 0;
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		if (segment->type != ELF_PT_LOAD || segment->memsz == 0)
			continue;
		uint64_t start = elf_page_down(segment->vaddr);
		uint64_t end = elf_page_up(segment->vaddr + segment->memsz);
		twz_result result = protect(image, done, start, 0);
		if (result >= 0)
			result = protect(image, start, end, elf_segment_rights(segment));
		if (result < 0)
			return result;
		done = end;
	}
	return protect(image, done, TWZ_SLOT_SIZE, 0);
}

twz_result exec_image_map(const struct exec_file *file, struct twz_id view, struct exec_image *out,
			  const char **reason)
{
	const struct elf_summary *elf = &file->elf;
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW,
				       .tie = twz_id_is_none(view) ? rt_self_view() : view};
	*reason = "cannot make its image";
	twz_result result = twz_sys_object_create(&spec, &out->object);
	if (result < 0)
		return result;
	for (uint32_t i = 0; result >= 0 && i < elf->segment_count; i++) {
		if (elf->segments[i].type == ELF_PT_LOAD)
			result = copy_segment(file, &elf->segments[i], out->object);
	}
	if (result >= 0) {
		struct twz_map map = {.view = view,
				      .object = out->object,
				      .slot = elf->type == ELF_TYPE_EXEC ? 0 : TWZ_SLOT_ANY,
				      .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC,
				      .inherit = TWZ_INHERIT_PRIVATE};
		result = twz_sys_view_map(&map);
		out->slot = (uint64_t)result;
	}
	if (result >= 0) {
		out->bias = out->slot << TWZ_SLOT_SHIFT;
		result = protect_image(elf, out->object);
		if (result < 0)
			twz_sys_view_unmap(view.hi, view.lo, out->slot);
	}
	if (result < 0) {
		twz_sys_object_delete(out->object.hi, out->object.lo);
		return result;
	}
	return 0;
}
