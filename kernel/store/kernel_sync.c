/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk's sync: all written pages of all objects go to the disk as one transaction, as they are at
 * one moment. A clean page asks before its first write, so the objects with written pages are
 * known. They are made clean and write-protected first; from then on what is written is frozen, and
 * the store's lock is free while the disk works: who writes one of the pages gets a copy of it.
 */
#include <disk.h>
#include <heap.h>
#include <log.h>
#include <page.h>
#include <persistent.h>
#include <thread.h>
#include <timer.h>
#include <twz/log.h>
#include <wait.h>
#include "kernel_store.h"

#define PAGES	     (TWZ_SLOT_SIZE / PAGE_SIZE)
#define MOST_PAGES   (128u << 10)  /* of one transaction; the heap gives no larger piece either */
#define WRITE_PERIOD 5000000000ull /* nanoseconds that written pages may wait for a sync */

/* Under the store's lock. */
static struct list dirty = LIST_INIT(dirty);
static struct store_swap *all_swaps; /* for all pages of memory: a sync makes memory free */
static uint64_t swap_room;
static bool beside; /* a sync is writing that lets others take the lock */

static struct spinlock writer_guard = SPINLOCK_INIT(LOCK_DEVICE); /* of `wanted` */
static struct wait_queue writer_queue = WAIT_QUEUE_INIT(writer_queue);
static bool wanted; /* something was written since the last sync of its thread began */

static void want_writer(bool now)
{
	uint64_t flags = spin_lock(&writer_guard);

	wanted = now;
	if (now)
		wait_wake_one(&writer_queue);
	spin_unlock(&writer_guard, flags);
}

/* Writes what nobody asked to have written. */
static void write_late(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t flags = spin_lock(&writer_guard);

		while (!wanted)
			wait_sleep_firm(&writer_queue, &writer_guard);
		spin_unlock(&writer_guard, flags);
		thread_sleep_until(clock_monotonic() + WRITE_PERIOD);
		persistent_lock();
		want_writer(false);
		if (disk_sync(persistent_store(), SYNC_BESIDE) != TWZ_OK)
			log_alert("store: written pages cannot be brought to the disk");
		persistent_unlock();
	}
}

void disk_sync_start(void)
{
	swap_room = frames_total() < MOST_PAGES ? frames_total() : MOST_PAGES;
	all_swaps = kernel_alloc_array(swap_room, sizeof(*all_swaps));
	if (!all_swaps)
		panic("out of memory for the list of a disk's pages");
	if (kernel_thread_start("store writer", write_late, NULL))
		log_alert("store: no memory for the writer; call sync");
}

void disk_mark_dirty(struct persistent *persistent)
{
	if (list_empty(&persistent->dirty))
		list_append(&dirty, &persistent->dirty);
	if (!__atomic_load_n(&wanted, __ATOMIC_RELAXED))
		want_writer(true);
}

bool disk_is_dirty(void)
{
	return !list_empty(&dirty);
}

/* ---- the disk, as the store sees it ---- */

static void pause(void)
{
	if (beside)
		persistent_pause();
}

static void go_on(void)
{
	if (beside)
		persistent_go_on();
}

static twz_result write_blocks(void *context, uint64_t block, uint64_t count, const void *buffer)
{
	pause();
	twz_result result = disk_write(context, block, count, buffer);
	go_on();
	return result;
}

static twz_result write_pages(void *context, uint64_t block, uint64_t count,
			      const void *const *pages)
{
	pause();
	twz_result result = disk_write_pages(context, block, count, pages);
	go_on();
	return result;
}

static twz_result settle(void *context)
{
	pause();
	twz_result result = disk_settle(context);
	go_on();
	return result;
}

static twz_result flush(void *context)
{
	pause();
	twz_result result = disk_flush(context);
	go_on();
	return result;
}

const struct store_medium disk_medium = {
	.read = disk_read,
	.write = write_blocks,
	.flush = flush,
	.read_pages = disk_read_pages,
	.write_pages = write_pages,
	.settle = settle,
};

/* ---- what is written ---- */

struct gathering {
	struct store_swap *swaps; /* of one object behind the other, its pages ascending */
	uint64_t count;
	struct persistent *of;
	bool too_many;
};

/* The walk cannot be ended: its pages are marked clean already. */
static twz_result gather(void *context, uint64_t page, physical_address frame)
{
	struct gathering *gathering = context;
	physical_address copy = 0;

	if (gathering->count == swap_room) {
		gathering->too_many = true;
		object_redirty(gathering->of->object, page);
		return TWZ_OK;
	}
	/* the map's and the visit's; one more may be that of who is writing it: what has a checksum
	 * stands still */
	if (frame_references(frame) > 2)
		copy = frame_alloc();
	if (copy)
		page_copy(phys_to_virt(copy), phys_to_virt(frame));
	else
		frame_ref(frame);
	frame = copy ? copy : frame;
	gathering->swaps[gathering->count++] =
		(struct store_swap){&gathering->of->handle, page, phys_to_virt(frame), 0};
	return TWZ_OK;
}

static void give_frame_back(const struct store_swap *swap)
{
	frame_unref(virt_to_phys(swap->contents));
}

/*
 * Whether no record of the object's log of transactions counts, nor one that is being written. Read
 * while whoever takes the log would have to wait, or does nothing yet that is to be kept.
 */
static bool log_is_idle(struct object *object)
{
	struct twz_log_header header;
	struct twz_object_meta meta;

	return object_peek(object, TWZ_META_OFFSET, &meta, sizeof(meta)) &&
	       object_peek(object, TWZ_LOG_PLACE, &header, sizeof(header)) &&
	       meta.magic == TWZ_META_MAGIC &&
	       (meta.kind == TWZ_KIND_DATA || meta.kind >= TWZ_KIND_USER) &&
	       twz_log_is_idle(&header);
}

/*
 * The pages of the log behind its header mean nothing then: a record counts by the sequence, which
 * is in the header and higher than that of any on the disk; whoever writes new ones makes the pages
 * dirty again. The kernel takes the log's lock for what libtwz says it is: who writes something
 * else there loses what the log would have kept, of this object.
 */
static void leave_out_log(struct gathering *gathering, uint64_t from)
{
	const uint64_t first = (TWZ_LOG_PLACE + sizeof(struct twz_log_header)) / PAGE_SIZE + 1;
	uint64_t kept = from;
	bool any = false;

	for (uint64_t i = from; i < gathering->count && !any; i++)
		any = gathering->swaps[i].page - first < TWZ_LOG_PLACE_END / PAGE_SIZE - first;
	if (!any || !log_is_idle(gathering->of->object))
		return;
	for (uint64_t i = from; i < gathering->count; i++) {
		struct store_swap *swap = &gathering->swaps[i];

		if (swap->page - first < TWZ_LOG_PLACE_END / PAGE_SIZE - first)
			give_frame_back(swap);
		else
			gathering->swaps[kept++] = *swap;
	}
	gathering->count = kept;
}

static void gather_all(struct gathering *gathering, enum disk_sync how)
{
	/* no page is written meanwhile that was not before: that takes the lock */
	LIST_FOR_EACH_SAFE(node, &dirty)
	{
		uint64_t before = gathering->count;
		bool full = gathering->too_many;

		gathering->of = LIST_ENTRY(node, struct persistent, dirty);
		if (gathering->of->deleted && how != SYNC_FOR_ROOM)
			continue;
		object_visit_dirty(gathering->of->object, 0, PAGES, true, gather, gathering);
		/* one with a page that the kernel was just writing is looked at once more */
		if (gathering->count == before && !full && !gathering->too_many)
			list_remove(&gathering->of->dirty);
		leave_out_log(gathering, before);
		gathering->of->writing = gathering->swaps + before;
		gathering->of->writing_count = gathering->count - before;
	}
}

/* They could not be written: the next sync has them again. */
static void give_back(const struct gathering *gathering)
{
	for (uint64_t i = 0; i < gathering->count; i++) {
		const struct store_swap *swap = &gathering->swaps[i];
		struct persistent *persistent = (struct persistent *)swap->object;

		object_redirty(persistent->object, swap->page);
		disk_mark_dirty(persistent);
	}
}

twz_result disk_sync(struct store *store, enum disk_sync how)
{
	struct gathering gathering = {.swaps = all_swaps};
	twz_result result = -TWZ_ERR_TOO_MANY;

	gather_all(&gathering, how);
	beside = how == SYNC_BESIDE;
	if (!gathering.too_many)
		result = store_commit(store, gathering.swaps, gathering.count, NULL, 0, NULL, NULL);
	beside = false;
	if (result != TWZ_OK)
		give_back(&gathering);
	for (uint64_t i = 0; i < gathering.count; i++) {
		((struct persistent *)gathering.swaps[i].object)->writing_count = 0;
		give_frame_back(&gathering.swaps[i]);
	}
	return result;
}

/* ---- beside it ---- */

bool disk_is_syncing(void)
{
	return beside;
}

/* The page among those that are being written, or NULL. */
static const struct store_swap *being_written(const struct persistent *persistent, uint64_t page)
{
	uint64_t low = 0, high = persistent->writing_count;

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (persistent->writing[middle].page < page)
			low = middle + 1;
		else
			high = middle;
	}
	return low < persistent->writing_count && persistent->writing[low].page == page
		       ? &persistent->writing[low]
		       : NULL;
}

bool disk_is_writing(const struct persistent *persistent, uint64_t page)
{
	return being_written(persistent, page) != NULL;
}

bool disk_step_aside(struct persistent *persistent, uint64_t page, bool write)
{
	const struct store_swap *swap = being_written(persistent, page);
	struct object_page copy = {0, 0};

	if (!swap)
		return true;
	physical_address frame = object_allow(persistent->object, page, false);
	if (!frame) /* it has left the map, and the store may have what it was before */
		return false;
	if (!write || phys_to_virt(frame) != swap->contents)
		return true;
	/* the map's and the sync's: else somebody may be writing it (gather) */
	if (frame_references(frame) == 2)
		copy.frame = frame_alloc();
	if (!copy.frame)
		return false;
	page_copy(phys_to_virt(copy.frame), swap->contents);
	if (object_set_page(persistent->object, page, copy) == TWZ_OK)
		return true;
	frame_unref(copy.frame);
	return false;
}
