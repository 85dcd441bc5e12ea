/* SPDX-License-Identifier: BSD-2-Clause */
/* The few words that unit tests need: EXPECT, and a table of tests with a count that is checked. */
#ifndef TEST_H
#define TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                        \
	((condition) ? (void)0                                                                   \
		     : (fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition), \
			exit(1)))

/* Compares two numbers and shows both. */
#define EXPECT_EQUAL(a, b) \
	expect_equal((long long)(a), (long long)(b), #a " == " #b, __FILE__, __LINE__)

static inline void expect_equal(long long a, long long b, const char *text, const char *file,
				int line)
{
	if (a == b)
		return;
	fprintf(stderr, "%s:%d: expected %s, got %lld and %lld\n", file, line, text, a, b);
	exit(1);
}

struct test {
	void (*run)(void);
	const char *name;
};

/* Runs a table of tests and says how many. */
#define RUN_TESTS(tests) run_tests(tests, sizeof(tests) / sizeof(tests[0]))

static inline int run_tests(const struct test *tests, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		tests[i].run();
		printf("ok %s\n", tests[i].name);
	}
	printf("%zu passed\n", count);
	return count == 0;
}

/* A small deterministic generator (xorshift64*). */
static inline uint64_t test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

#endif
