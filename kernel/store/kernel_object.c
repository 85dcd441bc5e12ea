/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Persistent objects: a pager whose frames are the device's, or copies of a disk's blocks
 * (kernel_disk.c). Page maps change under the store's lock only, so that a page never enters one
 * after its block was moved or freed.
 */
#include <heap.h>
#include <log.h>
#include <page.h>
#include <persistent.h>
#include <string.h>
#include <wait.h>
#include <twz/id.h>
#include <twz/persist.h>
#include "kernel_store.h"

#define FIRST_BUCKETS 256u
#define AHEAD	      64u /* pages that are there */
#define FILL_AHEAD    16u /* holes: what is not used then is room that is gone */
#define META_PAGE     (TWZ_META_OFFSET / PAGE_SIZE)

static struct store *the_store;
static struct spinlock guard = SPINLOCK_INIT(LOCK_STORE); /* of these: */
static bool busy;					  /* somebody has the lock */
static bool paused; /* or somebody has but lets others go on beside */
static struct wait_queue waiters = WAIT_QUEUE_INIT(waiters);
static struct wait_queue waiters_beside = WAIT_QUEUE_INIT(waiters_beside); /* for !busy alone */
static struct persistent **buckets; /* under the store's lock */
static uint64_t bucket_count, persistent_count;

struct store *persistent_store(void)
{
	return the_store;
}

static void take(bool is_beside)
{
	uint64_t flags = spin_lock(&guard);

	while (busy || (paused && !is_beside))
		wait_sleep_firm(is_beside ? &waiters_beside : &waiters, &guard);
	busy = true;
	spin_unlock(&guard, flags);
}

/* The guard is held. */
static void let_go(void)
{
	busy = false;
	wait_wake_one(&waiters_beside);
	if (!paused)
		wait_wake_one(&waiters);
}

void persistent_lock(void)
{
	take(false);
}

void persistent_lock_beside(void)
{
	take(true);
}

void persistent_unlock(void)
{
	uint64_t flags = spin_lock(&guard);

	let_go();
	spin_unlock(&guard, flags);
}

void persistent_pause(void)
{
	uint64_t flags = spin_lock(&guard);

	ASSERT(!paused);
	paused = true;
	let_go();
	spin_unlock(&guard, flags);
}

void persistent_go_on(void)
{
	uint64_t flags = spin_lock(&guard);

	while (busy)
		wait_sleep_firm(&waiters_beside, &guard);
	busy = true;
	paused = false;
	spin_unlock(&guard, flags);
}

static struct persistent **bucket_of(struct twz_id id)
{
	return &buckets[(id.hi ^ id.lo) & (bucket_count - 1)];
}

/* Double the table when it is full; without memory the chains just get longer. */
static void grow(void)
{
	struct persistent **old = buckets, **bigger;
	uint64_t count = bucket_count;

	if (persistent_count < bucket_count)
		return;
	bigger = kernel_alloc_array(count * 2, sizeof(*bigger));
	if (!bigger)
		return;
	buckets = bigger;
	bucket_count = count * 2;
	for (uint64_t i = 0; i < count; i++) {
		while (old[i]) {
			struct persistent *moved = old[i];
			struct persistent **bucket = bucket_of(moved->handle.id);

			old[i] = moved->next;
			moved->next = *bucket;
			*bucket = moved;
		}
	}
	kernel_free(old);
}

static struct persistent *find(uint64_t record, struct twz_id id)
{
	struct persistent *at = *bucket_of(id);

	while (at && at->handle.record != record)
		at = at->next;
	return at;
}

static struct object_page page_of(uint64_t block, uint32_t flags)
{
	struct object_page page = {virt_to_phys(store_block(the_store, block)), flags};

	return page;
}

/* Whether there is a page that can be touched from now on without a fault. */
static bool enter_ahead(struct object *object, uint64_t page)
{
	uint64_t block;
	bool sealed;

	if (object_allow(object, page, false))
		return true;
	/* one that is damaged is told to who touches it */
	if (store_fetch(the_store, object->pager_data, page, false, &block, &sealed) != TWZ_OK ||
	    block == 0)
		return false;
	return object_set_page(object, page, page_of(block, sealed ? OBJECT_PAGE_READONLY : 0)) ==
	       TWZ_OK;
}

/*
 * Who touches one page after the other gets half as many ahead as there were, up to AHEAD: a fault
 * costs several times what entering a page does, and one transaction that fills all holes little
 * more than one for a single one.
 */
static void go_ahead(struct object *object, uint64_t page, bool write)
{
	struct persistent *persistent = object->pager_data;
	uint64_t count = 1, wanted, filled;

	if (page != persistent->run_end)
		persistent->run_size = 0;
	wanted = persistent->run_size / 2;
	if (wanted > AHEAD)
		wanted = AHEAD;
	if (page + wanted > META_PAGE)
		wanted = page < META_PAGE ? META_PAGE - page : 1;
	/* without space for all there may be for one */
	if (write && wanted > 1)
		store_fill(the_store, &persistent->handle, page,
			   wanted < FILL_AHEAD ? wanted : FILL_AHEAD, &filled);
	while (count < wanted && enter_ahead(object, page + count))
		count++;
	persistent->run_end = page + count;
	persistent->run_size += (uint32_t)count;
}

/* Under the lock. */
static twz_result fetch_in_memory(struct object *object, uint64_t page, bool write,
				  struct object_page *out)
{
	uint64_t block;
	bool sealed;

	go_ahead(object, page, write);
	twz_result result =
		store_fetch(the_store, object->pager_data, page, write, &block, &sealed);

	if (result != TWZ_OK)
		return result;
	*out = block ? page_of(block, sealed ? OBJECT_PAGE_READONLY : 0)
		     : page_of(the_store->zero_block, OBJECT_PAGE_READONLY | OBJECT_PAGE_HOLE);
	result = object_set_page(object, page, *out);
	out->flags |= OBJECT_PAGE_ENTERED;
	return result;
}

static twz_result fetch(struct object *object, uint64_t page, bool write, struct object_page *out)
{
	twz_result result;

	persistent_lock_beside();
	result = the_store->region ? fetch_in_memory(object, page, write, out)
				   : disk_fetch(the_store, object->pager_data, page, write, out);
	persistent_unlock();
	return result;
}

twz_result persistent_settle(void)
{
	return the_store->region ? TWZ_OK : disk_sync(the_store, SYNC_ALONE);
}

static twz_result sync(struct object *object, uint64_t offset, uint64_t length)
{
	uint64_t first = offset / PAGE_SIZE, end = (offset + length + PAGE_MASK) / PAGE_SIZE;
	twz_result result;

	persistent_lock();
	/* on a disk all objects, so that what refers to another is never ahead of it */
	result = the_store->region ? store_flush(the_store, object->pager_data, first, end - first)
				   : disk_sync(the_store, SYNC_BESIDE);
	persistent_unlock();
	return result;
}

static twz_result discard(struct object *object, uint64_t first, uint64_t count)
{
	persistent_lock();
	/* once more: a fetch may have entered a page since the caller dropped them */
	twz_result result = object_drop_pages(object, first, count);
	if (result == TWZ_OK)
		result = store_discard(the_store, object->pager_data, first, count);
	persistent_unlock();
	return result;
}

static void deleted(struct object *object)
{
	struct persistent *persistent = object->pager_data;

	persistent_lock();
	twz_result result = store_unlink(the_store, &persistent->handle);
	persistent->deleted = result == TWZ_OK;
	persistent_unlock();
	if (result != TWZ_OK)
		log_alert("store: an object cannot be deleted (error %d): check the store",
			  (int)-result);
}

static void release(struct object *object)
{
	struct persistent *persistent = object->pager_data;
	struct persistent **link = bucket_of(persistent->handle.id);

	if (!persistent->object)
		return; /* it never got into the id table; enter() has the lock and cleans up */
	persistent_lock();
	while (*link != persistent)
		link = &(*link)->next;
	*link = persistent->next;
	persistent_count--;
	disk_release(persistent);
	if (object->flags & OBJECT_DELETED)
		store_free(the_store, &persistent->handle);
	persistent_unlock();
	kernel_free(persistent);
}

static struct object_pager pager = {
	.fetch = fetch,
	.sync = sync,
	.discard = discard,
	.deleted = deleted,
	.release = release,
};

const struct store_object *persistent_handle(const struct object *object)
{
	return object->pager == &pager ? object->pager_data : NULL;
}

void persistent_moved(void *context, const struct store_swap *swap)
{
	struct persistent *persistent = find(swap->object->record, swap->object->id);

	(void)context;
	/* no table for the page: then nothing is mapped there that could be stale */
	if (persistent && !the_store->region) /* the next touch brings the new one */
		object_drop_pages(persistent->object, swap->page, 1);
	else if (persistent)
		object_set_page(persistent->object, swap->page, page_of(swap->block, 0));
}

/* Makes the object in memory for a handle; with the lock. */
static twz_result enter(const struct store_object *handle, struct object **out)
{
	struct persistent *persistent = kernel_alloc(sizeof(*persistent)), **bucket;

	if (!persistent)
		return -TWZ_ERR_OUT_OF_MEMORY;
	persistent->handle = *handle;
	list_init(&persistent->use);
	list_init(&persistent->dirty);
	twz_result result = object_make_paged(handle->id, handle->flags, handle->kind,
					      handle->protections, &pager, persistent, out);
	if (result != TWZ_OK) {
		kernel_free(persistent);
		return result;
	}
	(*out)->nonce = handle->nonce;
	(*out)->owner = handle->owner;
	persistent->object = *out;
	grow();
	bucket = bucket_of(handle->id);
	persistent->next = *bucket;
	*bucket = persistent;
	persistent_count++;
	return TWZ_OK;
}

static twz_result absent(struct twz_id id)
{
	struct store_object handle;
	struct object *object;

	persistent_lock_beside();
	twz_result result = store_find(the_store, id, &handle);
	/* one that is in memory came in meanwhile, or is being deleted: the caller looks again */
	if (result == TWZ_OK && !find(handle.record, id)) {
		result = enter(&handle, &object);
		if (result == TWZ_OK)
			object_put(object); /* the table's reference keeps it */
	}
	persistent_unlock();
	return result;
}

static twz_result make(const struct twz_object_spec *spec, struct object **out)
{
	uint32_t protections = spec->protections ? spec->protections : TWZ_RIGHTS_ALL;
	struct twz_id nonce = object_make_nonce();
	struct store_object handle = {
		.id = twz_id_derive(nonce, spec->owner, protections),
		.nonce = nonce,
		.owner = spec->owner,
		.flags = TWZ_OBJECT_PERSISTENT | (spec->flags & TWZ_OBJECT_RAW),
		.kind = spec->flags & TWZ_OBJECT_RAW ? 0 : spec->kind,
		.protections = protections,
	};

	persistent_lock();
	twz_result result = store_create(the_store, &handle);
	if (result == TWZ_OK) {
		result = enter(&handle, out);
		if (result != TWZ_OK && store_unlink(the_store, &handle) == TWZ_OK)
			store_free(the_store, &handle);
	}
	persistent_unlock();
	return result;
}

void persistent_start(struct store *store)
{
	buckets = kernel_alloc_array(FIRST_BUCKETS, sizeof(*buckets));
	if (!buckets)
		panic("out of memory for the table of persistent objects");
	bucket_count = FIRST_BUCKETS;
	the_store = store;
	pager.evicts = !store->region;
	if (!store->region)
		disk_sync_start();
	object_absent = absent;
	object_make_persistent = make;
}
