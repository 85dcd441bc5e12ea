/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a pipe object, from its base on: a ring of bytes and the programs at its ends. All
 * of it is shared with those programs and hostile: positions are bounded at every use.
 *
 * A program that ends without closing (killed, or simply done) is found by its view's control word:
 * whoever is about to sleep looks at the programs at the other end, and sleeps on those words too.
 */
#ifndef RT_PIPE_RING_H
#define RT_PIPE_RING_H

#include "fd/fd.h"

RT_BEGIN

#define RT_RING_MAGIC	0x45504950u /* "PIPE" */
#define RT_RING_SIZE	65536u	    /* a power of two */
#define RT_RING_MEMBERS 1024u

/* A program with ends; without any the entry is free. */
struct rt_ring_member {
	struct twz_id view;
	uint32_t readers, writers;
};

struct rt_ring {
	uint32_t magic;
	uint32_t lock;	  /* 0: free; else the holder's member + 1, and RT_RING_CONTENDED */
	uint32_t filled;  /* counts up when bytes or ends change: readers wait here */
	uint32_t emptied; /* the same for writers */
	uint32_t head;	  /* bytes ever written, modulo 2^32 */
	uint32_t tail;	  /* bytes ever read */
	uint32_t used;	  /* members from this one on have never been entered */
	/* Somebody is about to wake readers, writers: who ends before that leaves it to the next.
	 */
	uint16_t filling, emptying;
	uint64_t position; /* of a file (position.c), under the lock; a pipe has none */
	struct rt_ring_member members[RT_RING_MEMBERS];
	uint8_t bytes[RT_RING_SIZE];
};

/* Of a fresh object. OUT_OF_MEMORY. */
twz_result rt_ring_format(struct rt_ring *ring);
/* BAD_FORMAT. */
twz_result rt_ring_check(const struct rt_ring *ring);

/* Takes the lock, from a holder that has ended too. INTERRUPTED. */
twz_result rt_ring_lock(struct rt_ring *ring);
/* Takes it only where nobody holds it. */
bool rt_ring_try_lock(struct rt_ring *ring);
void rt_ring_unlock(struct rt_ring *ring);

/* ---- with the lock held ---- */

/* Enters one more end for a view. TOO_MANY programs, OUT_OF_MEMORY. */
twz_result rt_ring_join(struct rt_ring *ring, struct twz_id view, bool writer);
/* Takes one away; true when nobody is left at either end. */
bool rt_ring_leave(struct rt_ring *ring, struct twz_id view, bool writer);
/* Whether somebody is entered at the writing (or reading) end. */
bool rt_ring_has(const struct rt_ring *ring, bool writer);
/* Takes up to length bytes; 0 when there are none. BAD_ADDRESS; OUT_OF_MEMORY for the ring. */
twz_result rt_ring_take(struct rt_ring *ring, void *buffer, size_t length);
/* Puts bytes, as many as there is room for; 0 when that is less than `least`. Errors as above. */
twz_result rt_ring_put(struct rt_ring *ring, const void *buffer, size_t length, size_t least);

/* ---- without ---- */

uint32_t rt_ring_readable(const struct rt_ring *ring);
uint32_t rt_ring_room(const struct rt_ring *ring);
/* Drops the programs that have ended without closing, so that the last one to leave is known. */
void rt_ring_bury_dead(struct rt_ring *ring);

/*
 * Looks at the other programs at one end: the dead are dropped (returns true), the living are added
 * to what is slept on, or waits->tick is set where one cannot be.
 */
bool rt_ring_watch(struct rt_ring *ring, bool writers, struct rt_watch *watch,
		   struct rt_waits *waits);

RT_END

#endif
