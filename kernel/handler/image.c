/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks handler images: every field is hostile until it has passed here. */
#include <stdbool.h>
#include "image.h"
#include <twizzler/syscall.h>

#define PAGE_UP(x) (((x) + TWZ_PAGE_SIZE - 1) & ~(TWZ_PAGE_SIZE - 1))

static twz_result refuse(const char **reason, enum twz_error error, const char *text)
{
	*reason = text;
	return -(twz_result)error;
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

static bool version_byte(char c)
{
	return c > ' ' && c <= '~';
}

/* A nonempty text of good bytes in a field that is NUL up to its end. */
static bool field_valid(const char *field, uint64_t size, bool (*good)(char))
{
	uint64_t length = 0;

	while (length < size && field[length])
		if (!good(field[length++]))
			return false;
	if (length == 0 || length == size)
		return false;
	while (length < size)
		if (field[length++])
			return false;
	return true;
}

/* The length of the string at an offset of the header, or -1 where none ends inside it. */
static int64_t string_length(const struct twz_handler_image *image, uint64_t offset)
{
	const char *bytes = (const char *)image;

	if (offset < sizeof(*image))
		return -1;
	for (uint64_t at = offset; at < image->header_size; at++)
		if (!bytes[at])
			return (int64_t)(at - offset);
	return -1;
}

static bool segment_valid(const struct twz_handler_image *image,
			  const struct twz_handler_segment *segment, uint64_t address)
{
	if (segment->address != address || segment->memory_size > TWZ_SLOT_SIZE ||
	    segment->file_size > segment->memory_size)
		return false;
	if (segment->file_size == 0)
		return segment->file_offset == 0;
	return segment->file_offset % TWZ_PAGE_SIZE == 0 &&
	       segment->file_offset >= image->header_size &&
	       segment->file_offset <= image->image_size &&
	       segment->file_size <= image->image_size - segment->file_offset;
}

static bool table_valid(const struct twz_handler_image *image, uint64_t offset, uint64_t count,
			uint64_t size)
{
	return offset >= sizeof(*image) && offset % 8 == 0 && offset <= image->header_size &&
	       count <= (image->header_size - offset) / size;
}

static bool in_text(const struct twz_handler_image *image, uint64_t address)
{
	return address >= image->text.address &&
	       address - image->text.address < image->text.memory_size;
}

twz_result handler_image_check_header(const struct twz_handler_image *image, uint64_t available,
				      const char **reason)
{
	struct twz_abi_version ours = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	uint64_t data;

	if (available < sizeof(*image) || image->magic != TWZ_HANDLER_MAGIC)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "not a handler image");
	if (image->format != TWZ_HANDLER_FORMAT)
		return refuse(reason, TWZ_ERR_VERSION_MISMATCH, "another image format");
	if (!twz_abi_compatible(image->abi, ours))
		return refuse(reason, TWZ_ERR_VERSION_MISMATCH, "made for another ABI version");
	if (image->reserved != 0)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "reserved field not zero");
	if (image->image_size > available)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "truncated");
	if (image->header_size < sizeof(*image) || image->header_size > TWZ_HANDLER_HEADER_MAX ||
	    image->header_size > image->image_size)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "header size");
	if (!field_valid(image->name, sizeof(image->name), name_byte))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "name");
	if (!field_valid(image->version, sizeof(image->version), version_byte))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "version text");
	if (image->budget_ms == 0 || image->budget_ms > TWZ_HANDLER_BUDGET_MAX)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "budget");
	if (image->memory_kb > TWZ_HANDLER_MEMORY_MAX)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "memory limit");
	if (!segment_valid(image, &image->rodata, TWZ_HANDLER_RODATA) ||
	    image->rodata.memory_size != image->rodata.file_size)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "read-only segment");
	if (!segment_valid(image, &image->text, TWZ_HANDLER_TEXT) ||
	    image->text.memory_size != image->text.file_size || image->text.file_size == 0)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "text segment");
	if (!segment_valid(image, &image->data, TWZ_HANDLER_DATA))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "data segment");
	data = PAGE_UP(image->data.memory_size);
	if (data + TWZ_HANDLER_RUN_MIN > (uint64_t)image->memory_kb << 10)
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "globals larger than the memory limit");
	if (!in_text(image, image->entry))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "entry outside the text");
	return TWZ_OK;
}

static twz_result check_event(const struct twz_handler_image *image,
			      const struct twz_handler_image_event *event, const char **reason)
{
	int64_t length;

	if (!in_text(image, event->function))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "event function outside the text");
	switch (event->kind) {
	case TWZ_EVENT_TIMER:
		if (event->period_ms == 0 || event->period_ms > TWZ_HANDLER_PERIOD_MAX ||
		    event->name != 0)
			return refuse(reason, TWZ_ERR_BAD_FORMAT, "timer");
		return TWZ_OK;
	case TWZ_EVENT_BOOT:
		if (event->period_ms != 0 || event->name != 0)
			return refuse(reason, TWZ_ERR_BAD_FORMAT, "boot event");
		return TWZ_OK;
	case TWZ_EVENT_APPLICATION:
		length = string_length(image, event->name);
		if (length <= 0 || length >= (int64_t)TWZ_HANDLER_NAME_MAX || event->period_ms != 0)
			return refuse(reason, TWZ_ERR_BAD_FORMAT, "event name");
		for (int64_t i = 0; i < length; i++)
			if (!name_byte(((const char *)image)[event->name + i]))
				return refuse(reason, TWZ_ERR_BAD_FORMAT, "event name");
		return TWZ_OK;
	default:
		return refuse(reason, TWZ_ERR_NOT_SUPPORTED, "event kind");
	}
}

twz_result handler_image_check_tables(const struct twz_handler_image *image, const char **reason)
{
	const struct twz_handler_image_event *events = handler_image_events(image);
	const struct twz_handler_image_output *outputs = handler_image_outputs(image);
	twz_result result;
	int64_t length;

	if (image->event_count == 0 ||
	    !table_valid(image, image->events_offset, image->event_count, sizeof(*events)))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "event table");
	if (!table_valid(image, image->outputs_offset, image->output_count, sizeof(*outputs)))
		return refuse(reason, TWZ_ERR_BAD_FORMAT, "output table");
	for (uint32_t i = 0; i < image->event_count; i++) {
		result = check_event(image, &events[i], reason);
		if (result < 0)
			return result;
	}
	for (uint32_t i = 0; i < image->output_count; i++) {
		if (outputs[i].kind != TWZ_OUTPUT_APPEND)
			return refuse(reason, TWZ_ERR_NOT_SUPPORTED, "output kind");
		length = string_length(image, outputs[i].path);
		if (length <= 1 || length >= (int64_t)TWZ_HANDLER_PATH_MAX ||
		    ((const char *)image)[outputs[i].path] != '/')
			return refuse(reason, TWZ_ERR_BAD_FORMAT, "output path");
	}
	return TWZ_OK;
}

uint64_t handler_image_checksum(uint64_t sum, uint64_t offset, const void *bytes, uint64_t length)
{
	const uint64_t field = offsetof(struct twz_handler_image, checksum);

	for (uint64_t i = 0; i < length; i++) {
		uint64_t at = offset + i;
		bool own = at >= field && at < field + sizeof(uint64_t);

		sum = (sum ^ (own ? 0 : ((const unsigned char *)bytes)[i])) * 0x100000001b3ull;
	}
	return sum;
}
