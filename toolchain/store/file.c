/* SPDX-License-Identifier: BSD-2-Clause */
/* A file as the medium of a store. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "twzstore.h"

#define BLOCK 4096ull

static void *allocate(size_t size)
{
	void *memory = aligned_alloc(BLOCK, (size + BLOCK - 1) & ~(BLOCK - 1));

	return memory ? memset(memory, 0, size) : NULL;
}

static void release(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

const struct store_memory image_memory = {allocate, release};

static twz_result read_file(void *context, uint64_t block, uint64_t count, void *buffer)
{
	const struct image *image = context;
	char *to = buffer;
	uint64_t at = block * BLOCK, left = count * BLOCK;

	while (left > 0) {
		ssize_t got = pread(image->file, to, left, (off_t)at);
		if (got <= 0 && !(got < 0 && errno == EINTR))
			return -TWZ_ERR_IO;
		if (got > 0)
			to += got, at += (uint64_t)got, left -= (uint64_t)got;
	}
	return TWZ_OK;
}

static twz_result write_file(void *context, uint64_t block, uint64_t count, const void *buffer)
{
	const struct image *image = context;
	const char *from = buffer;
	uint64_t at = block * BLOCK, left = count * BLOCK;

	while (left > 0) {
		ssize_t put = pwrite(image->file, from, left, (off_t)at);
		if (put <= 0 && !(put < 0 && errno == EINTR))
			return -TWZ_ERR_IO;
		if (put > 0)
			from += put, at += (uint64_t)put, left -= (uint64_t)put;
	}
	return TWZ_OK;
}

static twz_result flush_file(void *context)
{
	const struct image *image = context;

	return fdatasync(image->file) == 0 ? TWZ_OK : -TWZ_ERR_IO;
}

int image_open_file(struct image *image, const char *path, bool write)
{
	struct stat status;

	*image = (struct image){.path = path};
	image->file = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (image->file < 0 || fstat(image->file, &status) != 0)
		return complain("%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return complain("%s: not a regular file", path);
	if (flock(image->file, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
		return complain("%s: in use; wait for the machine or tool that has it", path);
	image->medium = (struct store_medium){
		.size = (uint64_t)status.st_size / BLOCK * BLOCK,
		.read = read_file,
		.write = write_file,
		.flush = flush_file,
		.context = image,
	};
	return 0;
}

int image_open(struct image *image, const char *path, enum image_use use)
{
	const struct store_medium *medium = &image->medium;
	struct store *store = &image->store;
	const char *message;
	int code = image_open_file(image, path, use != IMAGE_READ);

	if (code != 0)
		return code;
	if (use == IMAGE_REPAIR) {
		if (store_open_to_repair(store, medium, &image_memory, &message) != TWZ_OK)
			return complain("%s: %s", path, message);
		image->open = true;
		return 0;
	}
	/* only mkfs makes a store: what is all zero is refused like anything else */
	twz_result result = store_open_readonly(store, medium, &image_memory, &message);
	if (result == TWZ_OK && use == IMAGE_WRITE) {
		store_close(store);
		result = store_open_medium(store, medium, TWZ_ID_NONE, &image_memory, &message);
	}
	if (result != TWZ_OK)
		return complain("%s: %s", path, message);
	image->open = true;
	return 0;
}

int image_close(struct image *image, int code)
{
	if (image->open) {
		if (!image->store.readonly && store_checkpoint(&image->store) != TWZ_OK)
			code = complain("%s: cannot be written: %s", image->path, strerror(errno));
		store_close(&image->store);
	}
	image->open = false;
	if (image->file >= 0)
		close(image->file);
	return code;
}
