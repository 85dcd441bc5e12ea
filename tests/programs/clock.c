/* SPDX-License-Identifier: BSD-2-Clause */
/* The clocks of a program: no system call, and never back, in parent and child. shapes: static
 * dynamic */

#include <pthread.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <twz/sys.h>
#include <twizzler/rt.h>
#include <unistd.h>
#include "check.h"

#define SECOND 1000000000ll

static long calls(void)
{
	return twz_sys_thread_control(TWZ_THREAD_CALLS, 0);
}

static long long clock_now(clockid_t clock)
{
	struct timespec time = {0};

	CHECK(clock_gettime(clock, &time) == 0);
	CHECK(time.tv_nsec >= 0 && time.tv_nsec < SECOND);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* The calls that reading the clocks takes: the one that counts, where the clock page is good. */
static void test_no_call(void)
{
	struct timeval day;
	long before;

	clock_now(CLOCK_MONOTONIC); /* maps the page */
	clock_now(CLOCK_REALTIME);  /* may read the calendar */
	before = calls();
	for (int i = 0; i < 1000; i++) {
		clock_now(CLOCK_MONOTONIC);
		clock_now(CLOCK_REALTIME);
		CHECK(gettimeofday(&day, NULL) == 0);
		CHECK(time(NULL) > 0);
		CHECK(twz_rt_clock(TWZ_CLOCK_MONOTONIC) != 0);
	}
	CHECK(calls() == before + 1);
}

static long long newest;
static unsigned back;

static void *read_on(void *unused)
{
	for (int i = 0; i < 5000; i++) {
		long long seen = __atomic_load_n(&newest, __ATOMIC_ACQUIRE);
		long long now = (long long)twz_rt_clock(TWZ_CLOCK_MONOTONIC);

		if (now < seen)
			__atomic_fetch_add(&back, 1, __ATOMIC_RELAXED);
		while (now > seen &&
		       !__atomic_compare_exchange_n(&newest, &seen, now, 0, __ATOMIC_RELEASE,
						    __ATOMIC_RELAXED))
			;
	}
	return unused;
}

static void test_never_back(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, read_on, NULL) == 0);
	for (int i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(back == 0);
}

static void test_child(void)
{
	long long before = clock_now(CLOCK_MONOTONIC);
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		long at = calls();
		long long now = clock_now(CLOCK_MONOTONIC);

		_exit(now > before && now - before < 60 * SECOND && calls() == at + 1 ? 0 : 1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_realtime(void)
{
	time_t now = time(NULL);
	struct tm *parts = gmtime(&now);

	CHECK(parts && parts->tm_year >= 120);
	CHECK(clock_gettime(1000, &(struct timespec){0}) == -1 && errno == EINVAL);
}

int main(void)
{
	test_no_call();
	test_never_back();
	test_child();
	test_realtime();
	return check_result("clock");
}
