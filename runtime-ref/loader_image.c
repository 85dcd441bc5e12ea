/* SPDX-License-Identifier: BSD-2-Clause */
/* The loaded images as unwinders, debuggers and dladdr see them. */
#include "loader.h"

static struct library *library_holding(const void *address)
{
	for (struct library *library = libraries; library != NULL; library = library->next) {
		uintptr_t offset = (uintptr_t)address - library->bias;
		if (offset >= library->elf.start && offset < library->elf.end)
			return library;
	}
	return NULL;
}

static void describe(const struct library *library, struct twz_rt_image *out)
{
	const struct elf_segment *frames = library->elf.eh_frame_hdr;
	*out = (struct twz_rt_image){
		.base = library->bias,
		.path = library == program ? "" : library->path,
		.phdr = library->elf.segments,
		.phdr_count = library->elf.segment_count,
		.tls_module = (uint32_t)library->tls.id,
		.tls_offset = library->tls.offset,
		.eh_frame_hdr =
			frames != NULL ? (const void *)(library->bias + frames->vaddr) : NULL,
		.generation = library_loads,
		.unloads = library_unloads,
	};
}

twz_result twz_rt_image(size_t index, struct twz_rt_image *out)
{
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	libraries_read_lock();
	struct library *library = libraries;
	while (library != NULL && index > 0) {
		library = library->next;
		index--;
	}
	if (library != NULL)
		describe(library, out);
	libraries_read_unlock();
	return library != NULL ? 0 : RT_ERROR(NOT_FOUND);
}

twz_result twz_rt_image_at(const void *address, struct twz_rt_image *out)
{
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	libraries_read_lock();
	struct library *library = library_holding(address);
	if (library != NULL)
		describe(library, out);
	libraries_read_unlock();
	return library != NULL ? 0 : RT_ERROR(NOT_FOUND);
}

twz_result twz_rt_dl_address(const void *address, struct twz_rt_dl_info *out)
{
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	libraries_read_lock();
	struct library *library = library_holding(address);
	if (library != NULL) {
		const struct elf_symbol *symbol = symbol_nearest(library, (uintptr_t)address);
		*out = (struct twz_rt_dl_info){
			.image = library->path,
			.image_base = (void *)(library->bias + library->elf.start)};
		if (symbol != NULL) {
			out->symbol = library_string(library, symbol->name);
			out->symbol_address = (void *)(library->bias + symbol->value);
		}
	}
	libraries_read_unlock();
	return library != NULL ? 0 : RT_ERROR(NOT_FOUND);
}
