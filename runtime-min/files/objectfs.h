/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, directories and links that are objects: the name tree. */
#ifndef RT_OBJECTFS_H
#define RT_OBJECTFS_H

#include "files/path.h"

RT_BEGIN

/* `device` of places and files: what is not in the store is gone after a reboot. */
#define RT_OBJECTS_VOLATILE   0u
#define RT_OBJECTS_PERSISTENT 1u

/* The place of a directory object. */
twz_result rt_objectfs_root(struct twz_id id, uint32_t device, struct rt_place *place);
/* Opens a file or directory object by its id. */
twz_result rt_objectfs_open(struct twz_id id, uint32_t device, uint32_t flags,
			    struct rt_file **out);

RT_END

#endif
