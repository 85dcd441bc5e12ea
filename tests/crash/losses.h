/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power losses one behind the other: of those that explore.c looks at, some are lived through. The
 * object or store is opened, with each fence of that explored, and the work goes on, and so up to
 * explore_options.losses times. In half of these lives the program ends between, at a fence
 * that it does not see through, and another one takes its place while memory keeps what it holds.
 */
#ifndef CRASH_LOSSES_H
#define CRASH_LOSSES_H

#include "explore.h"

/* ---- for explore.c ---- */

/* The plan stays the caller's, until losses_explore has returned. */
void losses_begin(const struct explore_plan *plan);
/* Behind each fence that was explored. Need not return. */
void losses_fence(void);
/* Lives through what was drawn. The work has ended. */
void losses_explore(void);

/* ---- of explore.c ---- */

uint64_t explore_draw(uint64_t below);
/* The images become a drawn state of this fence, until they are put back. */
void explore_make_state(void);
void explore_put_back(void);
/* Explores from what live memory holds. */
void explore_again(void);
/* Nothing was wrong so far. */
bool explore_is_right(void);

#endif
