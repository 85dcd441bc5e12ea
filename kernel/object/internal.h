/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of kernel/object. */
#ifndef OBJECT_INTERNAL_H
#define OBJECT_INTERNAL_H

#include <object.h>

/* A new object with one reference, without an id, in no table. NULL: out of memory. */
struct object *object_allocate(uint32_t flags, uint32_t kind, uint32_t protections);

/* The ranges of a copy or move: inside the objects, apart from each other, not the null page. */
twz_result object_check_ranges(const struct object *to, uint64_t to_offset,
			       const struct object *from, uint64_t from_offset, uint64_t length);

/*
 * Give up the directory and tables of an object that nobody maps as far as they can be built again:
 * true when memory came free. Its lock is held.
 */
bool object_trim(struct object *object);
/* All objects of the id table that are not busy. No lock held. */
bool objects_trim(void);
/* For memory_reclaim. */
bool objects_reclaim(void);

#endif
