/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store, for kernel code that commits several objects at once (kernel/handler). Weak: absent where no store
 * is linked. What the structures mean stands in kernel/store/store.h.
 */
#ifndef KERNEL_STORE_H
#define KERNEL_STORE_H

#include "../store/store.h"

struct object;

/* The open store, or NULL. Does not change once the first program runs. */
struct store *store_opened(void) __attribute__((weak));

/* Around every call of store/store.h. May sleep; may not be nested, nor held while touching mapped store pages. */
void store_enter(void) __attribute__((weak));
void store_leave(void) __attribute__((weak));

/* The store's handle of a persistent object, for calls between store_enter and store_leave; false: not in the store. */
bool store_object_of(struct object *object, struct store_object *out) __attribute__((weak));

/*
 * For store_commit's `moved`: points the object's page map (when it is in memory) at the new block and completes
 * the flush on every CPU before it returns. The context is not used.
 */
void store_moved(void *context, const struct store_swap *swap) __attribute__((weak));

#endif
