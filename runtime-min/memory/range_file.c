/* SPDX-License-Identifier: BSD-2-Clause */
/* Address ranges that show files: private ones by copy-on-write, shared ones by the file's object.
 */
#include "memory/arena.h"
#include "fd/fd.h"

struct copy_source {
	struct twz_id file;
	uint64_t offset;
	uint64_t start; /* address that the offset goes to */
	uint64_t length;
};

static twz_result copy_part(struct rt_slot *slot, uint64_t offset, uint64_t length,
			    uint64_t argument)
{
	const struct copy_source *source = (const struct copy_source *)argument;
	struct twz_copy_range range = {
		.destination = slot->id,
		.destination_offset = offset,
		.source = source->file,
		.source_offset = source->offset + (slot->range.start + offset - source->start),
		.length = length,
	};
	return twz_sys_object_copy_range(&range);
}

/* Fills a private mapping with a file's bytes: by reference where the file is an object. */
static twz_result fill(int fd, uint64_t offset, uint64_t start, uint64_t length)
{
	struct twz_rt_stat stat;
	struct copy_source source = {.offset = TWZ_BASE_OFFSET + offset, .start = start};
	twz_result result = twz_rt_fd_stat(fd, &stat);
	if (result < 0)
		return result;
	if (stat.kind == TWZ_FILE_REGULAR && twz_rt_fd_object(fd, &source.file) >= 0) {
		if (offset >= stat.size)
			return 0;
		source.length = rt_round_up(stat.size - offset, TWZ_PAGE_SIZE);
		if (source.length > length)
			source.length = length;
		rt_lock(&rt_range_lock);
		result = rt_each_part(start, source.length, copy_part, (uint64_t)&source);
		rt_unlock(&rt_range_lock);
		/* The kernel does not find what has no name any more; the open file still has its
		 * bytes. */
		if (result != RT_ERROR(NO_SUCH_OBJECT))
			return result;
	}
	while (length != 0) {
		result = twz_rt_fd_read(fd, (void *)start, length, offset);
		if (result <= 0)
			return result;
		start += (uint64_t)result;
		offset += (uint64_t)result;
		length -= (uint64_t)result;
	}
	return 0;
}

twz_result rt_map_private_file(uint64_t hint, uint64_t length, uint32_t rights, uint32_t flags,
			       int fd, uint64_t offset, uint64_t *start)
{
	uint32_t open_flags;
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);
	if (result < 0)
		return result;
	open_flags = (uint32_t)result;
	if (!(open_flags & TWZ_OPEN_READ))
		return RT_ERROR(ACCESS_DENIED);
	result = rt_map_arena(hint, length, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, flags, start);
	if (result < 0)
		return result;
	result = fill(fd, offset, *start, length);
	if (result >= 0) {
		rt_lock(&rt_range_lock);
		result = rt_arena_protect(*start, length, rights);
		rt_unlock(&rt_range_lock);
	}
	if (result < 0)
		twz_rt_range_unmap((void *)*start, length);
	return result;
}

twz_result rt_map_shared_file(uint64_t hint, uint64_t length, uint32_t rights, uint32_t flags,
			      int fd, uint64_t offset, uint64_t *start)
{
	struct twz_id id;
	struct twz_rt_object object;
	struct twz_object_stat stat;
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);
	if (result < 0)
		return result;
	uint32_t open = (uint32_t)result;
	if (!(open & TWZ_OPEN_READ) || ((rights & TWZ_RIGHT_WRITE) && !(open & TWZ_OPEN_WRITE)))
		return RT_ERROR(ACCESS_DENIED);
	if (offset > TWZ_META_OFFSET - TWZ_BASE_OFFSET ||
	    length > TWZ_META_OFFSET - TWZ_BASE_OFFSET - offset)
		return RT_ERROR(NO_SPACE);
	result = twz_rt_fd_object(fd, &id);
	if (result >= 0)
		result = twz_sys_object_stat(id.hi, id.lo, &stat);
	/* A file without a name is gone for the kernel's table of ids: its descriptor shows it. */
	if (result == RT_ERROR(NO_SUCH_OBJECT)) {
		stat.flags = 0;
		rights |= open & TWZ_OPEN_WRITE ? TWZ_RIGHT_WRITE : 0;
		result = 0;
	}
	if (result >= 0)
		result = twz_rt_object_map(id, rights | TWZ_RIGHT_READ, &object);
	if (result < 0)
		return result;
	*start = (uint64_t)object.start + TWZ_BASE_OFFSET + offset;
	struct rt_slot *slot = NULL;
	bool first;
	rt_lock(&rt_range_lock);
	first = rt_slot_at(*start) == NULL;
	if ((flags & (TWZ_RANGE_FIXED | TWZ_RANGE_FIXED_NEW)) && *start != hint)
		result = RT_ERROR(NOT_SUPPORTED); /* a shared file is where its object is */
	if (result >= 0)
		result = rt_nodes_reserve(2);
	if (result >= 0)
		result = rt_slot_shared_file((uint64_t)object.start, id, object.rights,
					     stat.flags & TWZ_OBJECT_PERSISTENT, &slot);
	if (result >= 0) {
		struct rt_range *piece = rt_pool_take(&rt_nodes, sizeof(struct rt_slot));
		piece->start = *start;
		piece->length = length;
		piece->left = slot->pieces;
		slot->pieces = piece;
	}
	rt_unlock(&rt_range_lock);
	/* The record holds one reference for all its pieces. */
	if (result < 0 || !first)
		twz_rt_object_release(&object);
	return result < 0 ? result : 0;
}
