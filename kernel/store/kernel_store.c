/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens the store at boot; without one, or with one that is refused, the system runs on memory
 * alone. */
#include <boot.h>
#include <disk.h>
#include <heap.h>
#include <log.h>
#include <main.h>
#include <nvdimm.h>
#include <persistent.h>
#include <platform.h>
#include <string.h>
#include <twz/directory.h>
#include <twz/id.h>
#include <twz/persist.h>
#include "kernel_store.h"

#define EXIT_NO_STORE 125 /* `store=required` on the command line, and there is none */

extern struct twz_id store_names_root;

static void *allocate(size_t size)
{
	return kernel_alloc(size);
}

static void release(void *memory, size_t size)
{
	(void)size;
	kernel_free(memory);
}

static const struct store_memory memory = {allocate, release};

/* The names of a new store: an empty directory that is its own parent. */
static twz_result make_names(struct store *store)
{
	struct twz_id nonce = object_make_nonce();
	struct store_object names = {
		.id = twz_id_derive(nonce, TWZ_ID_NONE, TWZ_RIGHTS_ALL),
		.nonce = nonce,
		.flags = TWZ_OBJECT_PERSISTENT,
		.kind = TWZ_KIND_DIRECTORY,
		.protections = TWZ_RIGHTS_ALL,
	};
	uint8_t *base = kernel_alloc(PAGE_SIZE), *meta = kernel_alloc(PAGE_SIZE);
	twz_result result = base && meta ? store_create(store, &names) : -TWZ_ERR_OUT_OF_MEMORY;
	bool present;

	if (result == TWZ_OK)
		result = store_read(store, &names, TWZ_META_OFFSET / PAGE_SIZE, meta, &present);
	/* the fresh table lies in the base page, so that is all of the object that is needed */
	if (result == TWZ_OK)
		result = twz_directory_format(base - TWZ_BASE_OFFSET, TWZ_DIRECTORY_LIMIT,
					      names.id.lo, names.id, 0, 0);
	if (result == TWZ_OK) {
		struct store_swap swaps[] = {
			{&names, TWZ_BASE_OFFSET / PAGE_SIZE, base, 0},
			{&names, TWZ_META_OFFSET / PAGE_SIZE, meta, 0},
		};
		((struct twz_object_meta *)meta)->mode = 0755;
		((struct twz_object_meta *)meta)->links = 1;
		result = store_commit(store, swaps, 2, NULL, 0, NULL, NULL);
	}
	if (result == TWZ_OK)
		result = store_set_root(store, STORE_ROOT_NAMES, names.id);
	if (result == TWZ_OK)
		result = store_barrier(store);
	kernel_free(base);
	kernel_free(meta);
	return result;
}

/* What a store can lie on: persistent memory, else a disk. NULL or what is wrong. */
static const char *find_medium(struct store_medium *medium)
{
	physical_address start;

	*medium = disk_medium;
	if (nvdimm_region(0, &start, &medium->size)) {
		*medium = (struct store_medium){.size = medium->size};
		medium->memory = map_memory(start, medium->size);
		return medium->memory ? NULL
				      : "not enough memory to map the device; give the machine "
					"more memory";
	}
	return disk_size(&medium->size) ? NULL
					: "no persistent memory and no disk; attach an NVDIMM or a "
					  "virtio-blk device";
}

static const char *open_store(struct store *store, struct store_medium *medium)
{
	const char *message = find_medium(medium);

	if (message)
		return message;
	struct twz_id id = object_make_nonce();
	if (store_open_medium(store, medium, id, &memory, &message) != TWZ_OK)
		return message;
	if (twz_id_is_none(store_root(store, STORE_ROOT_NAMES)) && make_names(store) != TWZ_OK) {
		store_close(store);
		return "no room for the store's root directory; give a larger image";
	}
	return NULL;
}

void store_init(void)
{
	static struct store store;
	struct store_medium medium;
	const char *wrong = open_store(&store, &medium);
	size_t length;
	const char *wanted = boot_option("store", &length);
	bool required =
		wanted && length == strlen("required") && memcmp(wanted, "required", length) == 0;

	if (!wrong) {
		store_names_root = store_root(&store, STORE_ROOT_NAMES);
		persistent_start(&store);
		log_line("store: %lu of %lu MiB free on %s%s", store_free_bytes(&store) >> 20,
			 store.blocks >> 8, store.region ? "NVDIMM" : "virtio-blk",
			 store.made ? ", newly made" : "");
		return;
	}
	if (required || medium.size != 0)
		log_alert("store: %s", wrong);
	if (required)
		platform->shutdown(TWZ_SHUTDOWN_POWEROFF, EXIT_NO_STORE);
}

void store_shutdown(void)
{
	struct store *store = persistent_store();

	if (!store)
		return;
	/* no transaction is under way behind this; what programs stored into persistent memory
	 * without persisting it is theirs */
	persistent_lock();
	if (persistent_settle() != TWZ_OK || store_checkpoint(store) != TWZ_OK)
		log_alert("store: what was written last could not be made durable");
	twz_fence();
}
