/* SPDX-License-Identifier: BSD-2-Clause */
/* The names and texts of errors (error.def), for messages. */
#ifndef TWIZZLER_ERROR_H
#define TWIZZLER_ERROR_H

#include <twizzler/types.h>

/* What a call's negative result says, in words; "unknown error" for what is none. */
static inline const char *twz_error_text(twz_result error)
{
	switch (error < 0 ? -error : 0) {
#define TWZ_ERROR(name, number, text) \
	case number:                  \
		return text;
#include <twizzler/error.def>
#undef TWZ_ERROR
	default:
		return "unknown error";
	}
}

/* Its name without TWZ_ERR_, "NOT_FOUND"; a null pointer for what is none. */
static inline const char *twz_error_name(twz_result error)
{
	switch (error < 0 ? -error : 0) {
#define TWZ_ERROR(name, number, text) \
	case number:                  \
		return #name;
#include <twizzler/error.def>
#undef TWZ_ERROR
	default:
		return 0;
	}
}

#endif
