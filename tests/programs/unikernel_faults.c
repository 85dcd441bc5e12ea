/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A unikernel's protections: each argument names one that must end the program. shapes: unikernel
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `forever` never ends it, but the compiler cannot know. */
static volatile int forever = 1;

static int recurse(volatile char *above)
{
	volatile char here[4096];

	here[0] = *above;
	return forever ? recurse(here) + here[0] : 0;
}

int main(int argc, char **argv)
{
	static char data[16] = "\xc3";
	const char *what = argc > 1 ? argv[1] : "";

	puts("still well");
	fflush(stdout);
	if (!strcmp(what, "null"))
		return *(volatile int *)0;
	if (!strcmp(what, "text"))
		*(volatile char *)(unsigned long)main = 0;
	if (!strcmp(what, "constant"))
		*(volatile char *)"constant" = 0;
	if (!strcmp(what, "data"))
		((void (*)(void))(unsigned long)data)();
	if (!strcmp(what, "stack"))
		return recurse((volatile char *)what);
	if (!strcmp(what, "divide"))
		return 1000 / (forever - 1); /* 1 / x needs no division */
	if (!strcmp(what, "abort"))
		abort();
	return 77;
}
