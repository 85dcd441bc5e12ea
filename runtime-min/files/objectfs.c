/* SPDX-License-Identifier: BSD-2-Clause */
/* The name tree: walking, opening, making. */
#include "files/objectfs_internal.h"
#include "random.h"

twz_result rt_objectfs_root(struct twz_id id, uint32_t device, struct rt_place *place)
{
	*place = (struct rt_place){
		.fs = &rt_object_fs,
		.kind = TWZ_FILE_DIRECTORY,
		.device = device,
		.id = id,
	};
	return 0;
}

static twz_result object_step(struct rt_place *place, const char *name, size_t length)
{
	struct twz_rt_object directory;
	struct twz_directory_entry entry;
	twz_result result = rt_object_open(place->id, false, &directory);
	if (result < 0)
		return result;
	/* not every object is a directory: its bytes tell first */
	result = twz_directory_lookup(directory.start, TWZ_DIRECTORY_LIMIT, name, length, &entry);
	if ((result >= 0 || result == RT_ERROR(NOT_FOUND)) && rt_directory_settle(&directory) == 1)
		result = twz_directory_lookup(directory.start, TWZ_DIRECTORY_LIMIT, name, length,
					      &entry);
	rt_directory_keep(&directory);
	twz_rt_object_release(&directory);
	if (result < 0)
		return result;
	place->id = entry.id;
	place->kind = rt_object_file_kind(entry.kind);
	return 0;
}

static twz_result object_read_link(struct rt_place *place, char *buffer, size_t capacity)
{
	struct twz_rt_object link;
	twz_result result = rt_object_open(place->id, false, &link);
	if (result < 0)
		return result;
	uint64_t size = rt_content_size(&link);
	memcpy(buffer, link.start + TWZ_BASE_OFFSET, size < capacity ? size : capacity);
	twz_rt_object_release(&link);
	return (twz_result)size;
}

static twz_result object_stat(struct rt_place *place, struct twz_rt_stat *out)
{
	struct twz_rt_object object;
	twz_result result = rt_object_open(place->id, false, &object);
	if (result < 0)
		return result;
	rt_object_stat(&object, place->device, out);
	twz_rt_object_release(&object);
	return 0;
}

static twz_result open_kind(struct twz_id id, uint32_t kind, uint32_t device, uint32_t flags,
			    struct rt_file **out)
{
	struct twz_rt_object object;
	bool write = (flags & TWZ_OPEN_WRITE) && !(flags & TWZ_OPEN_PATH);
	twz_result result = rt_object_open(id, write, &object);
	if (result < 0)
		return result;
	result = rt_object_file(&object, kind, device, flags, out);
	if (result < 0)
		twz_rt_object_release(&object);
	return result;
}

static twz_result object_open(struct rt_place *place, uint32_t flags, struct rt_file **out)
{
	return open_kind(place->id, place->kind, place->device, flags, out);
}

twz_result rt_objectfs_open(struct twz_id id, uint32_t device, uint32_t flags, struct rt_file **out)
{
	struct twz_rt_object object;
	if (device > RT_OBJECTS_PERSISTENT)
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result result = rt_object_open(id, false, &object);
	if (result < 0)
		return result;
	uint32_t kind = rt_object_file_kind(rt_meta(&object)->kind);
	twz_rt_object_release(&object);
	return open_kind(id, kind, device, flags, out);
}

/* Enters a new object in a directory; where that fails the object goes again. */
static twz_result enter(struct rt_place *place, struct rt_name name,
			const struct twz_rt_object *object, uint32_t kind)
{
	/* The name must not become durable before what it names. */
	twz_result result = rt_object_settle(object, place->device);
	if (result >= 0)
		result = rt_directory_enter(place, name, object->id, kind);
	if (result < 0)
		twz_rt_object_cmd(object->id, TWZ_OBJECT_DELETE, 0);
	return result;
}

static twz_result object_create(struct rt_place *place, struct rt_name name, uint32_t flags,
				uint32_t mode, struct rt_file **out)
{
	struct twz_rt_object object;
	twz_result result = rt_object_make(TWZ_KIND_FILE, place->device, mode, &object);
	if (result < 0)
		return result;
	result = rt_object_file(&object, TWZ_FILE_REGULAR, place->device, flags, out);
	if (result < 0) {
		twz_rt_object_cmd(object.id, TWZ_OBJECT_DELETE, 0);
		twz_rt_object_release(&object);
		return result;
	}
	result = enter(place, name, &object, TWZ_KIND_FILE);
	if (result < 0)
		rt_file_put(*out);
	return result;
}

static twz_result object_make_directory(struct rt_place *place, struct rt_name name, uint32_t mode)
{
	struct twz_rt_object object;
	uint64_t seed;
	twz_result result = rt_random_weak(&seed, sizeof(seed));
	if (result >= 0)
		result = rt_object_make(TWZ_KIND_DIRECTORY, place->device, mode, &object);
	if (result < 0)
		return result;
	result = twz_directory_format(object.start, TWZ_DIRECTORY_LIMIT, seed, place->id, 0, 0);
	if (result < 0)
		twz_rt_object_cmd(object.id, TWZ_OBJECT_DELETE, 0);
	else
		result = enter(place, name, &object, TWZ_KIND_DIRECTORY);
	twz_rt_object_release(&object);
	return result;
}

static twz_result object_make_link(struct rt_place *place, struct rt_name name, const char *target,
				   size_t length)
{
	struct twz_rt_object object;
	twz_result result = rt_object_make(TWZ_KIND_SYMLINK, place->device, 0777, &object);
	if (result < 0)
		return result;
	memcpy(object.start + TWZ_BASE_OFFSET, target, length);
	rt_meta(&object)->size = length;
	result = enter(place, name, &object, TWZ_KIND_SYMLINK);
	twz_rt_object_release(&object);
	return result;
}

static twz_result object_set_times(struct rt_place *place, uint64_t access, uint64_t modify)
{
	struct twz_rt_object object;
	(void)access;
	twz_result result = rt_object_open(place->id, true, &object);
	if (result < 0)
		return result;
	if (modify != TWZ_TIME_OMIT)
		rt_object_touch(&object, modify);
	twz_rt_object_release(&object);
	return 0;
}

const struct rt_fs rt_object_fs = {
	.step = object_step,
	.read_link = object_read_link,
	.stat = object_stat,
	.open = object_open,
	.create = object_create,
	.make_directory = object_make_directory,
	.make_link = object_make_link,
	.remove = rt_object_fs_remove,
	.rename = rt_object_fs_rename,
	.link = rt_object_fs_link,
	.set_times = object_set_times,
};
