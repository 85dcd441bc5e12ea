/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is mounted where: the name tree at /, the store's at /store, host directories, devices,
 * /proc; and in /dev the name tree's own /dev/shm and /dev/mqueue, which the devices would hide.
 */
#include "files/hostfs.h"
#include "files/objectfs.h"
#include "files/path.h"

enum mount_kind { MOUNT_DEVICES, MOUNT_PROC, MOUNT_HOST, MOUNT_STORE, MOUNT_NAMES };

struct mount {
	const char *name;     /* below the root directory; those in it come first */
	enum mount_kind kind; /* NAMES: the directory of that name in the name tree */
	const char *tag;      /* of the 9P device, for host directories */
	bool read_only;
};

static const struct mount mounts[] = {
	{"dev", MOUNT_DEVICES, NULL, false},   {"handler", MOUNT_HOST, "handler", true},
	{"host", MOUNT_HOST, "host", false},   {"program", MOUNT_HOST, "program", true},
	{"proc", MOUNT_PROC, NULL, true},      {"store", MOUNT_STORE, NULL, false},
	{"dev/shm", MOUNT_NAMES, NULL, false}, {"dev/mqueue", MOUNT_NAMES, NULL, false},
};
#define IN_ROOT 6u
#define MOUNTS	(sizeof(mounts) / sizeof(mounts[0]))

static twz_result roots(struct twz_id *names, struct twz_id *store)
{
	static bool asked;
	static struct twz_id known_names, known_store;
	twz_result result = 0;
	rt_lock(&rt_locks[RT_LOCK_MOUNT]);
	if (!asked) {
		struct twz_system_info info;
		result = twz_sys_system_info(&info);
		if (result >= 0) {
			known_names = info.names;
			known_store = info.store_names;
			asked = true;
		}
	}
	*names = known_names;
	*store = known_store;
	rt_unlock(&rt_locks[RT_LOCK_MOUNT]);
	return result;
}

twz_result rt_mount_root(struct rt_place *place)
{
	struct twz_id names, store;
	twz_result result = roots(&names, &store);
	if (result < 0)
		return result;
	if (twz_id_is_none(names)) {
		*place = (struct rt_place){
			.fs = &rt_device_fs,
			.kind = TWZ_FILE_DIRECTORY,
			.device = RT_DEVICE_FS_ROOT,
			.read_only = true,
		};
		return 0;
	}
	return rt_objectfs_root(names, RT_OBJECTS_VOLATILE, place);
}

/* Of a name in the root directory. */
static const struct mount *find(const char *name, size_t length)
{
	for (size_t i = 0; i < MOUNTS; i++) {
		if (length == rt_string_length(mounts[i].name) &&
		    memcmp(name, mounts[i].name, length) == 0)
			return &mounts[i];
	}
	return NULL;
}

/* The directory "dev/NAME" of the name tree. */
static twz_result enter_names(const char *name, struct twz_id names, struct rt_place *place)
{
	struct rt_place at;
	if (twz_id_is_none(names))
		return RT_ERROR(NOT_FOUND);
	twz_result result = rt_objectfs_root(names, RT_OBJECTS_VOLATILE, &at);
	while (result >= 0 && *name != 0) {
		size_t length = 0;
		while (name[length] != 0 && name[length] != '/')
			length++;
		result = at.fs->step(&at, name, length);
		name += length + (name[length] == '/');
	}
	if (result >= 0)
		*place = at;
	return result;
}

static twz_result enter(const struct mount *mount, struct rt_place *place)
{
	struct twz_id names, store;
	twz_result result;
	if (mount->kind == MOUNT_HOST)
		return rt_hostfs_root(mount->tag, mount->read_only, place);
	if (mount->kind == MOUNT_DEVICES) {
		*place = (struct rt_place){
			.fs = &rt_device_fs,
			.kind = TWZ_FILE_DIRECTORY,
			.device = RT_DEVICE_FS_DIRECTORY,
			.read_only = true,
		};
		return 0;
	}
	if (mount->kind == MOUNT_PROC) {
		*place = (struct rt_place){
			.fs = &rt_proc_fs,
			.kind = TWZ_FILE_DIRECTORY,
			.device = RT_PROC_FS_ROOT,
			.read_only = true,
		};
		return 0;
	}
	result = roots(&names, &store);
	if (result < 0)
		return result;
	if (mount->kind == MOUNT_NAMES)
		return enter_names(mount->name, names, place);
	if (twz_id_is_none(store))
		return RT_ERROR(NOT_FOUND);
	return rt_objectfs_root(store, RT_OBJECTS_PERSISTENT, place);
}

bool rt_mount_at(const char *path, size_t length, struct rt_place *place, twz_result *error)
{
	const struct mount *mount =
		length != 0 && path[0] == '/' ? find(path + 1, length - 1) : NULL;
	*error = 0;
	if (mount == NULL)
		return false;
	twz_result result = enter(mount, place);
	/* What is not there may be a plain name of the directory. */
	if (result < 0 && result != RT_ERROR(NOT_FOUND))
		*error = result;
	return result >= 0;
}

bool rt_mount_has(const char *name, size_t length)
{
	struct rt_place place;
	const struct mount *mount = find(name, length);
	if (mount == NULL || enter(mount, &place) < 0)
		return false;
	rt_place_leave(&place);
	return true;
}

const char *rt_mount_name(size_t index)
{
	for (size_t i = 0; i < IN_ROOT; i++) {
		struct rt_place place;
		if (enter(&mounts[i], &place) < 0)
			continue;
		rt_place_leave(&place);
		if (index-- == 0)
			return mounts[i].name;
	}
	return NULL;
}
