/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as files have them: size, mode, times, links; making and unlinking them. */
#include "files/objectfs_internal.h"

struct twz_object_meta *rt_meta(const struct twz_rt_object *object)
{
	return (struct twz_object_meta *)(object->start + TWZ_META_OFFSET);
}

uint64_t rt_content_limit(const struct twz_rt_object *object)
{
	uint32_t entries = __atomic_load_n(&rt_meta(object)->fot_count, __ATOMIC_RELAXED);
	uint64_t table = rt_round_up(entries * sizeof(struct twz_fot_entry), TWZ_PAGE_SIZE);
	uint64_t whole = TWZ_META_OFFSET - TWZ_BASE_OFFSET;
	return entries > TWZ_FOT_MAX || table > whole ? 0 : whole - table;
}

uint64_t rt_content_size(const struct twz_rt_object *object)
{
	uint64_t size = __atomic_load_n(&rt_meta(object)->size, __ATOMIC_ACQUIRE);
	uint64_t limit = rt_content_limit(object);
	return size < limit ? size : limit;
}

uint32_t rt_object_file_kind(uint32_t kind)
{
	if (kind == TWZ_KIND_DIRECTORY)
		return TWZ_FILE_DIRECTORY;
	return kind == TWZ_KIND_SYMLINK ? TWZ_FILE_SYMLINK : TWZ_FILE_REGULAR;
}

twz_result rt_object_open(struct twz_id id, bool write, struct twz_rt_object *out)
{
	twz_result result =
		twz_rt_object_map(id, TWZ_RIGHT_READ | (write ? TWZ_RIGHT_WRITE : 0), out);
	if (write && result == RT_ERROR(ACCESS_DENIED))
		return RT_ERROR(READ_ONLY);
	return result;
}

void rt_object_stat(const struct twz_rt_object *object, uint32_t device, struct twz_rt_stat *out)
{
	const volatile struct twz_object_meta *meta = rt_meta(object);
	struct twz_object_stat stat = {0};
	out->device = TWZ_DEVICE_MEMORY + device;
	out->inode = object->id.lo;
	out->object = object->id;
	out->kind = rt_object_file_kind(meta->kind);
	out->mode = meta->mode & 07777;
	out->links = meta->links != 0 ? meta->links : 1;
	out->access_time = out->modify_time = out->change_time = meta->mtime;
	if (out->kind != TWZ_FILE_DIRECTORY)
		out->size = rt_content_size(object);
	if (twz_sys_object_stat(object->id.hi, object->id.lo, &stat) >= 0)
		out->blocks = stat.pages * (TWZ_PAGE_SIZE / 512);
	if (out->blocks * 512 < out->size)
		out->blocks = (out->size + 511) / 512; /* pages that are not resident */
}

void rt_object_touch(const struct twz_rt_object *object, uint64_t modify)
{
	__atomic_store_n(&rt_meta(object)->mtime, modify, __ATOMIC_RELAXED);
}

twz_result rt_object_make(uint32_t kind, uint32_t device, uint32_t mode, struct twz_rt_object *out)
{
	struct twz_object_spec spec = {
		.kind = kind,
		.flags = device == RT_OBJECTS_PERSISTENT ? TWZ_OBJECT_PERSISTENT : 0,
	};
	struct twz_id id;
	twz_result result = twz_rt_object_create(&spec, &id);
	if (result < 0)
		return result;
	result = twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, out);
	if (result < 0) {
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
		return result;
	}
	rt_meta(out)->mode = mode & 07777;
	rt_meta(out)->links = 1;
	rt_object_touch(out, twz_rt_clock(TWZ_CLOCK_REALTIME));
	return 0;
}

twz_result rt_object_settle(const struct twz_rt_object *object, uint32_t device)
{
	if (device != RT_OBJECTS_PERSISTENT)
		return 0;
	return twz_rt_object_cmd(object->id, TWZ_OBJECT_SYNC, 0);
}

/* Each holds a reference of its own. */
#define KEPT 16u
static struct twz_rt_object kept[KEPT];
static unsigned next_kept;

void rt_directory_keep(const struct twz_rt_object *directory)
{
	struct twz_rt_object fresh, old = {.start = NULL};
	bool known = false;
	rt_lock(&rt_locks[RT_LOCK_DIRECTORIES]);
	/* By id: it may be mapped here twice, once for reading only, and is kept once. */
	for (unsigned i = 0; i < KEPT && !known; i++)
		known = kept[i].start != NULL && twz_id_equal(kept[i].id, directory->id);
	if (!known && twz_rt_object_map(directory->id, directory->rights, &fresh) >= 0) {
		old = kept[next_kept % KEPT];
		kept[next_kept++ % KEPT] = fresh;
	}
	rt_unlock(&rt_locks[RT_LOCK_DIRECTORIES]);
	if (old.start != NULL)
		twz_rt_object_release(&old);
}

void rt_directory_drop(struct twz_id id)
{
	struct twz_rt_object old = {.start = NULL};
	rt_lock(&rt_locks[RT_LOCK_DIRECTORIES]);
	for (unsigned i = 0; i < KEPT; i++) {
		if (kept[i].start != NULL && twz_id_equal(kept[i].id, id)) {
			old = kept[i];
			kept[i].start = NULL;
		}
	}
	rt_unlock(&rt_locks[RT_LOCK_DIRECTORIES]);
	if (old.start != NULL)
		twz_rt_object_release(&old);
}

void rt_object_unlink(struct twz_id id)
{
	struct twz_rt_object object;
	rt_directory_drop(id);
	/* What nobody may write (the initial image's) keeps its count and its bytes. */
	if (rt_object_open(id, true, &object) < 0)
		return;
	uint64_t *links = &rt_meta(&object)->links;
	uint64_t seen = __atomic_load_n(links, __ATOMIC_RELAXED);
	while (seen > 1 && !__atomic_compare_exchange_n(links, &seen, seen - 1, false,
							__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		continue;
	/* Open files keep the memory until they are closed. */
	if (seen <= 1)
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
	twz_rt_object_release(&object);
}

twz_result rt_object_relink(struct twz_id id)
{
	struct twz_rt_object object;
	twz_result result = rt_object_open(id, true, &object);
	if (result < 0)
		return result;
	__atomic_fetch_add(&rt_meta(&object)->links, 1, __ATOMIC_ACQ_REL);
	twz_rt_object_release(&object);
	return 0;
}
