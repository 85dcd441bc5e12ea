/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls as C functions: twz_sys_<name>, one for each entry of <twizzler/syscall.def>,
 * where each is described. They return what the kernel returns and touch no errno and no TLS.
 */
#ifndef TWZ_SYS_H
#define TWZ_SYS_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) \
	twz_result twz_sys_##name arguments;
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL

#ifdef __cplusplus
}
#endif
#endif
