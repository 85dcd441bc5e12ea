/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's shared library with a constructor, static data that needs relocation, and two kinds of
 * TLS. */
#include <stdio.h>
#include <string.h>

#include "libbase.h"

int counter_constructed;
static __thread int counter = 100;
static __thread char buffer[3000]; /* zeroed, larger than any surplus */
static const char *const names[] = {"zero", "counter"};

__attribute__((constructor)) static void construct(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc > 0 && argv[0] != NULL)
		counter_constructed = ++construct_order;
}

__attribute__((destructor)) static void destruct(void)
{
	puts("libcounter destructed");
	fflush(stdout);
}

int counter_next(void)
{
	if (buffer[counter % sizeof(buffer)] != 0)
		return -1;
	memset(buffer, counter & 1 ? 0 : 1, sizeof(buffer));
	memset(buffer, 0, sizeof(buffer));
	return ++counter;
}

int counter_tls_sum(void)
{
	return counter + base_tls;
}

const char *counter_name(void)
{
	return names[base_constructed];
}
