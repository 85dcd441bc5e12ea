/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own reading and writing of objects, and the meta page of fresh ones. */
#include <string.h>
#include "page_map.h"

void object_fill_meta(const struct object *object, void *page)
{
	struct twz_object_meta *meta = page;

	meta->magic = TWZ_META_MAGIC;
	meta->version = TWZ_META_VERSION;
	meta->kind = object->kind;
	meta->nonce = object->nonce;
	meta->owner = object->owner;
	meta->protections = object->protections;
}

static twz_result transfer(struct object *object, uint64_t offset, char *buffer, uint64_t length,
			   bool write)
{
	if (offset > TWZ_SLOT_SIZE || length > TWZ_SLOT_SIZE - offset)
		return -TWZ_ERR_INVALID_ARGUMENT;
	while (length) {
		uint64_t part = PAGE_SIZE - offset % PAGE_SIZE;
		twz_result error;
		physical_address frame = object_frame(object, offset, write, &error);
		char *bytes = phys_to_virt(frame) + offset % PAGE_SIZE;

		if (!frame)
			return error;
		if (part > length)
			part = length;
		if (write)
			memcpy(bytes, buffer, part);
		else
			memcpy(buffer, bytes, part);
		frame_unref(frame);
		offset += part;
		buffer += part;
		length -= part;
	}
	return TWZ_OK;
}

twz_result object_read(struct object *object, uint64_t offset, void *buffer, uint64_t length)
{
	return transfer(object, offset, buffer, length, false);
}

twz_result object_write(struct object *object, uint64_t offset, const void *buffer, uint64_t length)
{
	return transfer(object, offset, (char *)buffer, length, true);
}

bool object_peek(struct object *object, uint64_t offset, void *buffer, uint64_t length)
{
	uint64_t flags = spin_lock(&object->lock);
	volatile uint64_t *entry =
		page_map_goes(object) ? NULL : page_map_entry(object, offset / PAGE_SIZE, false);
	bool there = entry && pte_has_frame(*entry);

	if (there)
		memcpy(buffer, (char *)phys_to_virt(pte_frame(*entry)) + offset % PAGE_SIZE,
		       length);
	spin_unlock(&object->lock, flags);
	return there;
}
