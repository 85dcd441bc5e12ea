/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shapes: static dynamic unikernel
 * Pointers to nested functions: called in the first thread, in others, in a child, and with a
 * handler for SIGSEGV beside them, which must still get its own faults.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

static sigjmp_buf back;

static int apply(int (*function)(int), int value)
{
	return function(value);
}

static int add(int by, int value)
{
	int added(int to)
	{
		return to + by;
	}
	return apply(added, value);
}

/* qsort by a comparison that knows its surroundings. */
static void sort(int *values, size_t count, int sign)
{
	int compare(const void *left, const void *right)
	{
		return sign * (*(const int *)left - *(const int *)right);
	}
	qsort(values, count, sizeof(*values), compare);
}

static void *in_thread(void *argument)
{
	long sum = 0;

	for (int i = 0; i < 100; i++)
		sum += add(i, (int)(long)argument);
	return (void *)sum;
}

static void on_fault(int signal)
{
	siglongjmp(back, signal);
}

/* A page of data that is no trampoline stays what it is: not to be run. */
static int runs(const unsigned char *bytes, size_t size)
{
	unsigned char data[32] __attribute__((aligned(16)));
	int (*volatile function)(void) = (int (*)(void))(void *)data;

	memset(data, 0x90, sizeof(data));
	memcpy(data, bytes, size);
	if (sigsetjmp(back, 1) == 0) {
		function();
		return 1;
	}
	return 0;
}

int main(void)
{
	static const unsigned char give[] = {0xb8, 1, 0, 0, 0, 0xc3};
	static const unsigned char half[] = {0x49, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0x49, 0xbb};
	int values[] = {3, 1, 2};
	pthread_t threads[4];

	CHECK(add(2, 3) == 5);
	sort(values, 3, 1);
	CHECK(values[0] == 1 && values[2] == 3);
	sort(values, 3, -1);
	CHECK(values[0] == 3 && values[2] == 1);
	for (long i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, in_thread, (void *)i) == 0);
	for (long i = 0; i < 4; i++) {
		void *sum = NULL;
		CHECK(pthread_join(threads[i], &sum) == 0 && (long)sum == 4950 + 100 * i);
	}
	CHECK(signal(SIGSEGV, on_fault) == SIG_DFL);
	CHECK(!runs(give, sizeof(give)));
	CHECK(!runs(half, sizeof(half)));
	CHECK(add(5, 6) == 11);
	return check_result("nested");
}
