/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a boot's time goes: marks of the time stamp counter, told on `timeline`. */
#ifndef KERNEL_TIMELINE_H
#define KERNEL_TIMELINE_H

/* Remember that this happened now. what: a string that stays. Any context, no lock; when the table
 * is full later marks are not kept: the boot and its first programs are what it is for. */
void timeline_mark(const char *what);

/*
 * With the word `timeline` in the command line, the first time: a line a mark on the console, in
 * microseconds since the machine's reset. When the first program ends, so that it costs the marks
 * nothing.
 */
void timeline_print(void);

#endif
