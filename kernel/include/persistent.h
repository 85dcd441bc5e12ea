/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Persistent objects: the store (kernel/store/store.h) as objects of the kernel. Pages of the
 * device are the objects' pages, and program stores durable after twz_persist; or copies of a
 * disk's pages, durable after object_sync.
 */
#ifndef KERNEL_PERSISTENT_H
#define KERNEL_PERSISTENT_H

#include <object.h>
#include "../store/store.h"

/* The open store, or NULL without one. It stays for ever. */
struct store *persistent_store(void);

/* Around every store_* call. May sleep; no spinlock held. Not recursive. */
void persistent_lock(void);
void persistent_unlock(void);

/*
 * On a disk: makes all that programs stored durable, as one transaction, so that the store reads
 * what they see; nothing to do in memory. Under the lock, before a store_commit.
 */
twz_result persistent_settle(void);

/* The store's handle of a persistent object; NULL for others. Valid as long as the object. */
const struct store_object *persistent_handle(const struct object *object);

/*
 * For store_commit's `moved`, context NULL: has the object's page map show the page's new block,
 * complete on all CPUs. Under the lock.
 */
void persistent_moved(void *context, const struct store_swap *swap);

#endif
