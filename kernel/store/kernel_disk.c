/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects on a disk: pages are copied to memory when they are touched, and all written ones go back
 * as one transaction. A clean page asks before its first write, so the objects with written pages
 * are known. Under pressure clean pages leave memory, the objects longest unused first; when there
 * are too few, the written ones are written early, which a program cannot tell from a sync.
 */
#include <heap.h>
#include <log.h>
#include <page.h>
#include <persistent.h>
#include <string.h>
#include <thread.h>
#include <timer.h>
#include <wait.h>
#include "kernel_store.h"

#define PAGES	     (TWZ_SLOT_SIZE / PAGE_SIZE)
#define MOST_PAGES   (128u << 10)  /* of one transaction; the heap gives no larger piece either */
#define ROOM	     256u	   /* pages that are evicted at once */
#define READ_AHEAD   STORE_RUN	   /* pages, at most */
#define WRITE_PERIOD 5000000000ull /* nanoseconds that written pages may wait for a sync */

static const char zero_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Under the store's lock. */
static struct list in_use = LIST_INIT(in_use); /* the longest unused first */
static struct list dirty = LIST_INIT(dirty);
static struct store_swap *all_swaps; /* for all pages of memory: a sync makes memory free */
static uint64_t swap_room;

static struct spinlock writer_guard = SPINLOCK_INIT(LOCK_DEVICE); /* of `wanted` */
static struct wait_queue writer_queue = WAIT_QUEUE_INIT(writer_queue);
static bool wanted;

/* Writes what nobody asked to have written. */
static void write_late(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t flags = spin_lock(&writer_guard);

		while (!wanted)
			wait_sleep_firm(&writer_queue, &writer_guard);
		wanted = false;
		spin_unlock(&writer_guard, flags);
		thread_sleep_until(clock_monotonic() + WRITE_PERIOD);
		persistent_lock();
		if (disk_sync(persistent_store()) != TWZ_OK)
			log_alert("store: written pages cannot be brought to the disk");
		persistent_unlock();
	}
}

void disk_pager_start(void)
{
	swap_room = frames_total() < MOST_PAGES ? frames_total() : MOST_PAGES;
	all_swaps = kernel_alloc_array(swap_room, sizeof(*all_swaps));
	if (!all_swaps)
		panic("out of memory for the list of a disk's pages");
	if (kernel_thread_start("store writer", write_late, NULL))
		log_alert("store: no memory for the writer; call sync");
}

static void mark_dirty(struct persistent *persistent)
{
	uint64_t flags;

	if (!list_empty(&persistent->dirty))
		return;
	list_append(&dirty, &persistent->dirty);
	flags = spin_lock(&writer_guard);
	wanted = true;
	wait_wake_one(&writer_queue);
	spin_unlock(&writer_guard, flags);
}

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

static void make_room(struct store *store)
{
	if (frames_free() >= frames_total() / 4 || evict() != 0 || list_empty(&dirty))
		return;
	if (disk_sync(store) == TWZ_OK)
		evict();
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
	       !object_allow(persistent->object, page + count, false))
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

	if (object_allow(persistent->object, page, false))
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
		persistent_lock();
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
	if (write)
		mark_dirty(persistent);
	do {
		out->flags = OBJECT_PAGE_ENTERED;
		out->frame = object_allow(persistent->object, page, write);
		if (out->frame)
			return TWZ_OK;
		make_room(store);
		out->frame = read_page(store, persistent, page, write, &hole, &result);
	} while (result == -TWZ_ERR_BUSY);
	if (!out->frame)
		return result;
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

struct gathering {
	struct store_swap *swaps;
	uint64_t count;
	struct persistent *of;
	bool too_many;
};

/* The walk cannot be ended: its pages are marked clean already. */
static twz_result gather(void *context, uint64_t page, physical_address frame)
{
	struct gathering *gathering = context;

	if (gathering->count == swap_room) {
		gathering->too_many = true;
		object_redirty(gathering->of->object, page);
		return TWZ_OK;
	}
	frame_ref(frame);
	gathering->swaps[gathering->count++] =
		(struct store_swap){&gathering->of->handle, page, phys_to_virt(frame), 0};
	return TWZ_OK;
}

/* They could not be written: the next sync has them again. */
static void give_back(const struct gathering *gathering)
{
	for (uint64_t i = 0; i < gathering->count; i++) {
		const struct store_swap *swap = &gathering->swaps[i];
		struct persistent *persistent = (struct persistent *)swap->object;

		object_redirty(persistent->object, swap->page);
		mark_dirty(persistent);
	}
}

twz_result disk_sync(struct store *store)
{
	struct gathering gathering = {.swaps = all_swaps};
	twz_result result;

	/* no page is written meanwhile that was not before: that takes the lock */
	LIST_FOR_EACH_SAFE(node, &dirty)
	{
		uint64_t before = gathering.count;
		bool full = gathering.too_many;

		gathering.of = LIST_ENTRY(node, struct persistent, dirty);
		object_visit_dirty(gathering.of->object, 0, PAGES, true, gather, &gathering);
		/* one with a page that the kernel was just writing is looked at once more */
		if (gathering.count == before && !full && !gathering.too_many)
			list_remove(&gathering.of->dirty);
	}
	result = gathering.too_many ? -TWZ_ERR_TOO_MANY
				    : store_commit(store, gathering.swaps, gathering.count, NULL, 0,
						   NULL, NULL);
	if (result != TWZ_OK)
		give_back(&gathering);
	for (uint64_t i = 0; i < gathering.count; i++)
		frame_unref(virt_to_phys(gathering.swaps[i].contents));
	return result;
}
