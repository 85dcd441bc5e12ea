/* SPDX-License-Identifier: BSD-2-Clause */
/* Between opening the store (kernel_store.c), its objects (kernel_object.c), and the pagers for
 * persistent memory (kernel_object.c) and disks (kernel_disk.c). */
#ifndef STORE_KERNEL_STORE_H
#define STORE_KERNEL_STORE_H

#include <object.h>
#include "store.h"

/* What is in memory of an object of the store; from its first use to its last after it was deleted.
 */
struct persistent {
	struct store_object handle; /* first: pager_data */
	struct object *object;	    /* NULL until it is in the id table */
	struct persistent *next;    /* of its bucket */
	/* what is touched in order; on a disk: read in order */
	uint64_t run_end; /* page behind the last ones */
	uint32_t
		run_size; /* disk: how many were read at once; memory: how many there were so far */
	/* disk */
	struct list use;   /* by its last fetch */
	struct list dirty; /* of those that were written since the last sync, or alone */
	uint64_t hand;	   /* where eviction goes on */
	bool deleted; /* its record is in the list of deleted ones: nobody needs its pages later */
	const struct store_swap *writing; /* its pages in the sync that is under way, ascending */
	uint64_t writing_count;
};

/* From now on persistent objects can be made, and those of the store are found. */
void persistent_start(struct store *store);

/*
 * As persistent_lock, but a sync that is writing does not hold it up: for who changes nothing in
 * the store, nor takes pages from a map that the sync may be writing. persistent_unlock ends it.
 */
void persistent_lock_beside(void);
/* Who has the lock by persistent_lock gives it to those for a while, and takes it again. */
void persistent_pause(void);
void persistent_go_on(void);

/* ---- a disk's pages (kernel_disk.c); under the store's lock ---- */

/* Supply a page: copied from the disk, or zeros; a written page's object becomes dirty. By
 * persistent_lock_beside; may release the lock and take it again. */
twz_result disk_fetch(struct store *store, struct persistent *persistent, uint64_t page, bool write,
		      struct object_page *out);
/* The object goes. */
void disk_release(struct persistent *persistent);

/* ---- its sync (kernel_sync.c); under the store's lock ---- */

/* The disk, but its size. */
extern const struct store_medium disk_medium;

void disk_sync_start(void);
enum disk_sync {
	SYNC_ALONE,
	SYNC_BESIDE,   /* persistent_lock_beside succeeds while the disk works */
	SYNC_FOR_ROOM, /* what it writes can leave memory: deleted objects, too */
};
/* Writes all that is dirty, of all objects, as one transaction: what programs had stored at one
 * moment. */
twz_result disk_sync(struct store *store, enum disk_sync how);
/* The object is going to have a written page. */
void disk_mark_dirty(struct persistent *persistent);
bool disk_is_dirty(void);
/* A sync is under way that lets others go on. */
bool disk_is_syncing(void);
/* It is writing this page. */
bool disk_is_writing(const struct persistent *persistent, uint64_t page);
/*
 * A program is going to read or `write` the page. One that is being written is copied before it
 * changes. False: it has to wait for the sync's end, by persistent_lock.
 */
bool disk_step_aside(struct persistent *persistent, uint64_t page, bool write);

#endif
