/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies a file as it is at one moment: its size is taken first. For tests that look at the store's
 * files from the host. */
/* shapes: static */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	struct stat stat;
	FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL;
	FILE *to = from ? fopen(argv[2], "wb") : NULL;
	char *bytes;
	size_t size;

	if (!to || fstat(fileno(from), &stat) < 0) {
		perror("copy_file");
		return 1;
	}
	size = (size_t)stat.st_size;
	bytes = malloc(size ? size : 1);
	if (!bytes || fread(bytes, 1, size, from) != size || fwrite(bytes, 1, size, to) != size ||
	    fclose(to)) {
		perror("copy_file");
		return 1;
	}
	printf("%zu bytes\n", size);
	return 0;
}
