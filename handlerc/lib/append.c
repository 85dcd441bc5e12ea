/* SPDX-License-Identifier: BSD-2-Clause */
/* Outputs: appends gathered in the run slot, committed by handler_return. */
#include "run.h"

/* The declarations of TWZ_MAY_APPEND, in the manifest's order (handler.ld). */
extern const struct twz_handler_output twz_outputs_start[], twz_outputs_end[];

static int64_t output_index(const char *path)
{
	for (const struct twz_handler_output *o = twz_outputs_start; o < twz_outputs_end; o++) {
		const char *a = o->path, *b = path;

		while (*a && *a == *b)
			a++, b++;
		if (*a == *b)
			return o - twz_outputs_start;
	}
	return -TWZ_ERR_ACCESS_DENIED;
}

/* Room for one more record's bytes; 0 when not even its header fits. */
static uint64_t room(const struct twz_handler_entry *entry)
{
	uint64_t left = entry->output_size - entry->output_used;

	return left > sizeof(struct twz_handler_append) ? left - sizeof(struct twz_handler_append)
							: 0;
}

static char *bytes_of_next(const struct twz_handler_entry *entry)
{
	return (char *)(entry->output + entry->output_used + sizeof(struct twz_handler_append));
}

static int seal(struct twz_handler_entry *entry, int64_t output, uint64_t length)
{
	struct twz_handler_append *record =
		(struct twz_handler_append *)(entry->output + entry->output_used);
	uint64_t padded = (length + 7) & ~7ull;

	/* output_size is a multiple of 8, so the padding fits when the bytes do */
	if (entry->output_size - entry->output_used < sizeof(*record) || length > room(entry) ||
	    length > UINT32_MAX)
		return -TWZ_ERR_NO_SPACE;
	record->output = (uint32_t)output;
	record->length = (uint32_t)length;
	entry->output_used += sizeof(*record) + padded;
	return 0;
}

int twz_append(const char *path, const char *format, ...)
{
	struct twz_handler_entry *entry = run_entry();
	int64_t output = output_index(path), length;
	va_list arguments;

	if (output < 0)
		return (int)output;
	va_start(arguments, format);
	length = format_bytes(bytes_of_next(entry), room(entry), format, arguments);
	va_end(arguments);
	return length < 0 ? (int)length : seal(entry, output, (uint64_t)length);
}

int twz_append_bytes(const char *path, const void *bytes, size_t length)
{
	struct twz_handler_entry *entry = run_entry();
	int64_t output = output_index(path);

	if (output < 0)
		return (int)output;
	if (length > room(entry))
		return -TWZ_ERR_NO_SPACE;
	for (size_t i = 0; i < length; i++)
		bytes_of_next(entry)[i] = ((const char *)bytes)[i];
	return seal(entry, output, length);
}

int twz_format(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int64_t length;

	va_start(arguments, format);
	length = format_bytes(buffer, size ? size - 1 : 0, format, arguments);
	va_end(arguments);
	if (size)
		buffer[length < 0 ? 0 : (uint64_t)length < size ? (uint64_t)length : size - 1] = 0;
	return (int)length;
}
