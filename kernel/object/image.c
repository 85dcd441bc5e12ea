/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The initial image: its objects read their pages in place, where the boot loader put them.
 * Everything in the image is checked before it is used; what is wrong ends the boot with the
 * reason.
 */
#include <boot.h>
#include <heap.h>
#include <image.h>
#include <log.h>
#include <main.h>
#include <object.h>
#include <string.h>

static const struct twz_image_header *header;
static const struct twz_image_object *objects;
static const struct twz_image_extent *extents;

/* The extents of an object do not overlap and are sorted by offset. */
static twz_result fetch(struct object *object, uint64_t page, bool write, struct object_page *out)
{
	const struct twz_image_object *entry = object->pager_data;
	uint32_t low = entry->first_extent, high = low + entry->extent_count;

	(void)write;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct twz_image_extent *extent = &extents[middle];
		uint64_t first = extent->offset / PAGE_SIZE;

		if (page < first) {
			high = middle;
		} else if (page >= first + extent->pages) {
			low = middle + 1;
		} else {
			out->frame =
				boot_info.image.start + extent->source + (page - first) * PAGE_SIZE;
			out->flags = OBJECT_PAGE_COPY;
			return TWZ_OK;
		}
	}
	return TWZ_OK;
}

static const struct object_pager image_pager = {.fetch = fetch};

static uint64_t checksum(const void *bytes, uint64_t length, uint64_t hash)
{
	const uint8_t *p = bytes;

	for (uint64_t i = 0; i < length; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ull;
	return hash;
}

static bool table_inside(uint64_t offset, uint64_t count, uint64_t size)
{
	uint64_t bytes;

	return offset % 8 == 0 && !__builtin_mul_overflow(count, size, &bytes) &&
	       offset <= header->size && bytes <= header->size - offset;
}

static const char *check_extents(const struct twz_image_object *object)
{
	uint64_t end = 0;

	if (object->first_extent > header->extent_count ||
	    object->extent_count > header->extent_count - object->first_extent)
		return "an object's extents lie outside the table";
	for (uint32_t i = 0; i < object->extent_count; i++) {
		const struct twz_image_extent *e = &extents[object->first_extent + i];

		if ((e->source | e->offset) % PAGE_SIZE || e->source > header->size ||
		    e->pages > (header->size - e->source) / PAGE_SIZE)
			return "an extent lies outside the image";
		if (e->offset < end || e->offset > TWZ_SLOT_SIZE ||
		    e->pages > (TWZ_SLOT_SIZE - e->offset) / PAGE_SIZE)
			return "extents overlap or leave their object";
		end = e->offset + e->pages * PAGE_SIZE;
	}
	return NULL;
}

static const char *check_image(void)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	if (boot_info.image.length < sizeof(*header) || header->magic != TWZ_IMAGE_MAGIC)
		return "not an image";
	if (header->version != TWZ_IMAGE_VERSION || header->page_size != PAGE_SIZE)
		return "of another version: rebuild it with this tree's mkimage";
	if (header->size > boot_info.image.length)
		return "truncated";
	if (!table_inside(header->objects_offset, header->object_count, sizeof(*objects)) ||
	    !table_inside(header->extents_offset, header->extent_count, sizeof(*extents)))
		return "its tables lie outside";
	objects = (const void *)((const char *)header + header->objects_offset);
	extents = (const void *)((const char *)header + header->extents_offset);
	hash = checksum(objects, header->object_count * sizeof(*objects), hash);
	hash = checksum(extents, header->extent_count * sizeof(*extents), hash);
	if (hash != header->checksum)
		return "its tables have a wrong checksum";
	for (uint64_t i = 0; i < header->object_count; i++) {
		const char *wrong = check_extents(&objects[i]);

		if (wrong)
			return wrong;
	}
	return NULL;
}

void image_init(void)
{
	const char *wrong;

	if (!boot_info.image.length)
		panic("no initial image: pass one as the first module (QEMU: -initrd)");
	if (boot_info.image.start % PAGE_SIZE)
		panic("the initial image is not page-aligned at %lx", boot_info.image.start);
	header = phys_to_virt(boot_info.image.start);
	wrong = check_image();
	if (wrong)
		panic("the initial image is unusable: %s", wrong);
	for (uint64_t i = 0; i < header->object_count; i++) {
		const struct twz_image_object *entry = &objects[i];
		/* names come and go in memory, from the image's on; the files' bytes stay as they
		 * are */
		bool names = entry->kind == TWZ_KIND_DIRECTORY;
		uint32_t rights = entry->protections & (TWZ_RIGHT_READ | TWZ_RIGHT_EXEC);
		struct object *object;

		if (object_make_paged(entry->id, names ? 0 : OBJECT_SEALED, entry->kind,
				      names ? TWZ_RIGHT_READ | TWZ_RIGHT_WRITE : rights,
				      &image_pager, (void *)entry, &object) < 0)
			panic("out of memory or a doubled id in the initial image");
		object_put(object);
	}
	log_line("image: %lu objects", header->object_count);
}

struct twz_id image_names(void)
{
	return header->names;
}

struct twz_id image_first_program(void)
{
	return header->init;
}
