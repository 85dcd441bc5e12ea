/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens the store at boot; without one, or with one that is refused, the system runs on memory
 * alone. */
#include <boot.h>
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
	uint64_t base = 0, meta = 0;
	twz_result result = store_create(store, &names);

	if (result == TWZ_OK)
		result = store_page(store, &names, TWZ_BASE_OFFSET / PAGE_SIZE, true, &base);
	if (result == TWZ_OK)
		result = store_page(store, &names, TWZ_META_OFFSET / PAGE_SIZE, true, &meta);
	if (result == TWZ_OK) {
		/* the fresh table lies in the base page, so that is all of the object that is
		 * needed */
		uint8_t *start = (uint8_t *)store_block(store, base) - TWZ_BASE_OFFSET;
		result = twz_directory_format(start, TWZ_DIRECTORY_LIMIT, names.id.lo, names.id, 0,
					      0);
	}
	if (result == TWZ_OK) {
		struct twz_object_meta *page = store_block(store, meta);
		page->mode = 0755;
		page->links = 1;
		twz_persist(page, sizeof(*page));
		result = store_set_root(store, STORE_ROOT_NAMES, names.id);
	}
	return result;
}

static const char *open_store(struct store *store)
{
	physical_address start;
	uint64_t length;
	const char *message;

	if (!nvdimm_region(0, &start, &length))
		return "no persistent memory; attach an NVDIMM";
	void *region = map_memory(start, length);
	if (!region)
		return "not enough memory to map the device; give the machine more memory";
	struct twz_id id = object_make_nonce();
	if (store_open(store, region, length, id, &memory, &message) != TWZ_OK)
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
	const char *wrong = open_store(&store);
	size_t length;
	const char *wanted = boot_option("store", &length);
	bool required =
		wanted && length == strlen("required") && memcmp(wanted, "required", length) == 0;
	physical_address start;
	uint64_t bytes;

	if (!wrong) {
		store_names_root = store_root(&store, STORE_ROOT_NAMES);
		persistent_start(&store);
		log_line("store: %lu of %lu MiB free%s", store_free_bytes(&store) >> 20,
			 store.blocks >> 8, store.made ? ", newly made" : "");
		return;
	}
	if (required || nvdimm_region(0, &start, &bytes))
		log_alert("store: %s", wrong);
	if (required)
		platform->shutdown(TWZ_SHUTDOWN_POWEROFF, EXIT_NO_STORE);
}

void store_shutdown(void)
{
	struct store *store = persistent_store();

	if (!store)
		return;
	/* no transaction is under way behind this; what programs stored without persisting it is
	 * theirs */
	persistent_lock();
	twz_fence();
}
