/* SPDX-License-Identifier: BSD-2-Clause */
/* A library of one function. */
#include <stdio.h>

void greet(const char *first, const char *second);

void greet(const char *first, const char *second)
{
	printf("hello, %s and %s\n", first, second);
}
