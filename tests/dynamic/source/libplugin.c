/* SPDX-License-Identifier: BSD-2-Clause */
/* A library that is only ever dlopened: dynamic TLS, a dependency of its own, constructor and
 * destructor. */
#include <stdio.h>

#include "libbase.h"

static __thread int calls = 10;
static __thread char room[5000];
int plugin_state = 1;
int *host_counter(void); /* the program's */

__attribute__((constructor)) static void construct(void)
{
	++*host_counter();
}

__attribute__((destructor)) static void destruct(void)
{
	--*host_counter();
}

int plugin_call(void)
{
	room[sizeof(room) - 1]++;
	return ++calls + room[sizeof(room) - 1];
}

int plugin_base(void)
{
	return base_constructed != 0 && base_tls == 7;
}
