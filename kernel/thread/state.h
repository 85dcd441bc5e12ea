/* SPDX-License-Identifier: BSD-2-Clause */
/* Extended (FPU, SSE, AVX) state, user frames, thread numbers. */
#ifndef THREAD_STATE_H
#define THREAD_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct thread;
struct view;
struct trap_frame;

/* The FXSAVE/XSAVE area of a thread, 64-byte aligned inside its allocation. */
void *extended_state_of(struct thread *thread);
void extended_state_init(struct thread *thread);
void extended_state_save(struct thread *thread);
void extended_state_load(struct thread *thread);
/*
 * As save, for a thread inside a system call: a call loses the vector registers and empties the x87
 * stack, as a call of C does, so only the two control words are kept and the rest loads as zero.
 */
void extended_state_leave(struct thread *thread);
/* Load an area that a program gave; false when it is malformed, and then the thread's own is
 * loaded. */
bool extended_state_load_checked(struct thread *thread);

/* Selectors and flags of a program; and whether a frame's are what a program may have. */
void trap_frame_make_user(struct trap_frame *frame);

/* The smallest free number >= 1; 0 when out of memory. */
uint32_t thread_number_take(struct thread *thread);
void thread_number_give(struct thread *thread);
/*
 * Call `act` for the thread with this number under the lock that keeps it alive; false when there
 * is none.
 */
bool thread_number_act(uint64_t number, bool (*act)(struct thread *, void *), void *context);

/* The number is the view's too, until it is released, although its thread gives it back. */
void program_number_keep(uint32_t number, struct view *view);
/* It is the view's no more; it may be another's already. */
void program_number_release(uint32_t number, const struct view *view);
/* The view that keeps a number, with a reference; NULL. No number is above the limit. */
struct view *program_number_find(uint64_t number);
uint32_t program_number_limit(void);

#endif
