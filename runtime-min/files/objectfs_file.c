/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files and directories that are objects. */
#include "files/objectfs_internal.h"

struct object_file {
	struct rt_file file;
	struct twz_rt_object object;
	uint32_t device;
	bool is_root; /* of the name tree: mounts are listed too */
};

static struct object_file *of(struct rt_file *file)
{
	return (struct object_file *)file;
}

static uint8_t *content(struct rt_file *file)
{
	return of(file)->object.start + TWZ_BASE_OFFSET;
}

static twz_result object_read(struct rt_file *file, void *buffer, size_t length, uint64_t offset)
{
	uint64_t size = rt_content_size(&of(file)->object);
	if (offset >= size)
		return 0;
	if (length > size - offset)
		length = size - offset;
	twz_result error;
	size_t left = rt_copy(buffer, content(file) + offset, length, &error);
	if (left == length && length != 0)
		return error;
	return (twz_result)(length - left);
}

/* Takes room at the end in one step, so that appends of several programs do not overlap. */
static twz_result take_end(struct rt_file *file, size_t *length, uint64_t *offset)
{
	uint64_t *size = &rt_meta(&of(file)->object)->size;
	uint64_t limit = rt_content_limit(&of(file)->object);
	uint64_t seen = __atomic_load_n(size, __ATOMIC_RELAXED);
	uint64_t part;
	do {
		if (seen >= limit)
			return RT_ERROR(TOO_LARGE);
		part = *length < limit - seen ? *length : limit - seen;
	} while (!__atomic_compare_exchange_n(size, &seen, seen + part, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	*offset = seen;
	*length = part;
	return 0;
}

/* Gives back what was taken but not written, unless others have appended behind it: then it stays,
 * as zeroes. */
static void give_end(struct rt_file *file, uint64_t taken, uint64_t written)
{
	uint64_t *size = &rt_meta(&of(file)->object)->size;
	__atomic_compare_exchange_n(size, &taken, written, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

static void reach(struct rt_file *file, uint64_t end)
{
	uint64_t *size = &rt_meta(&of(file)->object)->size;
	uint64_t seen = __atomic_load_n(size, __ATOMIC_RELAXED);
	while (seen < end && !__atomic_compare_exchange_n(size, &seen, end, false, __ATOMIC_RELEASE,
							  __ATOMIC_RELAXED))
		continue;
}

/* Memory is what a volatile file has for space. */
static twz_result object_write(struct rt_file *file, const void *buffer, size_t length,
			       uint64_t offset)
{
	twz_result error;
	size_t left;
	if (offset == RT_APPEND) {
		twz_result result = take_end(file, &length, &offset);
		if (result < 0)
			return result;
		left = rt_copy(content(file) + offset, buffer, length, &error);
		if (left != 0)
			give_end(file, offset + length, offset + length - left);
	} else {
		uint64_t limit = rt_content_limit(&of(file)->object);
		if (offset >= limit)
			return RT_ERROR(TOO_LARGE);
		if (length > limit - offset)
			length = limit - offset;
		left = rt_copy(content(file) + offset, buffer, length, &error);
		if (left != length)
			reach(file, offset + length - left);
	}
	if (left == length && length != 0)
		return error == RT_ERROR(OUT_OF_MEMORY) ? RT_ERROR(NO_SPACE) : error;
	length -= left;
	rt_object_touch(&of(file)->object, twz_rt_clock(TWZ_CLOCK_REALTIME));
	return (twz_result)length;
}

static twz_result object_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	rt_object_stat(&of(file)->object, of(file)->device, out);
	return 0;
}

static twz_result object_truncate(struct rt_file *file, uint64_t size)
{
	struct twz_rt_object *object = &of(file)->object;
	if (size > rt_content_limit(object))
		return RT_ERROR(TOO_LARGE);
	uint64_t old = rt_content_size(object);
	__atomic_store_n(&rt_meta(object)->size, size, __ATOMIC_RELEASE);
	rt_object_touch(object, twz_rt_clock(TWZ_CLOCK_REALTIME));
	if (old <= size)
		return 0;
	/* Bytes past the end are zero: that is what a later growth shows. */
	uint64_t page = rt_round_up(size, TWZ_PAGE_SIZE), end = rt_round_up(old, TWZ_PAGE_SIZE);
	memset(content(file) + size, 0, (page < old ? page : old) - size);
	if (end <= page)
		return 0;
	return twz_sys_object_discard(object->id.hi, object->id.lo, TWZ_BASE_OFFSET + page,
				      end - page);
}

static twz_result object_sync(struct rt_file *file)
{
	return rt_object_settle(&of(file)->object, of(file)->device);
}

/* Runs on a mapping of its own: a descriptor that only reads may still change mode and times. */
static twz_result set_meta(struct rt_file *file, bool has_mode, uint32_t mode, uint64_t modify)
{
	struct twz_rt_object object;
	twz_result result = rt_object_open(of(file)->object.id, true, &object);
	if (result < 0)
		return result;
	if (has_mode)
		__atomic_store_n(&rt_meta(&object)->mode, mode, __ATOMIC_RELAXED);
	else if (modify != TWZ_TIME_OMIT)
		rt_object_touch(&object, modify);
	twz_rt_object_release(&object);
	return 0;
}

static twz_result object_set_mode(struct rt_file *file, uint32_t mode)
{
	return set_meta(file, true, mode, 0);
}

static twz_result object_set_times(struct rt_file *file, uint64_t access, uint64_t modify)
{
	(void)access;
	return set_meta(file, false, 0, modify);
}

static twz_result object_id(struct rt_file *file, struct twz_id *id)
{
	*id = of(file)->object.id;
	return 0;
}

static twz_result object_pass(struct rt_file *file, struct twz_rt_passed_fd *out)
{
	out->kind = TWZ_PASS_OBJECT;
	out->handle = of(file)->device;
	out->id = of(file)->object.id;
	return 0;
}

static void object_close(struct rt_file *file)
{
	twz_rt_object_release(&of(file)->object);
}

/* The root's list begins with what is mounted there and has no entry of its own. */
static bool next_mount(struct rt_file *file, uint64_t index, struct twz_rt_dirent *out, bool *shown)
{
	struct twz_directory_entry entry;
	const char *name = rt_mount_name(index);
	if (name == NULL)
		return false;
	size_t length = rt_string_length(name);
	*shown = twz_directory_lookup(of(file)->object.start, TWZ_DIRECTORY_LIMIT, name, length,
				      &entry) < 0;
	*out = (struct twz_rt_dirent){
		.inode = index + 1,
		.next = index + 1,
		.kind = TWZ_FILE_DIRECTORY,
		.length = (uint32_t)length,
	};
	memcpy(out->name, name, length);
	return true;
}

/*
 * In the root, positions up to MOUNT_POSITIONS count mounts and the directory's own cursors follow;
 * those are 63-bit hashes, so that this few low values are free.
 */
#define MOUNT_POSITIONS 8u

static twz_result object_enumerate(struct rt_file *file, uint64_t *position,
				   struct twz_rt_dirent *entries, size_t count)
{
	size_t made = 0;
	if (*position == 0)
		rt_directory_settle(&of(file)->object);
	while (of(file)->is_root && made < count && *position < MOUNT_POSITIONS) {
		bool shown = false;
		if (!next_mount(file, *position, &entries[made], &shown)) {
			*position = MOUNT_POSITIONS;
			break;
		}
		++*position;
		if (shown)
			made++;
	}
	while (made < count) {
		struct twz_directory_entry entry;
		uint64_t cursor = *position;
		if (of(file)->is_root && cursor == MOUNT_POSITIONS)
			cursor = 0;
		twz_result result = twz_directory_next(of(file)->object.start, TWZ_DIRECTORY_LIMIT,
						       &cursor, &entry);
		if (result < 0)
			return made != 0 ? (twz_result)made : result;
		if (result == 0)
			break;
		*position = cursor;
		entries[made] = (struct twz_rt_dirent){
			.inode = entry.id.lo,
			.next = cursor,
			.kind = rt_object_file_kind(entry.kind),
			.length = entry.length,
		};
		memcpy(entries[made].name, entry.name, entry.length);
		made++;
	}
	return (twz_result)made;
}

#define OBJECT_OPS(file_kind, is_seekable)                                                    \
	.kind = file_kind, .seekable = is_seekable, .stat = object_stat, .sync = object_sync, \
	.set_mode = object_set_mode, .set_times = object_set_times, .object = object_id,      \
	.pass = object_pass, .close = object_close, .size = sizeof(struct object_file)

static const struct rt_kind_ops kinds = {
	.regular = {OBJECT_OPS(TWZ_FILE_REGULAR, true), .read = object_read, .write = object_write,
		    .truncate = object_truncate},
	.directory = {OBJECT_OPS(TWZ_FILE_DIRECTORY, false), .enumerate = object_enumerate},
	.link = {OBJECT_OPS(TWZ_FILE_SYMLINK, false)},
};

twz_result rt_object_file(const struct twz_rt_object *object, uint32_t kind, uint32_t device,
			  uint32_t flags, struct rt_file **out)
{
	struct rt_place root;
	*out = rt_file_new_of(&kinds, kind, flags);
	if (*out == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	of(*out)->object = *object;
	of(*out)->device = device;
	of(*out)->is_root = rt_mount_root(&root) >= 0 && twz_id_equal(root.id, object->id);
	return 0;
}
