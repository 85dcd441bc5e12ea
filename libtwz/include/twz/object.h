/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects as programs use them: create, open (map), close, delete; base and meta. An object is
 * mapped once a program for each set of rights that was asked for; opening it again counts.
 */
#ifndef TWZ_OBJECT_H
#define TWZ_OBJECT_H

#include <twizzler/object.h>
#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A mapped object; laid out as struct twz_rt_object. `start` is 1 GiB-aligned. */
struct twz_object {
	struct twz_id id;
	uint8_t *start;
	uint32_t rights; /* at least those asked for */
	uint32_t reserved;
};

/* flags: TWZ_OBJECT_*; kind: enum twz_object_kind or from TWZ_KIND_USER on. */
twz_result twz_object_create(uint32_t flags, uint32_t kind, struct twz_id *id);
/* With all that twz_object_spec can say. */
twz_result twz_object_create_from(const struct twz_object_spec *spec, struct twz_id *id);

/*
 * A new object with the content of another one, its pointers, names of them and heap included;
 * pages are shared until one of the two changes. flags: as for create. Nobody changes the source
 * meanwhile, or twz_tx_open on the copy undoes what was half done. NOT_SUPPORTED: raw objects and
 * directories.
 */
twz_result twz_object_copy(struct twz_id source, uint32_t flags, struct twz_id *id);

/* Maps the object. rights: READ, WRITE, EXEC. */
twz_result twz_object_open(struct twz_id id, uint32_t rights, struct twz_object *out);

/* Drops one reference; the last one unmaps, unless invariant pointers have led to the object. */
twz_result twz_object_close(struct twz_object *object);

/* Mapped references stay usable. */
twz_result twz_object_delete(struct twz_id id);

/*
 * Ties an object to an owner, with which it is deleted from now on, instead of to what it was tied
 * to: an object, a thread or a program by its control object. Wants DELETE on the object and on an
 * owner that is one, USE on a thread or program. twz_untie: it stays until it is deleted.
 */
twz_result twz_tie(struct twz_id id, struct twz_id owner);
twz_result twz_untie(struct twz_id id);

twz_result twz_object_stat(struct twz_id id, struct twz_object_stat *out);
/* Makes the whole object durable. */
twz_result twz_object_sync(struct twz_id id);

/* The id of the object that is mapped at an address of this program. */
twz_result twz_object_at(const void *address, struct twz_id *id);

/*
 * Who unmaps a slot by himself says so first: what invariant pointers resolved from and to it is
 * forgotten. twz_object_close does it.
 */
void twz_object_forget(const void *start);

static inline void *twz_object_base(const struct twz_object *object)
{
	return object->start + TWZ_BASE_OFFSET;
}

static inline struct twz_object_meta *twz_object_meta(const struct twz_object *object)
{
	return (struct twz_object_meta *)(object->start + TWZ_META_OFFSET);
}

/* The start of the object that holds the address. */
static inline uint8_t *twz_object_start(const void *address)
{
	return (uint8_t *)((uintptr_t)address & ~(uintptr_t)(TWZ_SLOT_SIZE - 1));
}

/* Around view_clone: no other thread is inside libtwz's tables meanwhile. Both sides call _after.
 */
void twz_before_clone(void);
void twz_after_clone(void);

#ifdef __cplusplus
}
#endif
#endif
