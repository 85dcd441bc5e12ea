/* SPDX-License-Identifier: BSD-2-Clause */
/* A first program that ends without shutting down, which is the kernel's panic. */
#include <twz/sys.h>

void _start(void);
void _start(void)
{
	twz_sys_view_exit(5);
}
