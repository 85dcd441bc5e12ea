/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's shared library, needed by libcounter and by the program: constructed first, destructed
 * last. */
#include <stdio.h>

#include "libbase.h"

int base_constructed;
__thread int base_tls = 7;

__attribute__((constructor)) static void construct(void)
{
	base_constructed = ++construct_order;
}

__attribute__((destructor)) static void destruct(void)
{
	puts("libbase destructed");
	fflush(stdout);
}

int construct_order;

int *base_tls_address(void)
{
	return &base_tls;
}
