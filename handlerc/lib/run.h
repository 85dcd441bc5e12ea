/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the handler library: the run slot. The library keeps no global, as globals persist. */
#ifndef HANDLERC_LIB_RUN_H
#define HANDLERC_LIB_RUN_H

#define TWZ_HANDLER_LIBRARY
#include <stdarg.h>
#include <twizzler/handler.h>

#ifdef RUN_ENTRY_ELSEWHERE /* host tests: another place, since a sanitizer's shadow covers the run \
			      slot */
struct twz_handler_entry *run_entry(void);
#else
static inline struct twz_handler_entry *run_entry(void)
{
	return (struct twz_handler_entry *)TWZ_HANDLER_RUN;
}
#endif

/*
 * Formats into at most `size` bytes, no NUL; returns the whole length, which may be more, or a
 * negated enum twz_error for a conversion it does not know.
 */
int64_t format_bytes(char *buffer, size_t size, const char *format, va_list arguments);

#endif
