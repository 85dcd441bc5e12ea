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

/*
 * The same by a chosen resolver: a directory, from which the name leads instead of from the root,
 * or any object for which the program that dereferences has added a function.
 */
twz_result twz_fot_insert_name_by(void *start, uint64_t name_offset, struct twz_id resolver,
				  uint32_t rights);

/* What names mean that are to be resolved by `id`. The structure is the caller's and stays; adding
 * one for the same id again overrides. */
struct twz_resolver {
	struct twz_id id;
	twz_result (*resolve)(struct twz_resolver *self, const char *name, struct twz_id *id);
	struct twz_resolver *next; /* libtwz's */
};
void twz_resolver_add(struct twz_resolver *resolver);

/*
 * Names bind late: where one leads is looked up at the first dereference and kept. When this
 * program changes a name (name.h) all that it keeps of names is forgotten, so the next dereference
 * goes where the name leads then. Names that another program changes, and what a function of the
 * program says now, are noticed when this is called, or when the pointer's object is opened anew.
 */
void twz_names_refresh(void);

/*
 * One pointer with this index less; an entry without pointers may be used again, for another
 * target. This program then forgets where it led; another one that has followed it notices when the
 * pointer's object is opened anew.
 */
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
