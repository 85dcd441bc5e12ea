/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for standard input by poll, at most so many milliseconds (-1: for ever) each time, says
 * what has become of it and takes what there is. shapes: static dynamic unikernel */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int limit = argc > 1 ? atoi(argv[1]) : -1;

	puts("polling");
	fflush(stdout);
	for (;;) {
		struct pollfd events = {.fd = STDIN_FILENO, .events = POLLIN};
		char bytes[64];
		int ready = poll(&events, 1, limit);

		if (ready <= 0) {
			puts(ready == 0 ? "nothing" : strerror(errno));
			return 0;
		}
		ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
		printf("%s%s %zd\n", events.revents & POLLIN ? "in" : "",
		       events.revents & POLLHUP ? "hup" : "", got);
		fflush(stdout);
		if (got <= 0)
			return 0;
	}
}
