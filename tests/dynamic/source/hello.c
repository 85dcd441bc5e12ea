/* SPDX-License-Identifier: BSD-2-Clause */
/* The least dynamic program: arguments, environment, exit code. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "nobody";
	printf("hello, %s\n", name);
	return argc > 2 ? atoi(argv[2]) : 0;
}
