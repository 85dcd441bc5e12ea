/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places: the position of a regular file that several programs have open, in an object that they
 * all map. A file gets its place when it is first handed on, by fork or spawn; until then its
 * position is its own. The object is a pipe's without bytes: its lock survives its holder, and its
 * members tell who is the last one to leave.
 */
#ifndef RT_PLACE_H
#define RT_PLACE_H

#include "fd.h"

RT_BEGIN

/*
 * Gives a regular file its place, which keeps the position it has now; nothing for other kinds.
 * When there is no memory for it, each program has a position of its own. Called without locks.
 */
void rt_place_make(struct rt_file *file);
/* In a new program: joins the place (none: nothing) that its parent has entered it for. */
void rt_place_adopt(struct rt_file *file, struct twz_id id);
/* The place for a program to be spawned, or TWZ_ID_NONE. */
struct twz_id rt_place_id(const struct rt_file *file);
/* Enters a child with this view for one more share. */
void rt_place_share(struct rt_file *file, struct twz_id child);
/* The file is closed; the place goes with its last file. */
void rt_place_close(struct rt_file *file);
/* The program ends with the file open. Must not wait. */
void rt_place_end(struct rt_file *file);

/*
 * The file's position, which is the caller's until it unlocks: no other thread or program of those
 * that share it reads or writes at it meanwhile. INTERRUPTED.
 */
twz_result rt_place_lock(struct rt_file *file, uint64_t **position);
void rt_place_unlock(struct rt_file *file);

RT_END

#endif
