/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Foreign Object Table: what the index of an invariant pointer means. Inserting needs no lock:
 * an entry is claimed, filled, and becomes true by the store of its flags. Equal entries are
 * shared: a hash table threaded through the entries' reserved words finds them; it is a hint,
 * checked at each use, so nothing in it has to survive a crash.
 */
#ifndef TWZ_FOT_H
#define TWZ_FOT_H

#include <twizzler/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The index of an entry of the object mapped (writable) at `start` that names `id`; inserted when
 * there is none, else counted. rights: READ, WRITE. NO_SPACE when the last 16 MiB of the object,
 * which are the table's, are full.
 */
twz_result twz_fot_insert(void *start, struct twz_id id, uint32_t rights);

/* The same for a path: a NUL-ended name at name_offset of the object, looked up at each first
 * dereference. */
twz_result twz_fot_insert_name(void *start, uint64_t name_offset, uint32_t rights);

/* One pointer with this index less; an entry without pointers may be used again. */
twz_result twz_fot_release(void *start, uint64_t index);

/*
 * The mapped start of what entry `index` of the object at `start` names, mapping it at first use
 * with the entry's rights; the program keeps it in a cache.
 */
twz_result twz_fot_resolve(const void *start, uint64_t index, uint8_t **target);

/* The place of an entry; index 1 to TWZ_FOT_MAX. */
static inline struct twz_fot_entry *twz_fot_entry(const void *start, uint64_t index)
{
	return (struct twz_fot_entry *)((uintptr_t)start + TWZ_META_OFFSET -
					index * sizeof(struct twz_fot_entry));
}

#ifdef __cplusplus
}
#endif
#endif
