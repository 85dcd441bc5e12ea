/* SPDX-License-Identifier: BSD-2-Clause */
/* Several tests in one source, by the name of the program. */
#include <config.h>
#include <stdio.h>
#include <string.h>

#if SIZEOF_LONG != 8 || !HAVE_FORK || HAVE_NONESUCH || !HAVE_MALLOC
#error "configure was mistaken"
#endif

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	char line[64] = "";

	(void)argc;
	name = name != NULL ? name + 1 : argv[0];
	printf("this is %s\n", name);
	if (strcmp(name, "fails") == 0)
		return 1;
	if (strcmp(name, "skips") == 0)
		return 77;
	if (strcmp(name, "reads") == 0) {
		FILE *file = fopen("data.txt", "r");

		return file == NULL || fgets(line, sizeof(line), file) == NULL ||
		       strcmp(line, "known text\n") != 0;
	}
	return 0;
}
