/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile bytes in an object: meta page, Foreign Object Table, heap, log; and a directory. libtwz
 * may answer with an error; a touch outside the object's slot faults here, and so
 * fails the target.
 */
#include "object.h"
#include "internal.h"
#include <host/host.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <twz/directory.h>
#include <twz/fot.h>

#define LOG  (16u << 10)
#define META 8192u /* the meta page, and as much of the FOT */

static const struct {
	uint64_t at, size;
} parts[PARTS] = {
	{TWZ_BASE_OFFSET, DATA},
	{HEAP_LIMIT, LOG},
	{TWZ_SLOT_SIZE - META, META},
};

struct twz_object object;
static struct twz_object other;
static uint8_t *valid[PARTS];
static uint64_t runs;

static struct twz_object make(uint32_t kind)
{
	struct twz_object made;
	struct twz_id id;

	HOSTILE_MUST(twz_object_create(0, kind, &id) == TWZ_OK);
	HOSTILE_MUST(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &made) == TWZ_OK);
	return made;
}

static void keep(void)
{
	for (int i = 0; i < PARTS; i++) {
		valid[i] = malloc(parts[i].size);
		HOSTILE_MUST(valid[i]);
		memcpy(valid[i], object.start + parts[i].at, parts[i].size);
	}
}

/* An object with something of everything. */
static void make_collections(void)
{
	uint8_t key[8] = "key";

	object = make(TWZ_KIND_DATA);
	other = make(TWZ_KIND_DATA);
	HOSTILE_MUST(twz_heap_make(&object, sizeof(struct content)) == TWZ_OK);
	HOSTILE_MUST(twz_tx_open(&object) == TWZ_OK);
	for (int i = 0; i < OWNERS; i++)
		HOSTILE_MUST(twz_alloc(&object, (uint64_t)i * 9, &content()->owners[i]) == TWZ_OK);
	for (int i = 0; i < OWNERS; i += 3)
		HOSTILE_MUST(twz_free(&object, &content()->owners[i]) == TWZ_OK);
	for (int i = 0; i < 90; i++) {
		key[4] = (uint8_t)(i * 37);
		HOSTILE_MUST(twz_btree_put(&object, &content()->tree, key, 5, key,
					   (uint64_t)i % 9) == TWZ_OK);
		HOSTILE_MUST(twz_hashmap_put(&object, &content()->map, key, 5, key,
					     (uint64_t)i % 9) == TWZ_OK);
		HOSTILE_MUST(twz_list_append(&object, &content()->list, key, 5) == TWZ_OK);
		HOSTILE_MUST(twz_append_log_add(&object, &content()->log, key, 5 + (size_t)i % 3,
						NULL) == TWZ_OK);
	}
	HOSTILE_MUST(twz_queue_make((void *)content()->queue, 24, 7) == TWZ_OK);
	for (int i = 0; i < 4; i++)
		HOSTILE_MUST(twz_fot_insert(object.start, twz_object_meta(&other)->nonce,
					    i % 3 + 1) >= 0);
	keep();
}

/* Valid again, then the input's patches in one part; a tenth of them elsewhere. */
static void spoil(const uint8_t *data, size_t size, enum part part)
{
	struct patch patch;

	if (++runs % 64 == 0) { /* what the last ones left in the rest of the object */
		madvise(object.start + TWZ_BASE_OFFSET, HEAP_LIMIT - TWZ_BASE_OFFSET, MADV_REMOVE);
		madvise(object.start + HEAP_LIMIT, TWZ_SLOT_SIZE - HEAP_LIMIT, MADV_REMOVE);
	}
	for (int i = 0; i < PARTS; i++)
		memcpy(object.start + parts[i].at, valid[i], parts[i].size);
	hostile_begin(data, size);
	while (hostile_patch(&patch)) {
		enum part at = patch.where >> 28 == 0 ? patch.where >> 24 & 3 : part;
		uint64_t value = patch.value;
		if (at >= PARTS)
			at = part;
		if (patch.where >> 27 & 1) /* something that looks like a place */
			value = TWZ_BASE_OFFSET + value % (DATA / 16) * 16;
		uint64_t offset = (patch.where & 0xffffff) % (parts[at].size / 8) * 8;
		if (part == PART_META && patch.where >> 26 & 1) /* where most of it is */
			offset = META - TWZ_PAGE_SIZE - 512 + offset % 768;
		memcpy(object.start + parts[at].at + offset, &value, 8);
	}
	host_new_view();
	twz_object_forget(object.start);
}

void free_locks(void)
{
	struct twz_log_header *log = (void *)(object.start + HEAP_LIMIT);

	log->holder = TWZ_ID_NONE;
	uint64_t heap = twz_object_meta(&object)->heap;
	if (heap >= TWZ_BASE_OFFSET && heap <= HEAP_LIMIT - sizeof(struct twz_heap) &&
	    heap % 16 == 0)
		((struct twz_heap *)(object.start + heap))->holder = TWZ_ID_NONE;
	((struct twz_queue *)content()->queue)->holder = TWZ_ID_NONE;
}

void start(const uint8_t *data, size_t size, enum part part)
{
	if (!object.start)
		make_collections();
	spoil(data, size, part);
	free_locks();
}

static void use_heap(void)
{
	for (int i = 0; i < STEPS; i++) {
		twz_iptr *owner = &content()->owners[hostile_draw(OWNERS)].word;
		if (hostile_draw(2))
			twz_alloc_word(&object, hostile_draw(400), owner);
		else
			twz_free_word(&object, owner);
		free_locks();
	}
}

static void heap(const uint8_t *data, size_t size)
{
	start(data, size, PART_DATA);
	twz_heap_recover(object.start, HEAP_LIMIT);
	use_heap();
}

static void log_target(const uint8_t *data, size_t size)
{
	start(data, size, PART_LOG);
	if (twz_tx_open(&object) < 0)
		return;
	struct twz_tx tx;
	TWZ_TX(&tx, &object)
	{
		twz_tx_set(&tx, &content()->owners[0].word, 0);
		twz_tx_alloc(&tx, 40, &content()->owners[0]);
		if (hostile_draw(2))
			break;
	}
}

static void fot(const uint8_t *data, size_t size)
{
	start(data, size, PART_META);
	for (int i = 0; i < STEPS; i++) {
		uint64_t index = hostile_draw(16);
		uint8_t *target;
		struct twz_id id = {hostile_draw(4), hostile_draw(2)};
		switch (hostile_draw(4)) {
		case 0:
			twz_fot_resolve(object.start, index, &target);
			break;
		case 1:
			twz_fot_insert(object.start, id, (uint32_t)hostile_draw(8));
			break;
		case 2:
			twz_fot_insert_name(object.start, hostile_draw(1 << 20),
					    (uint32_t)hostile_draw(4));
			break;
		default:
			twz_fot_release(object.start, index);
		}
		twz_iptr *pointer = &content()->owners[i].word;
		*pointer = index << TWZ_IPTR_OFFSET_BITS | hostile_draw(1u << 31);
		void *out;
		twz_resolve(pointer, &out);
	}
}

static void meta(const uint8_t *data, size_t size)
{
	struct twz_object again;

	start(data, size, PART_META);
	if (twz_object_open(twz_object_meta(&other)->nonce, TWZ_RIGHT_READ, &again) == TWZ_OK)
		twz_object_close(&again);
	if (twz_tx_open(&object) < 0)
		return;
	use_heap();
	use_tree();
	twz_heap_make(&object, hostile_draw(1 << 20));
}

/* ---- a directory, in memory of just its size ---- */

#define DIRECTORY (16u << 10)

static void directory(const uint8_t *data, size_t size)
{
	static uint8_t *space, *copy;
	struct twz_directory_entry entry;
	struct patch patch;
	char name[40] = "name-00";
	uint64_t cursor = 0;

	if (!space) {
		HOSTILE_MUST(posix_memalign((void **)&space, 4096, DIRECTORY) == 0);
		HOSTILE_MUST((copy = malloc(DIRECTORY)) != NULL);
		memset(space, 0, DIRECTORY);
		HOSTILE_MUST(twz_directory_format(space, DIRECTORY, 3, (struct twz_id){1, 1}, 0,
						  0) == TWZ_OK);
		for (int i = 0; i < 40; i++) {
			name[6] = (char)('0' + i);
			HOSTILE_MUST(twz_directory_insert(space, DIRECTORY, name, 7,
							  (struct twz_id){3, 1}, 1) == TWZ_OK);
		}
		memcpy(copy, space, DIRECTORY);
	}
	memcpy(space, copy, DIRECTORY);
	hostile_begin(data, size);
	while (hostile_patch(&patch)) {
		uint64_t value = patch.value;
		if (patch.where >> 27 & 1)
			value = TWZ_BASE_OFFSET + value % ((DIRECTORY - TWZ_BASE_OFFSET) / 8) * 8;
		memcpy(space + TWZ_BASE_OFFSET +
			       (patch.where & 0xffffff) % ((DIRECTORY - TWZ_BASE_OFFSET) / 8) * 8,
		       &value, 8);
	}
	for (int i = 0; i < 200 && twz_directory_next(space, DIRECTORY, &cursor, &entry) == 1; i++)
		;
	twz_directory_extent(space, DIRECTORY);
	for (int i = 0; i < STEPS; i++) {
		char to[40] = "other-0";
		name[6] = (char)('0' + hostile_draw(48));
		to[6] = (char)('0' + hostile_draw(8));
		switch (hostile_draw(6)) {
		case 0:
			twz_directory_lookup(space, DIRECTORY, name, 7, &entry);
			break;
		case 1:
			twz_directory_remove(space, DIRECTORY, name, 7, NULL);
			break;
		case 2:
			twz_directory_rename(space, DIRECTORY, name, 7, to, 7, NULL);
			break;
		case 3:
			twz_directory_set_parent(space, DIRECTORY, (struct twz_id){2, 2});
			break;
		case 4:
			twz_directory_recover(space, DIRECTORY);
			twz_directory_is_empty(space, DIRECTORY);
			break;
		default:
			twz_directory_replace(space, DIRECTORY, name, 7, (struct twz_id){3, 1}, 1,
					      NULL);
		}
	}
}

const struct target object_targets[] = {
	{"meta", meta},		  {"fot", fot}, {"heap", heap}, {"log", log_target},
	{"directory", directory}, {0},
};
