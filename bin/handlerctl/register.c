/* SPDX-License-Identifier: BSD-2-Clause */
/* handlerctl register: puts an image into an object, finds its outputs, asks the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <twizzler/handler_image.h>
#include <twizzler/rt/object.h>
#include <twz/sys.h>
#include "handlerctl.h"

/* An image as read; the kernel checks it, here only what is used here. */
struct image {
	const char *file;
	uint8_t *bytes;
	size_t size;
	const struct twz_handler_image *header;
};

static int read_image(const char *file, struct image *image)
{
	struct stat stat;
	size_t at = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return complain(file, "%s", strerror(errno));
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
		close(fd);
		return complain(file, "not a regular file");
	}
	image->file = file;
	image->size = (size_t)stat.st_size;
	image->bytes = malloc(image->size ? image->size : 1);
	while (image->bytes && at < image->size) {
		ssize_t got = read(fd, image->bytes + at, image->size - at);

		if (got <= 0)
			break;
		at += (size_t)got;
	}
	close(fd);
	if (!image->bytes)
		return complain(file, "out of memory");
	if (at < image->size)
		return complain(file, "cannot be read: %s", strerror(errno));
	image->header = (const void *)image->bytes;
	if (image->size < sizeof(*image->header) || image->header->magic != TWZ_HANDLER_MAGIC)
		return complain(file,
				"not a handler image; compile one with x86_64-twizzler-handlerc");
	return 0;
}

/* The path of an output, or NULL where the image's tables are wrong. */
static const char *output_path(const struct image *image, uint32_t index)
{
	const struct twz_handler_image *header = image->header;
	uint64_t at =
		header->outputs_offset + (uint64_t)index * sizeof(struct twz_handler_image_output);
	struct twz_handler_image_output output;

	if (at + sizeof(output) > image->size)
		return NULL;
	memcpy(&output, image->bytes + at, sizeof(output));
	if (output.path >= image->size ||
	    !memchr(image->bytes + output.path, 0, image->size - output.path))
		return NULL;
	return (const char *)image->bytes + output.path;
}

static int find_outputs(const struct image *image, struct twz_id **out)
{
	uint32_t count = image->header->output_count;
	struct twz_id *ids;

	if (count > image->size / sizeof(struct twz_handler_image_output))
		return complain(image->file, "malformed handler image; compile it again");
	ids = calloc(count ? count : 1, sizeof(*ids));
	if (!ids)
		return complain(image->file, "out of memory");
	for (uint32_t i = 0; i < count; i++) {
		const char *path = output_path(image, i);

		if (!path) {
			free(ids);
			return complain(image->file, "malformed handler image; compile it again");
		}
		if (output_object(path, &ids[i])) {
			free(ids);
			return 1;
		}
	}
	*out = ids;
	return 0;
}

/* Why the kernel has refused, with the mend. */
static int refused(const struct image *image, twz_result error)
{
	const struct twz_handler_image *header = image->header;
	const struct twz_abi_version *abi = &header->abi;

	switch (-error) {
	case TWZ_ERR_BAD_FORMAT:
		return complain(image->file,
				"malformed or truncated handler image; compile it again");
	case TWZ_ERR_CORRUPT:
		return complain(image->file,
				"damaged handler image (checksum); compile or copy it again");
	case TWZ_ERR_VERSION_MISMATCH:
		if (header->format != TWZ_HANDLER_FORMAT)
			return complain(
				image->file,
				"image format %u, and this system takes %u; compile it again",
				header->format, TWZ_HANDLER_FORMAT);
		return complain(
			image->file,
			"made for ABI %u.%u.%u, and this system has %u.%u.%u; compile it again",
			abi->major, abi->minor, abi->patch, TWZ_ABI_MAJOR, TWZ_ABI_MINOR,
			TWZ_ABI_PATCH);
	case TWZ_ERR_EXISTS:
		return complain(image->file,
				"the globals have changed and the version has not; raise .version");
	case TWZ_ERR_NO_SPACE:
		return complain(image->file, "no space left in the store");
	default:
		return complain(image->file, "%s", twz_error_text(error));
	}
}

static int register_image(const struct image *image, const struct twz_id *outputs)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_handler_spec handler = {.outputs = outputs,
					   .output_count = image->header->output_count};
	struct twz_rt_object object;
	twz_result result = twz_rt_object_create(&spec, &handler.image);

	if (result < 0)
		return complain(image->file, "%s", twz_error_text(result));
	result = twz_rt_object_map(handler.image, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object);
	if (result >= 0) {
		memcpy(object.start, image->bytes, image->size);
		result = twz_sys_handler_register(&handler);
		twz_rt_object_release(&object);
	}
	twz_rt_object_cmd(handler.image, TWZ_OBJECT_DELETE, 0);
	return result < 0 ? refused(image, result) : 0;
}

int command_register(int count, char **arguments)
{
	struct image image = {0};
	struct twz_id *outputs = NULL;
	int status;

	if (count != 1)
		return complain("register", "give one handler image (.twh)");
	status = read_image(arguments[0], &image);
	if (!status && image.header->image_size != image.size)
		status = refused(&image, -TWZ_ERR_BAD_FORMAT);
	if (!status)
		status = find_outputs(&image, &outputs);
	if (!status)
		status = register_image(&image, outputs);
	free(outputs);
	free(image.bytes);
	return status;
}
