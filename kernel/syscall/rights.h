/* SPDX-License-Identifier: BSD-2-Clause */
/* The rights column of syscall.def: RIGHTS_<call>. */
#ifndef SYSCALL_RIGHTS_H
#define SYSCALL_RIGHTS_H

#include <twizzler/types.h>

struct view;

enum syscall_rights {
#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) \
	RIGHTS_##name = TWZ_RIGHT_##rights,
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL
};

/*
 * The view that a call names (none: the caller's own), with a reference; ACCESS_DENIED without the
 * rights on its control object, INVALID_ARGUMENT for an object that is no view's.
 */
twz_result find_view(struct twz_id id, uint32_t rights, struct view **out);

#endif
