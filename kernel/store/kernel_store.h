/* SPDX-License-Identifier: BSD-2-Clause */
/* Between opening the store (kernel_store.c) and its objects (kernel_object.c). */
#ifndef STORE_KERNEL_STORE_H
#define STORE_KERNEL_STORE_H

#include "store.h"

/* From now on persistent objects can be made, and those of the store are found. */
void persistent_start(struct store *store);

#endif
