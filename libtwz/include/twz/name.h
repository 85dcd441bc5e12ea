/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name tree: directories are objects (directory.h), a path leads from a root through them.
 * Paths are NUL-ended; '.', '..' and repeated '/' are understood; symbolic links are followed, at
 * most 40. Roots: system_info's `names` (the initial image) and `store_names` (the store).
 */
#ifndef TWZ_NAME_H
#define TWZ_NAME_H

#include <twz/directory.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_NAME_LINKS 40

/* Where names of pointers (TWZ_FOT_NAME) and paths without another root start: the store's names,
 * else the image's. */
twz_result twz_name_root(struct twz_id *root);

/* What a path names. LOOP, NOT_FOUND, NOT_A_DIRECTORY, NAME_TOO_LONG. `out->name` is the last name.
 */
twz_result twz_name_lookup(struct twz_id root, const char *path, struct twz_directory_entry *out);

/* Enters `id` as the last name of a path whose directories exist. EXISTS. */
twz_result twz_name_insert(struct twz_id root, const char *path, struct twz_id id, uint32_t kind);
/* As above, replacing what was there; `old` may be NULL. */
twz_result twz_name_replace(struct twz_id root, const char *path, struct twz_id id, uint32_t kind,
			    struct twz_directory_entry *old);

/* Takes the name out, a directory's only when it is empty; the object stays: see twz_object_delete.
 */
twz_result twz_name_remove(struct twz_id root, const char *path, struct twz_directory_entry *old);

/* Makes a directory; flags: TWZ_OBJECT_PERSISTENT or 0. */
twz_result twz_name_make_directory(struct twz_id root, const char *path, uint32_t flags,
				   struct twz_id *id);

/*
 * Moves a name, within one directory or between two, in one atomic step: after a power loss there
 * is the old name or the new one, never both, never none. What `to` named is in `old` (may be NULL;
 * id none: nothing); a directory is not replaced: EXISTS. Directories are locked in the order of
 * their ids; who looks at both while it happens may see the name in both.
 */
twz_result twz_name_rename(struct twz_id root, const char *path, const char *to,
			   struct twz_directory_entry *old);

#ifdef __cplusplus
}
#endif
#endif
