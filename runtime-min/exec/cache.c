/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of host files that were spawned, so that a program started again is neither read again
 * nor held in memory twice: images are copy-on-write copies of these objects.
 */
#include "exec/exec.h"

/* Above this many bytes the entry used longest ago goes. */
#define CACHE_BYTES_MAX (64ull << 20)
#define READ_CHUNK	(256ull << 10)

struct exec_cache_entry {
	struct exec_cache_entry *next;		   /* most recently used first */
	uint64_t device, inode, modify_time, size; /* of the file */
	uint64_t bytes;				   /* held, the same for the same file */
	struct twz_id source;
	uint32_t users;
};

static struct rt_lock cache_lock;
static struct exec_cache_entry *cache;
static uint64_t cache_bytes;

twz_result exec_stage(int fd, uint64_t size, struct twz_id *out)
{
	if (size > TWZ_SLOT_SIZE)
		return -TWZ_ERR_BAD_FORMAT;
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = rt_self_view()};
	twz_result result = twz_sys_object_create(&spec, out);
	if (result < 0)
		return result;
	struct twz_map map = {.object = *out,
			      .slot = TWZ_SLOT_ANY,
			      .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE,
			      .inherit = TWZ_INHERIT_NONE};
	twz_result slot = twz_sys_view_map(&map);
	result = slot;
	if (slot >= 0) {
		uint8_t *bytes = (uint8_t *)((uint64_t)slot << TWZ_SLOT_SHIFT);
		uint64_t at = 0;
		while (result >= 0 && at < size) {
			uint64_t chunk = size - at < READ_CHUNK ? size - at : READ_CHUNK;
			result = twz_rt_fd_read(fd, bytes + at, chunk, at);
			if (result == 0)
				result = -TWZ_ERR_BAD_FORMAT; /* it has become shorter */
			if (result > 0)
				at += (uint64_t)result;
		}
		twz_sys_view_unmap(0, 0, (uint64_t)slot);
	}
	if (result < 0)
		twz_sys_object_delete(out->hi, out->lo);
	return result < 0 ? result : 0;
}

static void drop(struct exec_cache_entry **link)
{
	struct exec_cache_entry *entry = *link;
	*link = entry->next;
	cache_bytes -= entry->bytes;
	twz_sys_object_delete(entry->source.hi, entry->source.lo);
	twz_rt_free(entry, sizeof(*entry), _Alignof(struct exec_cache_entry));
}

/* Drops unused entries from the end until `bytes` more fit, and those of older states of the file.
 */
static void make_room(uint64_t bytes, const struct twz_rt_stat *stat)
{
	for (struct exec_cache_entry **link = &cache; *link != NULL;) {
		struct exec_cache_entry *entry = *link;
		if (entry->users == 0 && entry->device == stat->device &&
		    entry->inode == stat->inode)
			drop(link);
		else
			link = &entry->next;
	}
	while (cache_bytes + bytes > CACHE_BYTES_MAX) {
		struct exec_cache_entry **last = NULL;
		for (struct exec_cache_entry **link = &cache; *link != NULL;
		     link = &(*link)->next) {
			if ((*link)->users == 0)
				last = link;
		}
		if (last == NULL)
			return;
		drop(last);
	}
}

static struct exec_cache_entry *find(const struct twz_rt_stat *stat)
{
	for (struct exec_cache_entry **link = &cache; *link != NULL; link = &(*link)->next) {
		struct exec_cache_entry *entry = *link;
		if (entry->device == stat->device && entry->inode == stat->inode &&
		    entry->modify_time == stat->modify_time && entry->size == stat->size) {
			*link = entry->next;
			entry->next = cache;
			cache = entry;
			return entry;
		}
	}
	return NULL;
}

twz_result exec_cache_get(int fd, const struct twz_rt_stat *stat, uint64_t bytes,
			  struct exec_cache_entry **out, struct twz_id *source)
{
	twz_result result = 0;
	rt_lock(&cache_lock);
	struct exec_cache_entry *entry = find(stat);
	if (entry == NULL) {
		make_room(bytes, stat);
		entry = twz_rt_malloc(sizeof(*entry), _Alignof(struct exec_cache_entry), 0);
		if (entry == NULL) {
			result = -TWZ_ERR_OUT_OF_MEMORY;
			goto out;
		}
		*entry = (struct exec_cache_entry){.device = stat->device,
						   .inode = stat->inode,
						   .modify_time = stat->modify_time,
						   .size = stat->size,
						   .bytes = bytes};
		result = exec_stage(fd, bytes, &entry->source);
		if (result < 0) {
			twz_rt_free(entry, sizeof(*entry), _Alignof(struct exec_cache_entry));
			goto out;
		}
		entry->next = cache;
		cache = entry;
		cache_bytes += entry->bytes;
	}
	entry->users++;
	*out = entry;
	*source = entry->source;
out:
	rt_unlock(&cache_lock);
	return result;
}

void exec_cache_put(struct exec_cache_entry *entry)
{
	rt_lock(&cache_lock);
	entry->users--;
	rt_unlock(&cache_lock);
}

void exec_cache_before_fork(void)
{
	rt_lock(&cache_lock);
}

void exec_cache_after_fork(bool child)
{
	/* The objects are the parent's and go with it. */
	while (child && cache != NULL) {
		struct exec_cache_entry *entry = cache;
		cache = entry->next;
		cache_bytes -= entry->bytes;
		twz_rt_free(entry, sizeof(*entry), _Alignof(struct exec_cache_entry));
	}
	rt_unlock(&cache_lock);
}
