/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments, environment, standard streams, atexit, exit code. shapes: dynamic static unikernel */

#include <stdio.h>
#include <stdlib.h>

static void last(void)
{
	puts("atexit");
}

__attribute__((constructor)) static void first(void)
{
	puts("constructor");
}

__attribute__((destructor)) static void after(void)
{
	puts("destructor");
}

int main(int argc, char **argv)
{
	const char *name = getenv("GREETING");

	atexit(last);
	printf("%s, %d arguments:", name ? name : "hello", argc - 1);
	for (int i = 1; i < argc; i++)
		printf(" '%s'", argv[i]);
	putchar('\n');
	fprintf(stderr, "to stderr\n");
	return argc > 1 ? atoi(argv[1]) : 0;
}
