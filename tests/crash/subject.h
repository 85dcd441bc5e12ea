/* SPDX-License-Identifier: BSD-2-Clause */
/* What is explored: workloads with what has to hold after a power loss in them, and the object or
 * memory that they work on. */
#ifndef CRASH_SUBJECT_H
#define CRASH_SUBJECT_H

#include "explore.h"
#include "random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/object.h>

struct subject {
	const char *name;
	/* Does `steps` steps of the work that `seed` draws, between explore_begin and explore_end.
	 */
	void (*run)(uint64_t seed, unsigned steps, struct explore_result *result);
	unsigned steps;	  /* in CI */
	unsigned mutants; /* steps that show planted bugs */
};

/* Groups of subjects, each ended by one without a name; NULL behind the last (subjects.c). */
extern const struct subject *const all_subjects[];

/* What the work expects of itself, and the draw of its steps. */
#define MUST(condition)                                                                          \
	((condition) ? (void)0                                                                   \
		     : (fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition), \
			exit(1)))
extern uint64_t subject_random;
static inline uint64_t draw(uint64_t below)
{
	return draw_below(&subject_random, below);
}

/* ---- an object of libtwz, its image in another one (object.c) ---- */

extern struct twz_object live, image;

/* Both empty, with a heap behind `content` bytes; data, log and meta page with the FOT's first
 * entries are the windows of `plan`. */
void object_prepare(uint64_t content, uint64_t data, uint64_t log, uint64_t seed,
		    struct explore_plan *plan);
/* twz_tx_open of the image, or of live memory, by another program, as after a boot. */
twz_result object_open_image(void);
void object_reopen_live(void);

/* ---- a heap (heap_check.c) ---- */

/*
 * Each block is used once, by a word of `owners` or a free list, and they fill the heap. NULL, or
 * what is wrong.
 */
const char *heap_check(const uint8_t *start, const uint64_t *owners, size_t count);

#endif
