/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of persistent memory that stands in for layout/persist.c: it knows what of a region is
 * durable, and at each fence shows a check the states in which a power loss there could leave the
 * medium. A word stored since may be durable or not, whether flushed or not, whatever its
 * neighbours are; what was flushed is durable behind the fence.
 */
#ifndef PERSISTENCE_H
#define PERSISTENCE_H

#include <stddef.h>
#include <stdint.h>

/* Checks one state: returns NULL, or what is wrong with it. It may change the image. */
typedef const char *(*persistence_check)(void *image);

/* What `region` (64-byte aligned) holds now is durable; each fence from now on is explored. */
void persistence_begin(void *region, size_t size, persistence_check check, uint64_t seed);
/* The same for two regions; the image has the second behind the first. */
void persistence_begin_two(void *region, size_t size, void *second, size_t second_size,
			   persistence_check check, uint64_t seed);
/* Explores the state now and stops. */
void persistence_end(void);

/* Leaves out the n-th flushed line since persistence_begin (a planted bug); ~0: none. */
void persistence_drop(uint64_t line);

struct persistence_result {
	uint64_t states;   /* explored */
	uint64_t lines;	   /* flushed */
	uint64_t wrong;	   /* states that the check refused */
	const char *first; /* what it said at first */
};
struct persistence_result persistence_result(void);

#endif
