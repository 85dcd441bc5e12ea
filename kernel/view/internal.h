/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of kernel/view. */
#ifndef VIEW_INTERNAL_H
#define VIEW_INTERNAL_H

#include <view.h>

#define SLOTS_PER_TABLE 512u

/* The mapping of a slot, or NULL. The view's lock is held. */
struct mapping *view_lookup(const struct view *view, uint64_t slot);

/* The mapping of the first slot from `slot` on that has one, or NULL. The view's lock is held. */
struct mapping *view_next_mapping(const struct view *view, uint64_t slot);

/*
 * Enter an object at a free slot; takes its own reference. The view's lock is held, or nobody else
 * knows the view.
 */
twz_result view_insert(struct view *view, struct object *object, uint64_t slot, uint32_t rights,
		       uint32_t inherit);

/*
 * Take a mapping out of tables and object. `flush`: nobody can reach its translations after this;
 * else the view is loaded nowhere. The view's lock is held.
 */
void view_take_out(struct view *view, struct mapping *map, bool flush);

/*
 * Remember that `id` means `copy` here; takes over the reference. False: out of memory. Only while
 * nobody else knows the view.
 */
bool view_add_copy(struct view *view, struct twz_id id, struct object *copy);
/* What an id means here, or NULL; without a reference. The view's lock is held, or as above. */
struct object *view_find_copy(const struct view *view, struct twz_id id);
/* Nobody runs here any more. */
void view_drop_copies(struct view *view);

/* Remove all maps and tables of a view that no thread runs in any more. */
void view_clear(struct view *view);

/*
 * Leave a message with a program that takes such ones (all of TWZ_TAKES_* in `takes`) and interrupt
 * a thread of it. NOT_SUPPORTED when it does not take them, OUT_OF_MEMORY. No lock is held.
 */
twz_result program_post(struct view *view, const struct twz_message *message, uint32_t takes);
/* The oldest message; false when there is none. */
bool program_take(struct view *view, struct twz_message *out);
/* From now on `successor` stands for the view; NULL: none does any more. */
void program_succeed(struct view *view, struct view *successor);

/* A page with its own object, read-only for programs: the control page of a view or thread. */
twz_result control_make(struct view *view, uint32_t protections, struct object **object,
			void **page);

#endif
