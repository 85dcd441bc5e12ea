/* SPDX-License-Identifier: BSD-2-Clause */
/* The stand-in for the kernel on the build host: what tests ask of it beyond the system calls. */
#ifndef LIBTWZ_HOST_H
#define LIBTWZ_HOST_H

#include <stdbool.h>
#include <twizzler/types.h>

/* Sets which object is the store's root of names. */
void host_set_names(struct twz_id names);

/* How many slots are mapped, how many objects there are. */
uint64_t host_mapped(void);
uint64_t host_objects(void);

/* From now on this program has another view id; the last one has ended. */
void host_new_view(void);
/* The number of that view id; going back to one, as for a look into another state. */
uint64_t host_view(void);
void host_set_view(uint64_t number);

/* The number of a mapped object's slot; the first that is given out from now on. */
uint64_t host_slot_of(const void *start);
void host_set_next_slot(uint64_t slot);

/* Whether objects are told to be a disk's, and what a sync answers; how many there were. */
void host_set_disk(bool disk, twz_result result);
uint64_t host_syncs(void);

#endif
