/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI, objects: create, map, release, FOT resolution. libtwz/object.h is the friendlier
 * face. */
#ifndef TWIZZLER_RT_OBJECT_H
#define TWIZZLER_RT_OBJECT_H

#include <twizzler/object.h>
#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A mapped object. `start` is 1 GiB-aligned; the base is start + TWZ_BASE_OFFSET.
 * Reference-counted. */
struct twz_rt_object {
	struct twz_id id;
	uint8_t *start;
	uint32_t rights;
	uint32_t reserved;
};

/* Creates an object from a specification; its id in *id. */
twz_result twz_rt_object_create(const struct twz_object_spec *spec, struct twz_id *id);
/* Maps an object (or finds the existing mapping with at least these rights). NO_SUCH_OBJECT,
 * ACCESS_DENIED. */
twz_result twz_rt_object_map(struct twz_id id, uint32_t rights, struct twz_rt_object *out);
/* Drops one reference; unmaps with the last. */
twz_result twz_rt_object_release(struct twz_rt_object *object);
enum twz_rt_object_command {
	TWZ_OBJECT_DELETE = 0,
	TWZ_OBJECT_SYNC = 1, /* make the whole object durable; NOT_SUPPORTED for one in memory */
};
/* A command on an object; argument: 0. What is mapped of a deleted one stays usable. */
twz_result twz_rt_object_cmd(struct twz_id id, uint32_t command, uint64_t argument);

/*
 * The mapped start of FOT entry `index` of the object mapped at `start`, mapping it at first use;
 * cached per view: it stays mapped to the program's end. NOT_FOUND (no such entry), ACCESS_DENIED
 * (more rights than the entry's), NO_SUCH_OBJECT.
 */
twz_result twz_rt_fot_resolve(const void *start, uint64_t index, uint32_t rights, uint8_t **target);
/* The index of an FOT entry of the object at `start` that names `id`, inserting it when new. */
twz_result twz_rt_fot_insert(void *start, struct twz_id id, uint32_t rights);

/* The object id behind an open file descriptor; NOT_SUPPORTED for what is no object. */
twz_result twz_rt_fd_object(int fd, struct twz_id *id);

#ifdef __cplusplus
}
#endif
#endif
