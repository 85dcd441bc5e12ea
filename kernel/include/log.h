/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel messages, panics and assertions. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct trap_frame;

/*
 * Format into a buffer: %d %u %x %p %s %c %% with l/z, width, 0 and -. Always ends with a NUL when
 * size > 0; returns the length that the whole text has.
 */
int format_text_list(char *buffer, size_t size, const char *format, va_list arguments);
int format_text(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A line to the console when the boot command line has `verbose`. Any context. No newline needed.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line to the console, always: what a user must see. */
void log_alert(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print the message, the registers and a symbolised backtrace, stop every CPU, leave with code 127.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panic_frame(const struct trap_frame *frame, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What must hold whatever user programs and devices do. */
#define ASSERT(condition)                                                                     \
	do {                                                                                  \
		if (__builtin_expect(!(condition), 0))                                        \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/* Costly checks, in the debug variant only (-DKERNEL_DEBUG). */
#ifdef KERNEL_DEBUG
#define DEBUG_ASSERT(condition) ASSERT(condition)
#else
#define DEBUG_ASSERT(condition) ((void)sizeof(condition))
#endif

#endif
