/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine keeps or shares of the host: the store, directories by 9P, handler images. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

const char *machine_bus(const struct options *options)
{
	return options->machine == MACHINE_MICROVM ? "device"
						   : "pci,disable-legacy=on,ioeventfd=off";
}

bool storage_prepare(const struct options *options, uint64_t *size)
{
	int fd = open(options->store, O_RDWR | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && errno == ENOENT) {
		fd = open(options->store, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 && ftruncate(fd, (off_t)options->store_size) != 0) {
			complain("--store %s: %s", options->store, strerror(errno));
			unlink(options->store);
			close(fd);
			return false;
		}
	}
	if (fd < 0 || fstat(fd, &status) != 0) {
		complain("--store %s: %s", options->store, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	*size = (uint64_t)status.st_size;
	if (!S_ISREG(status.st_mode) || *size < (1u << 20) || *size % (1u << 20) != 0) {
		complain("--store %s: not a file of whole MiB; name a new file to have one made",
			 options->store);
		return false;
	}
	return true;
}

bool storage_add_store(struct strings *arguments, const struct options *options)
{
	uint64_t size = 0;

	if (!storage_prepare(options, &size))
		return false;
	char *path = escape_commas(options->store);
	if (options->store_disk) {
		strings_add(arguments, "-drive");
		strings_addf(arguments, "if=none,id=store,format=raw,discard=unmap,file=%s", path);
		strings_add(arguments, "-device");
		strings_addf(arguments, "virtio-blk-%s,drive=store", machine_bus(options));
		free(path);
		return true;
	}
	strings_add(arguments, "-object");
	strings_addf(arguments, "memory-backend-file,id=store,share=on,mem-path=%s,size=%llu", path,
		     (unsigned long long)size);
	strings_add(arguments, "-device");
	strings_add(arguments, "nvdimm,memdev=store");
	free(path);
	return true;
}

void storage_add_directory(struct strings *arguments, const struct options *options,
			   const char *path, const char *tag, bool read_only)
{
	char *escaped = escape_commas(path);

	strings_add(arguments, "-fsdev");
	strings_addf(arguments, "local,id=%s,path=%s,security_model=none,multidevs=remap%s", tag,
		     escaped, read_only ? ",readonly=on" : "");
	strings_add(arguments, "-device");
	strings_addf(arguments, "virtio-9p-%s,fsdev=%s,mount_tag=%s", machine_bus(options), tag,
		     tag);
	free(escaped);
}

/* Copies a handler image under a plain name into the scratch directory. */
static bool copy_handler(const char *path, const char *directory, size_t index, char **name)
{
	int from = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (from < 0 || fstat(from, &status) != 0) {
		complain("--handler %s: %s", path, strerror(errno));
		if (from >= 0)
			close(from);
		return false;
	}
	*name = format_string("%zu.twh", index);
	char *copy = format_string("%s/%s", directory, *name);
	int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	free(copy);
	bool good = to >= 0;
	for (off_t left = status.st_size; good && left > 0;) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)left);

		good = sent > 0;
		left -= sent;
	}
	if (!good)
		complain("--handler %s: cannot be copied: %s", path, strerror(errno));
	if (to >= 0)
		close(to);
	close(from);
	return good;
}

bool storage_add_handlers(struct strings *arguments, const struct options *options,
			  struct machine *machine, char **append)
{
	if (!scratch_make(&machine->scratch))
		return false;
	const char *directory = machine->scratch.path;
	for (size_t i = 0; i < options->handlers.count; i++) {
		char *name;

		if (!copy_handler(options->handlers.items[i], directory, i, &name))
			return false;
		char *longer = format_string("%s handler=/handler/%s", *append, name);
		free(name);
		free(*append);
		*append = longer;
	}
	storage_add_directory(arguments, options, directory, "handler", true);
	return true;
}
