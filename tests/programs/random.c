/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes, or the refusal where the machine has none. shapes: static dynamic */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <twizzler/rt.h>

#define SIZE 5000

static unsigned char first[SIZE], second[SIZE];

/* Bytes that differ from the expected share of each value by far are no random ones. */
static int looks_random(const unsigned char *bytes)
{
	unsigned counts[256] = {0}, most = 0;

	for (int i = 0; i < SIZE; i++)
		if (++counts[bytes[i]] > most)
			most = counts[bytes[i]];
	return most < 60; /* 20 on average */
}

int main(void)
{
	twz_result result = twz_rt_random(first, SIZE);

	if (result == -TWZ_ERR_NOT_SUPPORTED) {
		int fd = open("/dev/random", O_RDONLY);
		long got = getrandom(second, SIZE, 0);
		int reason = errno;

		printf("not supported; getrandom %ld %s; /dev/random %zd; touched: %s\n", got,
		       strerror(reason), read(fd, second, SIZE),
		       memchr(second, 0, 1) && !memcmp(second, second + 1, SIZE - 1) ? "no"
										     : "yes");
		return 3;
	}
	if (result < 0 || getrandom(second, SIZE, 0) != SIZE)
		return 1;
	printf("%s, %s, %s\n", memcmp(first, second, SIZE) ? "different" : "the same",
	       looks_random(first) ? "random" : "constant",
	       looks_random(second) ? "random" : "constant");
	return 0;
}
