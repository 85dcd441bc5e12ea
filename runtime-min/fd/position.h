/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared positions: that of a regular file that several programs have from one open, in an object
 * that they all map. A file gets it when it is first handed on, by fork or spawn; until then its
 * position is its own. The object is a pipe's without bytes: its lock survives its holder, and its
 * members tell who is the last one to leave.
 */
#ifndef RT_POSITION_H
#define RT_POSITION_H

#include "fd/fd.h"

RT_BEGIN

/*
 * Makes a regular file's position one to share, where it is now; nothing for other kinds.
 * When there is no memory for it, each program has a position of its own. Called without locks.
 */
void rt_position_make(struct rt_file *file);
/* In a new program: joins the position (none: nothing) that its parent has entered it for. */
void rt_position_adopt(struct rt_file *file, struct twz_id id);
/* The position's object for a program to be spawned, or TWZ_ID_NONE. */
struct twz_id rt_position_id(const struct rt_file *file);
/* Enters a child with this view for one more share. */
void rt_position_share(struct rt_file *file, struct twz_id child);
/* The file is closed; the position goes with its last file. */
void rt_position_close(struct rt_file *file);
/* The program ends with the file open. Must not wait. */
void rt_position_end(struct rt_file *file);

/*
 * The file's position, which is the caller's until it unlocks: no other thread or program of those
 * that share it reads or writes at it meanwhile. INTERRUPTED.
 */
twz_result rt_position_lock(struct rt_file *file, uint64_t **position);
void rt_position_unlock(struct rt_file *file);

RT_END

#endif
