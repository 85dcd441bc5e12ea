/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers in the store. The registry is one raw object: page 0 a header, page n the record of the
 * handler in slot n. A record becomes true by one commit of its page; a run by commit.c.
 */
#include <heap.h>
#include <log.h>
#include <persistent.h>
#include <string.h>
#include "persist.h"
#include "registry.h"

struct object *handler_registry;
static uint64_t registry_slots;

/* A page of the registry, and what is written there. */
union registry_page {
	struct registry_header header;
	struct registry_record record;
	uint8_t bytes[PAGE_SIZE];
};

static bool with_store(void)
{
	return persistent_store() != NULL;
}

/* ---- objects ---- */

static twz_result sync(struct object *object, uint64_t length)
{
	return object->pager->sync(object, 0, PAGE_ROUND_UP(length));
}

static twz_result make_object(struct object **out)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW | TWZ_OBJECT_PERSISTENT};

	return object_make_persistent(&spec, out);
}

/* Deletes an object of the store that nothing refers to any more. */
static void drop_object(struct twz_id id)
{
	struct object *object = twz_id_is_none(id) ? NULL : object_find(id);

	if (!object)
		return;
	object_delete(object);
	object_put(object);
}

/* ---- the registry ---- */

static twz_result read_page(uint64_t page, union registry_page *out)
{
	return object_read(handler_registry, page << PAGE_SHIFT, out, sizeof(*out));
}

/* One transaction: a record's page, and the header's count of slots. */
static twz_result write_record(uint64_t slot, const union registry_page *page)
{
	const struct store_object *handle = persistent_handle(handler_registry);
	struct store_swap swap = {handle, slot, page, 0};
	struct store_update update = {handle, offsetof(struct registry_header, slots),
				      slot > registry_slots ? slot : registry_slots};
	twz_result result;

	persistent_lock();
	result = persistent_settle();
	if (result == TWZ_OK)
		result = store_commit(persistent_store(), &swap, 1, &update, 1, persistent_moved,
				      NULL);
	persistent_unlock();
	if (result >= 0)
		registry_slots = update.value;
	return result;
}

static twz_result make_registry(void)
{
	union registry_page *page = kernel_alloc(sizeof(*page));
	twz_result result = page ? make_object(&handler_registry) : -TWZ_ERR_OUT_OF_MEMORY;

	if (result >= 0) {
		page->header.magic = REGISTRY_MAGIC;
		page->header.version = REGISTRY_VERSION;
		result = object_write(handler_registry, 0, page, sizeof(*page));
		if (result >= 0)
			result = sync(handler_registry, PAGE_SIZE);
		if (result >= 0) {
			persistent_lock();
			result = store_set_root(persistent_store(), STORE_ROOT_HANDLERS,
						handler_registry->id);
			persistent_unlock();
		}
		if (result < 0) {
			object_delete(handler_registry);
			object_put(handler_registry);
			handler_registry = NULL;
		}
	}
	kernel_free(page);
	return result;
}

/* Finds the store's registry; a store without one gets it with its first handler. */
static void find_registry(void)
{
	struct twz_id id;
	union registry_page *page;

	persistent_lock();
	id = store_root(persistent_store(), STORE_ROOT_HANDLERS);
	persistent_unlock();
	if (twz_id_is_none(id))
		return;
	page = kernel_alloc(sizeof(*page));
	handler_registry = object_find(id);
	if (!page || !handler_registry || read_page(0, page) < 0 ||
	    page->header.magic != REGISTRY_MAGIC) {
		log_alert("handlers: the store's registry is damaged; handlers do not persist in "
			  "this boot");
	} else if (page->header.version != REGISTRY_VERSION) {
		log_alert("handlers: the store's registry has version %u and this kernel knows %u; "
			  "use that "
			  "version's kernel",
			  page->header.version, REGISTRY_VERSION);
	} else {
		registry_slots = page->header.slots;
		kernel_free(page);
		return;
	}
	kernel_free(page);
	if (handler_registry)
		object_put(handler_registry);
	handler_registry = NULL;
	registry_slots = ~0ull; /* damaged: nothing is written into this store */
}

static bool persistent(void)
{
	return with_store() && registry_slots != ~0ull;
}

static twz_result find_free_slot(uint64_t *out)
{
	union registry_page *page = kernel_alloc(sizeof(*page));
	twz_result result = page ? TWZ_OK : -TWZ_ERR_OUT_OF_MEMORY;
	uint64_t slot = 1;

	for (; slot <= registry_slots && result >= 0; slot++) {
		result = read_page(slot, page);
		if (result >= 0 && page->record.magic == 0)
			break;
	}
	kernel_free(page);
	if (slot >= TWZ_SLOT_SIZE / PAGE_SIZE)
		return -TWZ_ERR_TOO_MANY;
	*out = slot;
	return result < 0 ? result : TWZ_OK;
}

/* ---- versions ---- */

static uint64_t outputs_offset(const struct handler_version *version)
{
	return PAGE_ROUND_UP(version->program->image->image_size);
}

/* The image and the ids of its outputs as an object of the store. */
static twz_result store_image(struct handler_version *version)
{
	const struct twz_handler_image *image = version->program->image;
	struct object *object;
	twz_result result = make_object(&object);

	if (result < 0)
		return result;
	result = handler_copy_bytes(object, version->source, version->source_base,
				    image->image_size);
	for (uint32_t i = 0; i < image->output_count && result >= 0; i++)
		result = object_write(object, outputs_offset(version) + i * sizeof(struct twz_id),
				      &version->outputs[i]->id, sizeof(struct twz_id));
	if (result >= 0)
		result = sync(object, outputs_offset(version) +
					      image->output_count * sizeof(struct twz_id));
	if (result < 0)
		object_delete(object);
	else
		version->image_id = object->id;
	object_put(object);
	return result;
}

/* The snapshot as an object of the store, in the place of the one in memory. */
static twz_result store_state(struct handler_version *version)
{
	uint64_t length = program_data_pages(version->program) << PAGE_SHIFT;
	struct object *object;
	twz_result result = make_object(&object);

	if (result < 0)
		return result;
	result = handler_copy_bytes(object, version->state, 0, length);
	if (result >= 0)
		result = sync(object, length);
	if (result < 0) {
		object_delete(object);
		object_put(object);
		return result;
	}
	object_put(version->state);
	version->state = object;
	version->state_id = object->id;
	return TWZ_OK;
}

/* Brings into the store what is not there yet. */
static twz_result store_version(struct handler_version *version)
{
	twz_result result = TWZ_OK;

	if (version->state && twz_id_is_none(version->state_id))
		result = store_state(version);
	if (result >= 0 && twz_id_is_none(version->image_id))
		result = store_image(version);
	return result;
}

/* Deletes a version's objects from the store, but those that `kept` uses too. */
static void unstore_version(const struct handler_version *version,
			    const struct handler_version *kept)
{
	if (!kept || !twz_id_equal(version->image_id, kept->image_id))
		drop_object(version->image_id);
	if (!kept || !twz_id_equal(version->state_id, kept->state_id))
		drop_object(version->state_id);
}

static twz_result commit_record(uint64_t slot, const struct handler_version *version,
				const struct handler_version *previous)
{
	union registry_page *page = kernel_alloc(sizeof(*page));
	twz_result result;

	if (!page)
		return -TWZ_ERR_OUT_OF_MEMORY;
	page->record.magic = RECORD_MAGIC;
	page->record.current =
		(struct registry_version){version->image_id, version->state_id, version->sequence};
	if (previous)
		page->record.previous = (struct registry_version){
			previous->image_id, previous->state_id, previous->sequence};
	page->record.sequence = version->sequence;
	result = write_record(slot, page);
	kernel_free(page);
	return result;
}

/* ---- what the dispatcher asks for ---- */

twz_result persist_add(struct handler *handler, struct handler_version *version)
{
	twz_result result = TWZ_OK;
	uint64_t slot = 0;

	if (!persistent())
		return TWZ_OK;
	if (!handler_registry)
		result = make_registry();
	if (result >= 0)
		result = find_free_slot(&slot);
	if (result >= 0)
		result = store_version(version);
	if (result >= 0)
		result = commit_record(slot, version, NULL);
	if (result < 0) {
		unstore_version(version, NULL);
		return result;
	}
	handler->slot = slot;
	return TWZ_OK;
}

twz_result persist_replace(struct handler *handler, struct handler_version *version,
			   struct handler_version *previous)
{
	twz_result result;

	if (!handler->slot)
		return TWZ_OK;
	result = store_version(version);
	if (result >= 0)
		result = commit_record(handler->slot, version, previous);
	if (result < 0) {
		if (version != handler->previous)
			unstore_version(version, handler->current);
		return result;
	}
	if (handler->current != version && handler->current != previous)
		unstore_version(handler->current, version);
	if (handler->previous && handler->previous != version && handler->previous != previous)
		unstore_version(handler->previous, previous);
	return TWZ_OK;
}

twz_result persist_remove(struct handler *handler)
{
	union registry_page *page;
	twz_result result;

	if (!handler->slot)
		return TWZ_OK;
	page = kernel_alloc(sizeof(*page));
	if (!page)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = write_record(handler->slot, page);
	kernel_free(page);
	if (result < 0)
		return result;
	unstore_version(handler->current, NULL);
	if (handler->previous)
		unstore_version(handler->previous, handler->current);
	return TWZ_OK;
}

/* ---- at boot ---- */

static twz_result load_outputs(struct object *image, struct handler_version *version)
{
	uint32_t count = version->program->image->output_count;
	struct twz_id id;
	twz_result result = TWZ_OK;

	version->outputs = kernel_alloc_array(count ? count : 1, sizeof(*version->outputs));
	if (!version->outputs)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count && result >= 0; i++) {
		result = object_read(image, outputs_offset(version) + i * sizeof(id), &id,
				     sizeof(id));
		/* a file that is gone stays NULL: runs that append to it are discarded */
		if (result >= 0)
			version->outputs[i] = object_find(id);
	}
	return result;
}

static twz_result load_version(const struct registry_version *from, struct handler_version **out)
{
	struct handler_version *version = kernel_alloc(sizeof(*version));
	struct object *image = object_find(from->image);
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (version)
		result = image ? program_load(image, 0, TWZ_SLOT_SIZE, &version->program, NULL)
			       : -TWZ_ERR_NO_SUCH_OBJECT;
	if (result >= 0)
		result = load_outputs(image, version);
	if (image)
		object_put(image);
	if (result >= 0 && program_data_pages(version->program)) {
		version->state = object_find(from->state);
		result = version->state ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
	}
	if (result < 0) {
		version_free(version);
		return result;
	}
	version->image_id = from->image;
	version->state_id = from->state;
	version->sequence = from->sequence;
	*out = version;
	return TWZ_OK;
}

bool persist_load(uint64_t *slot, struct handler_version **version,
		  struct handler_version **previous)
{
	union registry_page *page;
	twz_result result = -TWZ_ERR_NOT_FOUND;

	if (*slot == 0 && with_store())
		find_registry();
	if (!handler_registry)
		return false;
	page = kernel_alloc(sizeof(*page));
	while (page && result < 0 && ++*slot <= registry_slots) {
		result = read_page(*slot, page);
		if (result >= 0 && page->record.magic == 0) {
			result = -TWZ_ERR_NOT_FOUND;
			continue;
		}
		if (result >= 0)
			result = page->record.magic == RECORD_MAGIC
					 ? load_version(&page->record.current, version)
					 : -TWZ_ERR_CORRUPT;
		if (result < 0)
			log_alert("handlers: the one in slot %lu of the store cannot be brought "
				  "back (error %ld); "
				  "register it again",
				  (unsigned long)*slot, (long)-result);
	}
	if (result >= 0) {
		(*version)->sequence = page->record.sequence;
		*previous = NULL;
		if (!twz_id_is_none(page->record.previous.image))
			load_version(&page->record.previous, previous);
	}
	kernel_free(page);
	return result >= 0;
}
