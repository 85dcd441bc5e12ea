/* SPDX-License-Identifier: BSD-2-Clause */
/* What the native benchmarks share: the clock, random orders, and lines of results for
 * bench/objects.py. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of the objects that a benchmark makes: in the guest TWZ_OBJECT_PERSISTENT, so that they lie in
 * its store. */
#ifndef OBJECT_FLAGS
#define OBJECT_FLAGS 0
#endif

/* The thread's CPU time, so that what else runs on the machine does not count. In a guest nothing
 * else runs, and what a thread waits for counts: there it is CLOCK_MONOTONIC. */
#ifndef CLOCK
#define CLOCK CLOCK_THREAD_CPUTIME_ID
#endif

static inline double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* One line of results: nanoseconds, or a count, an operation. */
static inline void report(const char *name, double value)
{
	printf("result\t%s\t%.4f\n", name, value);
	fflush(stdout);
}

static inline void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s failed\n", what);
	exit(1);
}

/* xorshift64*. */
static inline uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* The numbers below count in a random order; the caller frees it. */
static inline uint64_t *shuffled(uint64_t count, uint64_t seed)
{
	uint64_t *order = malloc(count * sizeof(*order));

	need(order != NULL, "malloc");
	for (uint64_t i = 0; i < count; i++)
		order[i] = i;
	for (uint64_t i = count - 1; i > 0; i--) {
		uint64_t other = draw(&seed) % (i + 1), kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
	return order;
}

/* A key that looks random and comes once: a bijection of 64 bits (the end of MurmurHash3). */
static inline uint64_t key_of(uint64_t i)
{
	i = (i ^ i >> 33) * 0xff51afd7ed558ccdull;
	i = (i ^ i >> 33) * 0xc4ceb9fe1a85ec53ull;
	return i ^ i >> 33;
}

#endif
