/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/null, /dev/zero and /dev/random as files. */
#include "fd/fd.h"

struct device_file {
	struct rt_file file;
	uint32_t device;
};

enum { NULL_DEVICE = 0, ZERO_DEVICE = 1, RANDOM_DEVICE = 2, DEVICES = 3 };

static uint32_t number(struct rt_file *file)
{
	return ((struct device_file *)file)->device;
}

static twz_result device_read(struct rt_file *file, void *buffer, size_t length, uint64_t offset)
{
	(void)offset;
	if (number(file) == NULL_DEVICE)
		return 0;
	if (number(file) == RANDOM_DEVICE) {
		twz_result result = twz_rt_random(buffer, length);
		return result < 0 ? result : (twz_result)length;
	}
	static const uint8_t zeroes[4096];
	for (size_t done = 0; done < length;) {
		size_t part = length - done < sizeof(zeroes) ? length - done : sizeof(zeroes);
		twz_result error;
		size_t left = rt_copy((uint8_t *)buffer + done, zeroes, part, &error);
		done += part - left;
		if (left != 0)
			return done != 0 ? (twz_result)done : error;
	}
	return (twz_result)length;
}

static twz_result device_write(struct rt_file *file, const void *buffer, size_t length,
			       uint64_t offset)
{
	(void)file;
	(void)buffer;
	(void)offset;
	return (twz_result)length;
}

static twz_result device_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	out->device = 3;
	out->inode = number(file) + 2u;
	return 0;
}

static twz_result device_pass(struct rt_file *file, struct twz_rt_passed_fd *out)
{
	out->kind = TWZ_PASS_DEVICE;
	out->handle = number(file);
	return 0;
}

static const struct rt_file_ops device_ops = {
	.kind = TWZ_FILE_DEVICE,
	.seekable = true,
	.read = device_read,
	.write = device_write,
	.stat = device_stat,
	.pass = device_pass,
	.size = sizeof(struct device_file),
};

twz_result rt_device_open(uint32_t device, uint32_t flags, struct rt_file **out)
{
	if (device >= DEVICES)
		return RT_ERROR(NOT_FOUND);
	*out = rt_file_new(&device_ops, flags);
	if (*out == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	((struct device_file *)*out)->device = device;
	return 0;
}
