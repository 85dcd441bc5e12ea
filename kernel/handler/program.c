/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads a checked image into objects that runs map. */
#include <heap.h>
#include <log.h>
#include "internal.h"

twz_result handler_copy_bytes(struct object *to, struct object *from, uint64_t from_offset,
			      uint64_t length)
{
	void *page = kernel_alloc(PAGE_SIZE);
	twz_result result = page ? TWZ_OK : -TWZ_ERR_OUT_OF_MEMORY;
	uint64_t part;

	for (uint64_t at = 0; at < length && result >= 0; at += part) {
		part = length - at < PAGE_SIZE ? length - at : PAGE_SIZE;
		result = object_read(from, from_offset + at, page, part);
		if (result >= 0)
			result = object_write(to, at, page, part);
		thread_breathe();
	}
	kernel_free(page);
	return result < 0 ? result : TWZ_OK;
}

static twz_result load_segment(struct object *source, uint64_t base,
			       const struct twz_handler_segment *segment, struct object **out)
{
	struct space space = {.first_end = PAGE_ROUND_UP(segment->memory_size) >> PAGE_SHIFT};
	twz_result result;

	*out = NULL;
	if (segment->memory_size == 0)
		return TWZ_OK;
	result = space_make(&space, out);
	if (result < 0)
		return result;
	result = handler_copy_bytes(*out, source, base + segment->file_offset, segment->file_size);
	if (result < 0) {
		object_put(*out);
		*out = NULL;
	}
	return result;
}

static twz_result check_sum(struct object *source, uint64_t base,
			    const struct twz_handler_image *image, void *page)
{
	uint64_t sum = HANDLER_CHECKSUM_START, part;
	twz_result result;

	for (uint64_t at = 0; at < image->image_size; at += part) {
		part = image->image_size - at < PAGE_SIZE ? image->image_size - at : PAGE_SIZE;
		result = object_read(source, base + at, page, part);
		if (result < 0)
			return result;
		sum = handler_image_checksum(sum, at, page, part);
		thread_breathe();
	}
	return sum == image->checksum ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

/* Header, tables and strings in kernel memory, checked. */
static twz_result load_header(struct object *source, uint64_t base, uint64_t available,
			      struct twz_handler_image **out, const char **reason)
{
	struct twz_handler_image header, *image;
	twz_result result;

	*reason = "not a handler image";
	if (available < sizeof(header))
		return -TWZ_ERR_BAD_FORMAT;
	result = object_read(source, base, &header, sizeof(header));
	if (result >= 0)
		result = handler_image_check_header(&header, available, reason);
	if (result < 0)
		return result;
	image = kernel_alloc(header.header_size);
	if (!image)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = object_read(source, base, image, header.header_size);
	/* again: the source may have changed since */
	if (result >= 0)
		result = handler_image_check_header(image, available, reason);
	if (result >= 0 && image->header_size != header.header_size)
		result = -TWZ_ERR_BAD_FORMAT;
	if (result >= 0)
		result = handler_image_check_tables(image, reason);
	if (result < 0) {
		kernel_free(image);
		return result;
	}
	*out = image;
	return TWZ_OK;
}

twz_result program_load(struct object *source, uint64_t base, uint64_t available,
			struct handler_program **out, struct object **state)
{
	struct handler_program *program = kernel_alloc(sizeof(*program));
	void *page = kernel_alloc(PAGE_SIZE);
	const char *reason = NULL;
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (state)
		*state = NULL;
	if (program && page)
		result = load_header(source, base, available, &program->image, &reason);
	if (result >= 0) {
		reason = "checksum";
		result = check_sum(source, base, program->image, page);
	}
	if (result >= 0)
		result = load_segment(source, base, &program->image->rodata, &program->rodata);
	if (result >= 0)
		result = load_segment(source, base, &program->image->text, &program->text);
	if (result >= 0)
		result = object_protect_pages(program->text, 0,
					      PAGE_ROUND_UP(program->image->text.memory_size),
					      TWZ_RIGHT_READ | TWZ_RIGHT_EXEC);
	if (result >= 0 && state)
		result = load_segment(source, base, &program->image->data, state);
	kernel_free(page);
	if (result < 0) {
		log_line("handler: image refused: %s", reason ? reason : "no memory");
		if (state && *state)
			object_put(*state);
		program_free(program);
		return result;
	}
	*out = program;
	return TWZ_OK;
}

void program_free(struct handler_program *program)
{
	if (!program)
		return;
	if (program->text)
		object_put(program->text);
	if (program->rodata)
		object_put(program->rodata);
	kernel_free(program->image);
	kernel_free(program);
}
