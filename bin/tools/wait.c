/* SPDX-License-Identifier: BSD-2-Clause */
/* sleep. */
#include "tools.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* What is more than this many seconds is for ever. */
#define LONGEST 1e15

int tool_sleep(int argc, char **argv)
{
	double seconds = 0;

	for (int i = 1; i < argc; i++) {
		char *end;
		double value = strtod(argv[i], &end);
		if (end == argv[i] || *end != '\0' || !(value >= 0))
			return tool_usage("SECONDS...");
		seconds += value;
	}
	if (argc < 2)
		return tool_usage("SECONDS...");
	if (seconds > LONGEST)
		seconds = LONGEST;
	struct timespec left = {.tv_sec = (time_t)seconds};
	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) != 0) {
		if (errno != EINTR)
			return tool_complain(argv[1]);
	}
	return 0;
}
