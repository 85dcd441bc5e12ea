/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls that libtwz uses, on Linux: objects are memory files, slots are parts of a
 * reserved range. */
#define _GNU_SOURCE
#include "../internal.h"
#include "host.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <twizzler/object.h>
#include <twz/id.h>
#include <twz/sys.h>

#define SLOTS 512

struct host_object {
	struct twz_id id;
	struct host_object *next;
	struct twz_id tie;
	uint32_t flags, kind;
	int file;
	int deleted;
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct host_object *objects;
static uint8_t *reserved; /* SLOTS slots, 1 GiB-aligned */
static struct host_object *mapped[SLOTS];
static uint64_t counter, next_slot, syncs;
static uint32_t told_flags;
static twz_result sync_result;
static struct twz_id names, view = {0x766965770000ull, 1};

static struct host_object *find(struct twz_id id)
{
	struct host_object *at = objects;

	while (at && (at->deleted || !twz_id_equal(at->id, id)))
		at = at->next;
	return at;
}

static void reserve(void)
{
	if (reserved)
		return;
	uint8_t *memory = mmap(NULL, (SLOTS + 1) * TWZ_SLOT_SIZE, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	reserved = (uint8_t *)(((uintptr_t)memory + TWZ_SLOT_SIZE - 1) &
			       ~(uintptr_t)(TWZ_SLOT_SIZE - 1));
}

/* The parts of the source that are there. */
static bool copy_source(const struct twz_object_source *source, int to)
{
	const struct host_object *from = find(source->id);
	uint64_t at = source->src, end = source->src + source->len;
	static uint8_t page[TWZ_PAGE_SIZE];

	while (from && at < end) {
		off_t data = lseek(from->file, (off_t)at, SEEK_DATA);
		if (data < 0 || (uint64_t)data >= end)
			return true;
		at = (uint64_t)data & ~(TWZ_PAGE_SIZE - 1);
		if (pread(from->file, page, sizeof(page), (off_t)at) != sizeof(page) ||
		    pwrite(to, page, sizeof(page), (off_t)(at - source->src + source->dst)) !=
			    sizeof(page))
			abort();
		at += sizeof(page);
	}
	return from != NULL;
}

/* A memory file, or one without a name in the directory TWZ_HOST_DIRECTORY. */
static int new_file(void)
{
	const char *directory = getenv("TWZ_HOST_DIRECTORY");
	int file = directory ? open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
			     : memfd_create("object", MFD_CLOEXEC);

	if (file < 0 || ftruncate(file, (off_t)TWZ_SLOT_SIZE) != 0)
		abort();
	return file;
}

/* In a directory flushed lines are durable (MAP_SYNC), or it is no DAX file and the map fails. */
static int map_kind(void)
{
	return getenv("TWZ_HOST_DIRECTORY") ? MAP_SHARED_VALIDATE | MAP_SYNC : MAP_SHARED;
}

twz_result twz_sys_object_create(const struct twz_object_spec *spec, struct twz_id *id)
{
	struct host_object *object = calloc(1, sizeof(*object));
	if (!object)
		return -TWZ_ERR_OUT_OF_MEMORY;
	object->file = new_file();
	pthread_mutex_lock(&guard);
	struct twz_id nonce = {++counter, 1};
	object->id = twz_id_derive(nonce, spec->owner, spec->protections);
	object->flags = spec->flags;
	object->kind = spec->kind;
	object->tie = spec->tie;
	if (!(spec->flags & TWZ_OBJECT_RAW)) {
		struct twz_object_meta meta = {.magic = TWZ_META_MAGIC,
					       .version = TWZ_META_VERSION,
					       .kind = spec->kind,
					       .nonce = nonce,
					       .protections = spec->protections};
		if (pwrite(object->file, &meta, sizeof(meta), (off_t)TWZ_META_OFFSET) !=
		    sizeof(meta))
			abort();
	}
	bool copied = true;
	for (uint64_t i = 0; i < spec->source_count && copied; i++)
		copied = copy_source(&spec->sources[i], object->file);
	if (!copied) {
		close(object->file);
		free(object);
		pthread_mutex_unlock(&guard);
		return -TWZ_ERR_NO_SUCH_OBJECT;
	}
	object->next = objects;
	objects = object;
	*id = object->id;
	pthread_mutex_unlock(&guard);
	return TWZ_OK;
}

static int is_mapped(const struct host_object *object)
{
	for (int i = 0; i < SLOTS; i++)
		if (mapped[i] == object)
			return 1;
	return 0;
}

/* Frees what is deleted and mapped nowhere. */
static void sweep(void)
{
	for (struct host_object **link = &objects; *link;) {
		struct host_object *object = *link;
		if (!object->deleted || is_mapped(object)) {
			link = &object->next;
			continue;
		}
		*link = object->next;
		close(object->file);
		free(object);
	}
}

/* The object and what is tied to it, to any depth. */
static void delete_tied(struct host_object *object)
{
	object->deleted = 1;
	for (struct host_object *at = objects; at; at = at->next)
		if (!at->deleted && twz_id_equal(at->tie, object->id))
			delete_tied(at);
}

twz_result twz_sys_object_tie(uint64_t hi, uint64_t lo, uint64_t owner_hi, uint64_t owner_lo)
{
	struct twz_id owner = {owner_hi, owner_lo};

	pthread_mutex_lock(&guard);
	struct host_object *object = find((struct twz_id){hi, lo});
	if (object && !twz_id_is_none(owner) && !find(owner))
		object = NULL;
	if (object)
		object->tie = owner;
	pthread_mutex_unlock(&guard);
	return object ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
}

twz_result twz_sys_object_delete(uint64_t hi, uint64_t lo)
{
	pthread_mutex_lock(&guard);
	struct host_object *object = find((struct twz_id){hi, lo});
	if (object)
		delete_tied(object);
	sweep();
	pthread_mutex_unlock(&guard);
	return object ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
}

twz_result twz_sys_object_stat(uint64_t hi, uint64_t lo, struct twz_object_stat *out)
{
	pthread_mutex_lock(&guard);
	struct host_object *object = find((struct twz_id){hi, lo});
	if (object)
		*out = (struct twz_object_stat){.id = object->id,
						.flags = object->flags | told_flags,
						.kind = object->kind,
						.rights = TWZ_RIGHTS_ALL};
	pthread_mutex_unlock(&guard);
	return object ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
}

twz_result twz_sys_object_sync(uint64_t hi, uint64_t lo, uint64_t offset, uint64_t length)
{
	(void)offset;
	(void)length;
	syncs++;
	if (sync_result < 0)
		return sync_result;
	return find((struct twz_id){hi, lo}) ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
}

twz_result twz_sys_view_map(const struct twz_map *map)
{
	twz_result result = -TWZ_ERR_TOO_MANY;

	pthread_mutex_lock(&guard);
	reserve();
	struct host_object *object = find(map->object);
	for (uint64_t i = 0; object && i < SLOTS; i++) {
		uint64_t slot = (next_slot + i) % SLOTS;
		if (mapped[slot])
			continue;
		uint8_t *at = reserved + slot * TWZ_SLOT_SIZE;
		int protection = PROT_READ | (map->rights & TWZ_RIGHT_WRITE ? PROT_WRITE : 0);
		size_t hidden = object->flags & TWZ_OBJECT_RAW ? 0 : TWZ_PAGE_SIZE;
		if (mmap(at + hidden, TWZ_SLOT_SIZE - hidden, protection, map_kind() | MAP_FIXED,
			 object->file, (off_t)hidden) == MAP_FAILED)
			abort();
		mapped[slot] = object;
		result = (twz_result)((uintptr_t)at >> TWZ_SLOT_SHIFT);
		break;
	}
	pthread_mutex_unlock(&guard);
	return object ? result : -TWZ_ERR_NO_SUCH_OBJECT;
}

static struct host_object **slot_at(uint64_t slot)
{
	uint64_t first = (uintptr_t)reserved >> TWZ_SLOT_SHIFT;

	return slot >= first && slot < first + SLOTS ? &mapped[slot - first] : NULL;
}

twz_result twz_sys_view_unmap(uint64_t view_hi, uint64_t view_lo, uint64_t slot)
{
	twz_result result = -TWZ_ERR_NOT_FOUND;

	(void)view_hi;
	(void)view_lo;
	pthread_mutex_lock(&guard);
	struct host_object **at = slot_at(slot);
	if (at && *at) {
		if (mmap((void *)(slot << TWZ_SLOT_SHIFT), TWZ_SLOT_SIZE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			abort();
		*at = NULL;
		sweep();
		result = TWZ_OK;
	}
	pthread_mutex_unlock(&guard);
	return result;
}

twz_result twz_sys_view_entry(uint64_t view_hi, uint64_t view_lo, uint64_t slot,
			      struct twz_map *out)
{
	(void)view_hi;
	(void)view_lo;
	struct host_object **at = slot_at(slot);
	if (!at || !*at)
		return -TWZ_ERR_NOT_FOUND;
	*out = (struct twz_map){
		.object = (*at)->id, .slot = slot, .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE};
	return TWZ_OK;
}

twz_result twz_sys_thread_control(uint64_t command, uint64_t argument)
{
	if (command != TWZ_THREAD_VIEW)
		return -TWZ_ERR_NOT_SUPPORTED;
	*(struct twz_id *)(uintptr_t)argument = view;
	return TWZ_OK;
}

/* Waiting is giving way; the caller looks again. */
twz_result twz_sys_thread_sync(const struct twz_sync_op *ops, uint64_t count, uint64_t deadline)
{
	(void)ops;
	(void)count;
	(void)deadline;
	sched_yield();
	return 0;
}

twz_result twz_sys_clock_read(uint32_t clock)
{
	struct timespec time;

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

twz_result twz_sys_system_info(struct twz_system_info *out)
{
	*out = (struct twz_system_info){.store_names = names, .cpus = 1};
	return TWZ_OK;
}

void host_set_names(struct twz_id id)
{
	names = id;
}

uint64_t host_mapped(void)
{
	uint64_t count = 0;

	for (int i = 0; i < SLOTS; i++)
		count += mapped[i] != NULL;
	return count;
}

uint64_t host_objects(void)
{
	uint64_t count = 0;

	for (struct host_object *at = objects; at; at = at->next)
		count += !at->deleted;
	return count;
}

void host_new_view(void)
{
	host_set_view(view.lo + 1);
}

uint64_t host_view(void)
{
	return view.lo;
}

void host_set_view(uint64_t number)
{
	view.lo = number;
	twz_internal_forget_self();
}

uint64_t host_slot_of(const void *start)
{
	return (uint64_t)((const uint8_t *)start - reserved) / TWZ_SLOT_SIZE;
}

void host_set_next_slot(uint64_t slot)
{
	next_slot = slot;
}

void host_set_disk(bool disk, twz_result result)
{
	told_flags = disk ? TWZ_OBJECT_BY_SYNC : 0;
	sync_result = result;
}

uint64_t host_syncs(void)
{
	return syncs;
}
