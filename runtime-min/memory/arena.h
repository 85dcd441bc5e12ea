/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that range.c hands out: 1 GiB raw objects in slots of their own (arenas), and the
 * slots that show shared objects. All of it under rt_range_lock.
 */
#ifndef RT_ARENA_H
#define RT_ARENA_H

#include "memory/space.h"

RT_BEGIN

enum rt_slot_kind {
	RT_SLOT_ARENA = 1, /* private; parts of it are in rt_free or rt_used */
	RT_SLOT_SHARED_FILE =
		2, /* a file's object; its pieces are mappings that are still wanted */
	RT_SLOT_SHARED_MEMORY = 3, /* an object of its own that a fork shares */
};

struct rt_slot {
	struct rt_range range; /* the whole slot; flags: enum rt_slot_kind; rights: of the entry */
	struct twz_id id;
	uint64_t
		high_water; /* arenas: pages from here on still have the rights of a fresh object */
	struct rt_range *pieces; /* linked by `left`; may overlap: each mapping call makes one */
	uint32_t persistent;
};

extern struct rt_lock rt_range_lock;
extern struct rt_tree rt_free, rt_used, rt_slots; /* address sets; rt_slots holds struct rt_slot */
extern struct rt_pool rt_nodes;			  /* of sizeof(struct rt_slot) bytes each */

/* The slot record that holds an address, or NULL. */
struct rt_slot *rt_slot_at(uint64_t address);

/* Sees to it that `nodes` can be taken from rt_nodes. OUT_OF_MEMORY. */
twz_result rt_nodes_reserve(size_t nodes);

/*
 * Takes the lowest free range of this length out of rt_free, adding arenas in consecutive slots
 * when there is none, and enters it into rt_used with no rights set. OUT_OF_MEMORY.
 */
twz_result rt_arena_take(uint64_t length, uint64_t *start);

/* Sees to it that every slot of the range is an arena, making those where nothing is. EXISTS. */
twz_result rt_arena_cover(uint64_t start, uint64_t length);

/* Sets page rights on a range of arenas, and in rt_used. */
twz_result rt_arena_protect(uint64_t start, uint64_t length, uint32_t rights);

/* Drops a range's pages, closes it and gives it back to rt_free. */
void rt_arena_give(uint64_t start, uint64_t length);

/* Maps `count` fresh or given objects in consecutive slots as shared records; see arena.c. */
twz_result rt_slot_shared_memory(uint64_t length, uint32_t rights, uint64_t *start);

/* The record of a slot that shows a file's object, made when new. */
twz_result rt_slot_shared_file(uint64_t slot_start, struct twz_id id, uint32_t rights,
			       bool persistent, struct rt_slot **out);
/* Forgets a record without pieces; what it showed is the caller's to release. */
void rt_slot_forget(struct rt_slot *slot);

/* Calls visit for each slot's part of a range, in order, until one returns an error. */
typedef twz_result (*rt_part_visit)(struct rt_slot *slot, uint64_t offset, uint64_t length,
				    uint64_t argument);
twz_result rt_each_part(uint64_t start, uint64_t length, rt_part_visit visit, uint64_t argument);

/* ---- mappings; range.c, range_file.c. Without the lock; at: a hint, or the place with FIXED ----
 */

twz_result rt_map_arena(uint64_t at, uint64_t length, uint32_t rights, uint32_t flags,
			uint64_t *start);
/* A copy of the file's bytes from `offset` on, zeroes behind them. */
twz_result rt_map_private_file(uint64_t at, uint64_t length, uint32_t rights, uint32_t flags,
			       int fd, uint64_t offset, uint64_t *start);
/* The file's object itself, where it is an object. */
twz_result rt_map_shared_file(uint64_t at, uint64_t length, uint32_t rights, uint32_t flags, int fd,
			      uint64_t offset, uint64_t *start);

RT_END

#endif
