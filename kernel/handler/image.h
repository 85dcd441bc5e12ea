/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks handler images; pure, also built on the host for tests and fuzzing. */
#ifndef KERNEL_HANDLER_IMAGE_H
#define KERNEL_HANDLER_IMAGE_H

#include <twizzler/handler_image.h>

/*
 * Whether the first sizeof(struct twz_handler_image) bytes of an image, whose object or file has
 * `available` bytes, make sense: magic, format, ABI version, sizes, names, budgets, segments. After
 * it image_size and header_size can be relied on. BAD_FORMAT or VERSION_MISMATCH; *reason gets a
 * text without full stop.
 */
twz_result handler_image_check_header(const struct twz_handler_image *image, uint64_t available,
				      const char **reason);

/*
 * Whether the tables and strings are right: `image` is followed by the rest of its header_size
 * bytes, and its header has been checked. BAD_FORMAT, NOT_SUPPORTED for an event kind that does not
 * exist yet.
 */
twz_result handler_image_check_tables(const struct twz_handler_image *image, const char **reason);

/* The checksum, part by part, of the file's bytes in order: start with _START, pass each part's
 * offset. */
#define HANDLER_CHECKSUM_START 0xcbf29ce484222325ull
uint64_t handler_image_checksum(uint64_t sum, uint64_t offset, const void *bytes, uint64_t length);

static inline const struct twz_handler_image_event *
handler_image_events(const struct twz_handler_image *image)
{
	return (const void *)((const char *)image + image->events_offset);
}

static inline const struct twz_handler_image_output *
handler_image_outputs(const struct twz_handler_image *image)
{
	return (const void *)((const char *)image + image->outputs_offset);
}

#endif
