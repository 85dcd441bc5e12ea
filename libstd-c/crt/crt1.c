/* SPDX-License-Identifier: BSD-2-Clause */
/* crt1.o and, compiled with -fPIC, Scrt1.o: the start of static and of dynamic programs. */

#include "start.h"

START_CALLS(start_runtime);

__attribute__((used)) static void start_runtime(uintptr_t *sp)
{
	twz_rt_entry(sp, start_program);
}
