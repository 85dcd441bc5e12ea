/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects on a disk: pages are copied to memory when they are touched, and all written ones go back
 * as one transaction (kernel_sync.c). Under pressure clean pages leave memory, the objects longest
 * unused first; when there are too few, the written ones are written early, which a program cannot
 * tell from a sync.
 */
#include <page.h>
#include <persistent.h>
#include <string.h>
#include "kernel_store.h"

#define PAGES	   (TWZ_SLOT_SIZE / PAGE_SIZE)
#define ROOM	   256u	     /* pages that are evicted at once */
#define READ_AHEAD STORE_RUN /* pages, at most */

static const char zero_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Under the store's lock. */
static struct list in_use = LIST_INIT(in_use); /* the longest unused first */
/* Drops up to ROOM clean pages. */
static uint64_t evict(void)
{
	struct list *first = in_use.next;
	uint64_t gone = 0;

	while (gone < ROOM && !list_empty(&in_use)) {
		struct persistent *persistent = LIST_ENTRY(in_use.next, struct persistent, use);

		gone += object_evict(persistent->object, &persistent->hand, ROOM - gone);
		if (persistent->hand < PAGES)
			continue;
		persistent->hand = 0;
		list_remove(&persistent->use);
		list_append(&in_use, &persistent->use);
		if (in_use.next == first)
			break; /* once around */
	}
	return gone;
}

/* False: the sync that is writing has to end first. */
static bool make_room(struct store *store)
{
	if (frames_free() >= frames_total() / 4)
		return true;
	if (disk_is_syncing())
		return false;
	if (evict() == 0 && disk_is_dirty() && disk_sync(store, SYNC_FOR_ROOM) == TWZ_OK)
		evict();
	return true;
}

/*
 * Who reads one page after the other gets twice as many at once each time, as far as they lie
 * behind each other on the disk and are not in memory. Pages that were in memory between do not
 * count as a gap.
 */
static uint64_t pages_ahead(struct persistent *persistent, uint64_t page)
{
	bool follows = page >= persistent->run_end && page - persistent->run_end < READ_AHEAD;
	uint64_t wanted = follows ? persistent->run_size * 2ull : 1, count = 1;

	if (wanted > READ_AHEAD)
		wanted = READ_AHEAD;
	while (count < wanted && page + count < PAGES &&
	       !object_allow(persistent->object, page + count, false) &&
	       !disk_is_writing(persistent, page + count))
		count++;
	return count;
}

static void give_back_frames(void *const *pages, uint64_t from, uint64_t count)
{
	for (uint64_t i = from; i < count; i++)
		frame_unref(virt_to_phys(pages[i]));
}

/* Whether the run's pages are where they were, and the first is not in memory yet. */
static bool is_as_before(struct store *store, struct persistent *persistent, uint64_t page,
			 const struct store_run *run, uint64_t count)
{
	struct store_run now;

	if (object_allow(persistent->object, page, false) || disk_is_writing(persistent, page))
		return false;
	return store_find_run(store, &persistent->handle, page, count, &now) == TWZ_OK &&
	       now.count == count && now.block == run->block &&
	       memcmp(now.checksums, run->checksums, count * sizeof(now.checksums[0])) == 0;
}

/*
 * Reads a run and enters what lies behind its first page, whose frame is returned; 0 and *result.
 * The store is not locked while the disk answers: BUSY when something has changed meanwhile.
 */
static physical_address read_run(struct store *store, struct persistent *persistent, uint64_t page,
				 struct store_run *run, twz_result *result)
{
	void *pages[STORE_RUN];
	uint64_t count = 0;

	while (count < run->count) {
		physical_address frame = frame_alloc();

		if (!frame)
			break;
		pages[count++] = phys_to_virt(frame);
	}
	run->count = count;
	*result = -TWZ_ERR_OUT_OF_MEMORY;
	if (count) {
		persistent_unlock();
		*result = store_read_run(store, run, pages);
		persistent_lock_beside();
		if (!is_as_before(store, persistent, page, run, count))
			*result = -TWZ_ERR_BUSY;
	}
	if (*result != TWZ_OK) {
		give_back_frames(pages, 0, count);
		return 0;
	}
	for (uint64_t i = 1; i < run->count; i++) {
		struct object_page ahead = {virt_to_phys(pages[i]), OBJECT_PAGE_READONLY};

		/* somebody else has it, or there is no memory for the map: it is read when it is
		 * needed */
		if (object_allow(persistent->object, page + i, false) ||
		    disk_is_writing(persistent, page + i) ||
		    object_set_page(persistent->object, page + i, ahead) != TWZ_OK)
			run->count = i;
	}
	give_back_frames(pages, run->count, count);
	persistent->run_end = page + run->count;
	persistent->run_size = (uint32_t)run->count;
	return virt_to_phys(pages[0]);
}

/* A frame with what the object has there; 0 and *result. */
static physical_address read_page(struct store *store, struct persistent *persistent, uint64_t page,
				  bool write, bool *hole, twz_result *result)
{
	struct store_run run;

	*result = store_find_run(store, &persistent->handle, page, pages_ahead(persistent, page),
				 &run);
	*hole = run.count == 0;
	if (*result != TWZ_OK)
		return 0;
	if (!*hole)
		return read_run(store, persistent, page, &run, result);
	if (!write)
		return kernel_to_phys(zero_page);
	physical_address frame = frame_alloc_zeroed();
	if (!frame)
		*result = -TWZ_ERR_OUT_OF_MEMORY;
	return frame;
}

twz_result disk_fetch(struct store *store, struct persistent *persistent, uint64_t page, bool write,
		      struct object_page *out)
{
	twz_result result = TWZ_OK;
	bool hole;

	list_remove(&persistent->use);
	list_append(&in_use, &persistent->use);
	for (;;) {
		bool goes_on = disk_step_aside(persistent, page, write);

		if (write)
			disk_mark_dirty(persistent);
		out->flags = OBJECT_PAGE_ENTERED;
		out->frame = goes_on ? object_allow(persistent->object, page, write) : 0;
		if (out->frame)
			return TWZ_OK;
		if (!goes_on || !make_room(store)) {
			persistent_unlock();
			persistent_lock();
			continue;
		}
		out->frame = read_page(store, persistent, page, write, &hole, &result);
		if (result != -TWZ_ERR_BUSY)
			break;
	}
	if (!out->frame)
		return result;
	if (write) /* a sync that came meanwhile has found nothing to write */
		disk_mark_dirty(persistent);
	out->flags = (write ? 0 : OBJECT_PAGE_READONLY) | (hole && !write ? OBJECT_PAGE_HOLE : 0);
	result = object_set_page(persistent->object, page, *out);
	if (result != TWZ_OK)
		frame_unref(out->frame);
	out->flags |= OBJECT_PAGE_ENTERED;
	return result;
}

void disk_release(struct persistent *persistent)
{
	list_remove(&persistent->use);
	list_remove(&persistent->dirty);
}
