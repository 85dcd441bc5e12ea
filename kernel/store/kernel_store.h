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
};

/* From now on persistent objects can be made, and those of the store are found. */
void persistent_start(struct store *store);

/* ---- disk; under the store's lock ---- */

void disk_pager_start(void);
/* Supply a page: copied from the disk, or zeros; a written page's object becomes dirty. */
twz_result disk_fetch(struct store *store, struct persistent *persistent, uint64_t page, bool write,
		      struct object_page *out);
/* Writes all that is dirty, of all objects, as one transaction: what programs had stored at one
 * moment. */
twz_result disk_sync(struct store *store);
/* The object goes. */
void disk_release(struct persistent *persistent);

#endif
