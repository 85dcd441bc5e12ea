/* SPDX-License-Identifier: BSD-2-Clause */
/* What Twizzler and Linux each have a way of their own for. */
#ifndef BENCH_SYSTEM_H
#define BENCH_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* The system call that does least: enters the kernel, reads a number, returns. */
void null_call(void);

/* Makes an object of one page, maps it, writes to it, unmaps it and deletes it. */
void object_cycle(void);

/* An object with `pages` pages present, to be mapped and unmapped again and again. */
void *mapping_prepare(size_t pages);
void mapping_cycle(void *object); /* maps it, reads its first byte, unmaps it */
void mapping_release(void *object);

/* Leaves with this code by the quickest way that the program's caller understands. */
_Noreturn void leave(int code);

#endif
