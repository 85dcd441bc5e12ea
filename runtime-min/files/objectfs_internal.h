/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the object file system share. */
#ifndef RT_OBJECTFS_INTERNAL_H
#define RT_OBJECTFS_INTERNAL_H

#include "files/objectfs.h"

#include <twz/directory_lock.h>

RT_BEGIN

/* The meta page of a mapped object; hostile. */
struct twz_object_meta *rt_meta(const struct twz_rt_object *object);

/* Bytes that the object can hold as a file. */
uint64_t rt_content_limit(const struct twz_rt_object *object);
/* Bytes that it holds, never more than the limit. */
uint64_t rt_content_size(const struct twz_rt_object *object);

/* enum twz_rt_file_kind of an enum twz_object_kind. */
uint32_t rt_object_file_kind(uint32_t kind);

/* Maps with READ, or READ and WRITE: READ_ONLY where that is not granted. */
twz_result rt_object_open(struct twz_id id, bool write, struct twz_rt_object *out);

void rt_object_stat(const struct twz_rt_object *object, uint32_t device, struct twz_rt_stat *out);

/* Sets times of the meta page; access times are not kept. */
void rt_object_touch(const struct twz_rt_object *object, uint64_t modify);

/* A file or directory on a mapped object, whose reference becomes the file's on success. */
twz_result rt_object_file(const struct twz_rt_object *object, uint32_t kind, uint32_t device,
			  uint32_t flags, struct rt_file **out);

/*
 * Keeps the last few directories that walks went through mapped, so that the next walk finds them
 * there; rt_directory_drop lets go of one that is removed.
 */
void rt_directory_keep(const struct twz_rt_object *directory);
void rt_directory_drop(struct twz_id id);

/* Directories mapped for writing whose writers' locks are held. */
struct rt_directories {
	struct twz_rt_object objects[TWZ_DIRECTORIES + 1];
	struct twz_directory_access access;
	struct twz_directories locked;
};
/* One of them; where it is mapped. */
twz_result rt_directory_lock(struct twz_id id, struct rt_directories *set, void **start);
/* Those of one or two names, and the directories that these lead to. */
twz_result rt_directories_lock(struct twz_directory_name *names, unsigned count,
			       struct rt_directories *set);
void rt_directories_unlock(struct rt_directories *set);
/* After a change of the directory `id`, which is locked: its time; durable when it is persistent.
 */
twz_result rt_directory_changed(struct rt_directories *set, struct twz_id id, uint32_t device);
/* A directory whose names are read: what an interrupted move left is finished; 1: something was. */
twz_result rt_directory_settle(const struct twz_rt_object *directory);

/* A new object of a kind, in the store where `device` says so, with mode, time and one link. */
twz_result rt_object_make(uint32_t kind, uint32_t device, uint32_t mode, struct twz_rt_object *out);
/* Makes what was written durable where the object is persistent. */
twz_result rt_object_settle(const struct twz_rt_object *object, uint32_t device);
/* One name less; the last one deletes the object. */
void rt_object_unlink(struct twz_id id);
/* One name more. */
twz_result rt_object_relink(struct twz_id id);

/* Enters a name, durably where the directory is persistent. EXISTS. */
twz_result rt_directory_enter(const struct rt_place *place, struct rt_name name, struct twz_id id,
			      uint32_t kind);

/* Of rt_object_fs; objectfs_change.c. */
twz_result rt_object_fs_remove(struct rt_place *place, struct rt_name name, bool is_directory);
twz_result rt_object_fs_rename(struct rt_place *from, struct rt_name name, struct rt_place *to,
			       struct rt_name to_name);
twz_result rt_object_fs_link(struct rt_place *file, struct rt_place *place, struct rt_name name);

extern const struct rt_fs rt_object_fs;

RT_END

#endif
