/* SPDX-License-Identifier: BSD-2-Clause */
/* Basic types of the kernel ABI: object ids, rights, errors, times, addresses. */
#ifndef TWIZZLER_TYPES_H
#define TWIZZLER_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TWZ_STATIC_ASSERT static_assert
#else
#define TWZ_STATIC_ASSERT _Static_assert
#endif

/* A 128-bit object id. All zero is "no object"; where a call says so it means "the caller's own".
 */
struct twz_id {
	uint64_t hi;
	uint64_t lo;
};

#define TWZ_ID_NONE ((struct twz_id){0, 0})

static inline int twz_id_equal(struct twz_id a, struct twz_id b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

static inline int twz_id_is_none(struct twz_id id)
{
	return (id.hi | id.lo) == 0;
}

enum twz_error {
	TWZ_OK = 0,
#define TWZ_ERROR(name, number, text) TWZ_ERR_##name = number,
#include <twizzler/error.def>
#undef TWZ_ERROR
};

/* Zero or a positive result, or a negated enum twz_error. */
typedef int64_t twz_result;

/* Rights on an object, in syscall.def, in security contexts and in view entries. */
#define TWZ_RIGHT_READ	 0x01u
#define TWZ_RIGHT_WRITE	 0x02u
#define TWZ_RIGHT_EXEC	 0x04u
#define TWZ_RIGHT_DELETE 0x08u /* delete, tie, change protections */
#define TWZ_RIGHT_USE	 0x10u /* act on a kernel object: run in a view, signal a thread */
#define TWZ_RIGHT_NONE	 0x00u
#define TWZ_RIGHTS_ALL	 0x1fu

#define TWZ_PAGE_SIZE  4096ull
#define TWZ_SLOT_SHIFT 30
#define TWZ_SLOT_SIZE  (1ull << TWZ_SLOT_SHIFT)	       /* 1 GiB: the largest object and one slot */
#define TWZ_SLOT_COUNT (1ull << (47 - TWZ_SLOT_SHIFT)) /* user half of a 48-bit address space */
#define TWZ_SLOT_ANY   (~0ull)			       /* let the kernel pick a free slot */

/* Absolute deadlines and times are nanoseconds; TWZ_FOREVER never comes. */
#define TWZ_FOREVER (~0ull)

#endif
