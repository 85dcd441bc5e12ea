/* SPDX-License-Identifier: BSD-2-Clause */
/* cat and echo. */
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_all(const char *bytes, size_t length)
{
	while (length != 0) {
		ssize_t part = write(1, bytes, length);
		if (part < 0 && errno != EINTR)
			return tool_complain("standard output");
		if (part > 0) {
			bytes += part;
			length -= (size_t)part;
		}
	}
	return 0;
}

static int copy(int fd, const char *path)
{
	static char buffer[65536];

	for (;;) {
		ssize_t got = read(fd, buffer, sizeof(buffer));
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return tool_complain(path);
		if (got > 0 && write_all(buffer, (size_t)got) != 0)
			return 1;
	}
}

int tool_cat(int argc, char **argv)
{
	int option, result = 0;

	while ((option = getopt(argc, argv, "u")) != -1) {
		if (option != 'u')
			return tool_usage("[-u] [FILE...]");
	}
	if (optind == argc)
		return copy(0, "standard input");
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0) {
			result |= copy(0, "standard input");
			continue;
		}
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			result = tool_complain(argv[i]);
			continue;
		}
		result |= copy(fd, argv[i]);
		close(fd);
	}
	return result;
}

int tool_echo(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "-n") == 0 ? 2 : 1;

	for (int i = first; i < argc; i++) {
		if (i > first)
			putchar(' ');
		fputs(argv[i], stdout);
	}
	if (first == 1)
		putchar('\n');
	return 0;
}
