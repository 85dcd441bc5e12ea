/* SPDX-License-Identifier: BSD-2-Clause */
/* The rights column of syscall.def: RIGHTS_<call>. */
#ifndef SYSCALL_RIGHTS_H
#define SYSCALL_RIGHTS_H

#include <twizzler/types.h>

enum syscall_rights {
#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) \
	RIGHTS_##name = TWZ_RIGHT_##rights,
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL
};

#endif
