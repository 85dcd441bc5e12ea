/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling memory without faults of one's own: the kernel writes, and says when it cannot. */
#ifndef TESTS_MEMORY_PRESSURE_H
#define TESTS_MEMORY_PRESSURE_H

#include "test.h"

/* Write a byte of each page of a raw object until memory is full. */
static inline void fill_object(struct twz_id id)
{
	struct twz_copy_range range = {.destination = id, .source = id, .length = 1};
	long result = 0;

	/* the source is the object's first page */
	for (uint64_t at = PAGE; at < TWZ_SLOT_SIZE && result >= 0; at += PAGE) {
		range.destination_offset = at + 8;
		result = twz_sys_object_copy_range(&range);
	}
	if (result != -TWZ_ERR_OUT_OF_MEMORY)
		failed(__FILE__, __LINE__, "memory ends with an error", result);
}

static inline void fill_memory(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id;

	if (twz_sys_object_create(&spec, &id) < 0)
		return;
	fill_object(id);
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);
}

#endif
