/* SPDX-License-Identifier: BSD-2-Clause */
/* mkimage: lays the tree out as objects and writes the image. */
#include "mkimage.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <twizzler/image.h>
#include <twz/directory.h>
#include <twz/id.h>

struct image {
	const struct image_options *options;
	FILE *file;
	char *temporary;
	struct twz_image_object *objects;
	struct twz_image_extent *extents;
	uint64_t object_count, extent_count;
	uint64_t position; /* of the next page in the file */
};

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + TWZ_PAGE_SIZE - 1) / TWZ_PAGE_SIZE;
}

static size_t count_nodes(const struct node *node)
{
	size_t count = 1;

	for (size_t i = 0; i < node->child_count; i++)
		count += count_nodes(node->children[i]);
	return count;
}

/* Ids depend on the path and the image's nonce alone. */
static void name_nodes(struct node *node, const char *nonce, const char *path)
{
	struct twz_blake2b hash;
	uint64_t digest[2];
	uint32_t protections = TWZ_RIGHT_READ | (node->kind == TWZ_KIND_FILE ? TWZ_RIGHT_EXEC : 0);

	twz_blake2b_init(&hash, sizeof(digest));
	twz_blake2b_update(&hash, nonce, strlen(nonce) + 1);
	twz_blake2b_update(&hash, path, strlen(path));
	twz_blake2b_final(&hash, digest);
	node->nonce.hi = digest[0];
	node->nonce.lo = digest[1];
	node->id = twz_id_derive(node->nonce, TWZ_ID_NONE, protections);
	for (size_t i = 0; i < node->child_count; i++) {
		char *below = allocate(strlen(path) + strlen(node->children[i]->name) + 2);
		sprintf(below, "%s/%s", path, node->children[i]->name);
		name_nodes(node->children[i], nonce, below);
		free(below);
	}
}

static void put(struct image *image, const void *data, size_t size)
{
	static const uint8_t zero[TWZ_PAGE_SIZE];
	size_t pad = pages_of(size) * TWZ_PAGE_SIZE - size;

	if ((size && fwrite(data, size, 1, image->file) != 1) ||
	    (pad && fwrite(zero, pad, 1, image->file) != 1))
		die("%s: %s", image->temporary, strerror(errno));
	image->position += size + pad;
}

static void put_extent(struct image *image, uint64_t offset, const void *data, uint64_t size)
{
	if (size == 0)
		return;
	image->extents[image->extent_count++] = (struct twz_image_extent){
		.source = image->position, .offset = offset, .pages = pages_of(size)};
	put(image, data, size);
}

static void put_meta(struct image *image, const struct node *node, uint32_t protections)
{
	struct twz_object_meta meta = {
		.magic = TWZ_META_MAGIC,
		.version = TWZ_META_VERSION,
		.kind = node->kind,
		.nonce = node->nonce,
		.protections = protections,
		.mode = node->mode,
		.size = node->size,
		.mtime = image->options->mtime,
		.links = 1,
	};

	put_extent(image, TWZ_META_OFFSET, &meta, sizeof(meta));
}

static void put_file(struct image *image, struct node *node)
{
	int file = open(node->source, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (file < 0 || fstat(file, &stat) != 0)
		die("%s: %s", node->source, strerror(errno));
	if (!S_ISREG(stat.st_mode))
		die("%s: not a regular file", node->source);
	node->size = (uint64_t)stat.st_size;
	if (node->size > TWZ_META_OFFSET - TWZ_BASE_OFFSET)
		die("%s: larger than an object", node->source);
	if (node->size) {
		void *data = mmap(NULL, node->size, PROT_READ, MAP_PRIVATE, file, 0);
		if (data == MAP_FAILED)
			die("%s: %s", node->source, strerror(errno));
		put_extent(image, TWZ_BASE_OFFSET, data, node->size);
		munmap(data, node->size);
	}
	close(file);
}

static void put_directory(struct image *image, struct node *node)
{
	uint64_t bytes = 0;
	void *start = mmap(NULL, TWZ_SLOT_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED)
		die("no address space for a directory: %s", strerror(errno));
	for (size_t i = 0; i < node->child_count; i++)
		bytes += strlen(node->children[i]->name);
	twz_result result = twz_directory_format(start, TWZ_DIRECTORY_LIMIT, node->id.lo,
						 node->parent->id, node->child_count, bytes);
	for (size_t i = 0; i < node->child_count && result == TWZ_OK; i++) {
		const struct node *below = node->children[i];
		result = twz_directory_insert(start, TWZ_DIRECTORY_LIMIT, below->name,
					      strlen(below->name), below->id, below->kind);
	}
	if (result == TWZ_OK)
		result = twz_directory_extent(start, TWZ_DIRECTORY_LIMIT);
	if (result < 0)
		die("directory '%s': error %d", node->name, (int)-result);
	put_extent(image, TWZ_BASE_OFFSET, (uint8_t *)start + TWZ_BASE_OFFSET,
		   (uint64_t)result - TWZ_BASE_OFFSET);
	munmap(start, TWZ_SLOT_SIZE);
}

static void put_node(struct image *image, struct node *node)
{
	struct twz_image_object *object = &image->objects[image->object_count++];

	object->id = node->id;
	object->kind = node->kind;
	object->protections = TWZ_RIGHT_READ | (node->kind == TWZ_KIND_FILE ? TWZ_RIGHT_EXEC : 0);
	object->first_extent = (uint32_t)image->extent_count;
	if (node->kind == TWZ_KIND_FILE) {
		put_file(image, node);
	} else if (node->kind == TWZ_KIND_DIRECTORY) {
		put_directory(image, node);
	} else {
		node->size = strlen(node->source);
		put_extent(image, TWZ_BASE_OFFSET, node->source, node->size);
	}
	put_meta(image, node, object->protections);
	object->extent_count = (uint32_t)image->extent_count - object->first_extent;
	for (size_t i = 0; i < node->child_count; i++)
		put_node(image, node->children[i]);
}

static int compare_objects(const void *a, const void *b)
{
	const struct twz_image_object *x = a, *y = b;

	if (x->id.hi != y->id.hi)
		return x->id.hi < y->id.hi ? -1 : 1;
	return x->id.lo == y->id.lo ? 0 : x->id.lo < y->id.lo ? -1 : 1;
}

static void put_tables(struct image *image, struct twz_image_header *header)
{
	size_t objects = image->object_count * sizeof(*image->objects);
	size_t extents = image->extent_count * sizeof(*image->extents);

	header->size = image->position;
	header->object_count = image->object_count;
	header->extent_count = image->extent_count;
	qsort(image->objects, image->object_count, sizeof(*image->objects), compare_objects);
	header->checksum = twz_fnv1a(TWZ_FNV_START, image->objects, objects);
	header->checksum = twz_fnv1a(header->checksum, image->extents, extents);
	rewind(image->file);
	put(image, header, sizeof(*header));
	put(image, image->objects, objects);
	put(image, image->extents, extents);
}

void image_write(struct node *root, const struct image_options *options)
{
	size_t count = count_nodes(root);
	struct image image = {.options = options};
	struct twz_image_header header = {
		.magic = TWZ_IMAGE_MAGIC, .version = TWZ_IMAGE_VERSION, .page_size = TWZ_PAGE_SIZE};

	name_nodes(root, options->nonce, "");
	image.objects = allocate(count * sizeof(*image.objects));
	image.extents = allocate(2 * count * sizeof(*image.extents));
	header.objects_offset = TWZ_PAGE_SIZE;
	header.extents_offset =
		header.objects_offset + pages_of(count * sizeof(*image.objects)) * TWZ_PAGE_SIZE;
	image.position = header.extents_offset +
			 pages_of(2 * count * sizeof(*image.extents)) * TWZ_PAGE_SIZE;
	header.names = root->id;
	if (options->init) {
		const struct node *init = tree_find(root, options->init);
		if (!init || init->kind != TWZ_KIND_FILE)
			die("--init %s: no such file in the image", options->init);
		header.init = init->id;
	}

	image.temporary = allocate(strlen(options->output) + 8);
	sprintf(image.temporary, "%s.tmp", options->output);
	image.file = fopen(image.temporary, "w+");
	unfinished = image.file ? image.temporary : NULL;
	if (!image.file || fseek(image.file, (long)image.position, SEEK_SET) != 0)
		die("%s: %s", image.temporary, strerror(errno));
	put_node(&image, root);
	put_tables(&image, &header);
	if (fclose(image.file) != 0 || rename(image.temporary, options->output) != 0)
		die("%s: %s", options->output, strerror(errno));
	unfinished = NULL;
	free(image.temporary);
	free(image.objects);
	free(image.extents);
}
