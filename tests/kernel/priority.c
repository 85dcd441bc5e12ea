/* SPDX-License-Identifier: BSD-2-Clause */
/* Priorities, turns and balancing, told by counted progress on however many CPUs there are. */
#include "test.h"

#define MANY 24

static volatile uint32_t stop, started;
static volatile uint64_t counts[MANY], times[MANY]; /* loops, and processor time at the end */

static uint64_t now(void)
{
	return (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
}

static void sleep_ms(uint64_t ms)
{
	EQUAL(twz_sys_thread_sync(0, 0, now() + ms * 1000000), -TWZ_ERR_TIMED_OUT);
}

static long set_priority(uint64_t number, uint32_t priority)
{
	return twz_sys_thread_control(TWZ_THREAD_SET_PRIORITY, number << 32 | priority);
}

static long get_priority(uint64_t number)
{
	return twz_sys_thread_control(TWZ_THREAD_PRIORITY, number << 32);
}

static uint32_t processors(void)
{
	struct twz_system_info info = {0};

	twz_sys_system_info(&info);
	return info.cpus < 8 ? info.cpus : 8;
}

static void count_until_stopped(void *slot)
{
	volatile uint64_t *count = slot;

	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	while (!stop)
		++*count;
	times[count - counts] = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_THREAD);
}

/* `n` counting threads from slot `first` on, of a priority. */
static void start_counters(struct worker *workers, unsigned first, unsigned n, uint32_t priority)
{
	for (unsigned i = first; i < first + n; i++) {
		counts[i] = 0;
		worker_start_at(&workers[i], count_until_stopped, (void *)&counts[i], priority);
	}
}

static void end_counters(struct worker *workers, unsigned n)
{
	stop = 1;
	for (unsigned i = 0; i < n; i++)
		worker_join(&workers[i]);
	stop = started = 0;
}

TEST(priorities_are_checked_and_kept)
{
	uint64_t self = (uint64_t)twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);

	EQUAL(get_priority(0), TWZ_PRIORITY_DEFAULT);
	EQUAL(set_priority(0, 20), 0);
	EQUAL(get_priority(self), 20);
	EQUAL(set_priority(self, 33 | TWZ_PRIORITY_FIFO), 0);
	EQUAL(get_priority(0), 33 | TWZ_PRIORITY_FIFO);
	EQUAL(set_priority(0, TWZ_PRIORITY_DEFAULT), 0);
	EQUAL(set_priority(0, 0x200), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(set_priority(0, 64), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_PRIORITY, 1), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(set_priority(0xfffffff, 3), -TWZ_ERR_NO_SUCH_THREAD);
	EQUAL(get_priority(0xfffffff), -TWZ_ERR_NO_SUCH_THREAD);
	EQUAL(get_priority(0), TWZ_PRIORITY_DEFAULT);
}

static void lower_the_ceiling(void *unused)
{
	(void)unused;
	EQUAL(twz_sys_thread_control(TWZ_THREAD_SET_CEILING, 64), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(set_priority(0, 30), 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_SET_CEILING, 25), 0);
	EQUAL(get_priority(0), 25);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_SET_CEILING, 26), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(set_priority(0, 26), -TWZ_ERR_ACCESS_DENIED);
	EQUAL(set_priority(0, 5), 0);
	EQUAL(set_priority(0, 25), 0);
}

TEST(a_ceiling_only_goes_down)
{
	struct twz_thread_spec spec = {.priority = 3};
	struct twz_id id;
	struct worker worker;

	worker_start(&worker, lower_the_ceiling, 0);
	worker_join(&worker);
	EQUAL(get_priority(0), TWZ_PRIORITY_DEFAULT);
	/* a priority without its flag, and one that is none */
	EQUAL(twz_sys_thread_spawn(&spec, &id), -TWZ_ERR_INVALID_ARGUMENT);
	spec.flags = TWZ_THREAD_SPEC_PRIORITY;
	spec.priority = 64;
	EQUAL(twz_sys_thread_spawn(&spec, &id), -TWZ_ERR_INVALID_ARGUMENT);
}

/* More threads than processors, and a number that does not divide evenly: true when all had much
 * the same. */
static bool shares_are_equal(void)
{
	unsigned n = 2 * processors() + 1;
	struct worker workers[MANY];
	uint64_t least = ~0ull, most = 0;

	start_counters(workers, 0, n, TWZ_PRIORITY_DEFAULT);
	while (started < n)
		sleep_ms(10);
	sleep_ms(60 * n);
	end_counters(workers, n);
	for (unsigned i = 0; i < n; i++) {
		CHECK(counts[i] > 0);
		least = times[i] < least ? times[i] : least;
		most = times[i] > most ? times[i] : most;
	}
	return least * 3 > most;
}

TEST(equal_threads_have_equal_shares)
{
	bool equal = false;

	/* a host that stops one of our processors for a while disturbs one try, not all */
	for (unsigned i = 0; i < 8 && !equal; i++)
		equal = shares_are_equal();
	CHECK(equal);
}

/* Whether, from now on, counter `n` gets less than the average of those before it. */
static bool gets_less(unsigned n)
{
	uint64_t high = 0, low = counts[n];

	for (unsigned i = 0; i < n; i++)
		high -= counts[i];
	sleep_ms(300);
	low = counts[n] - low;
	for (unsigned i = 0; i < n; i++)
		high += counts[i];
	return low < high / n;
}

TEST(low_priorities_do_not_starve)
{
	unsigned n = 2 * processors();
	struct worker workers[MANY];
	uint64_t until;
	bool less = false;

	EQUAL(set_priority(0, 40), 0);
	start_counters(workers, 0, n, 20);
	start_counters(workers, n, 1, 10);
	while (started < n)
		sleep_ms(10);
	for (until = now() + 20000000000ull; counts[n] == 0 && now() < until;)
		sleep_ms(50);
	CHECK(counts[n] > 0);
	/* and no more than their due; a host that stops a processor for a while disturbs one try */
	for (unsigned i = 0; i < 8 && !less; i++)
		less = gets_less(n);
	CHECK(less);
	end_counters(workers, n + 1);
	EQUAL(set_priority(0, TWZ_PRIORITY_DEFAULT), 0);
}

TEST(realtime_priorities_are_strict)
{
	unsigned n = processors();
	struct worker workers[MANY];

	EQUAL(set_priority(0, 50), 0);
	start_counters(workers, 0, n, 40 | TWZ_PRIORITY_FIFO);
	while (started < n)
		sleep_ms(10);
	start_counters(workers, n, 1, 16);
	sleep_ms(250);
	EQUAL(counts[n], 0);
	EQUAL(started, n);
	EQUAL(set_priority(workers[n].number, 45), 0);
	while (started <= n)
		sleep_ms(1);
	end_counters(workers, n + 1);
	EQUAL(set_priority(0, TWZ_PRIORITY_DEFAULT), 0);
}

static volatile uint32_t order, bell;

static void take_order(void *place)
{
	if (place)
		wait_word(&bell, 0);
	*(volatile uint32_t *)(place ? place : (void *)&order) =
		__atomic_fetch_add(&order, 1, __ATOMIC_SEQ_CST);
}

/* On one CPU a higher thread runs as soon as it is woken, a lower one when the waker sleeps. */
TEST(a_woken_higher_thread_preempts)
{
	volatile uint32_t place[2] = {~0u, ~0u};
	struct worker workers[2];

	if (processors() > 1)
		return;
	order = 10;
	bell = 0;
	for (unsigned i = 0; i < 2; i++) {
		worker_start(&workers[i], take_order, (void *)&place[i]);
		EQUAL(set_priority(workers[i].number, i ? 20 : 12), 0);
	}
	sleep_ms(10);
	bell = 1;
	wake_word(&bell, 2);
	EQUAL(place[1], 10);
	EQUAL(place[0], ~0u);
	for (unsigned i = 0; i < 2; i++)
		worker_join(&workers[i]);
	EQUAL(place[0], 11);
}

static volatile uint32_t answered;

static void answer_the_bell(void *unused)
{
	(void)unused;
	wait_word(&bell, 0);
	answered = 1;
}

/*
 * The waker keeps its own CPU and every other one runs a thread that gives way to none but a higher
 * one: the woken thread can only run where another is interrupted for it.
 */
TEST(a_woken_higher_thread_preempts_on_another_processor)
{
	unsigned n = processors();
	struct worker workers[MANY], woken;
	uint64_t until;

	if (n == 1)
		return;
	EQUAL(set_priority(0, 50), 0);
	bell = answered = 0;
	worker_start(&woken, answer_the_bell, 0);
	EQUAL(set_priority(woken.number, 45), 0);
	start_counters(workers, 0, n, 40 | TWZ_PRIORITY_FIFO);
	while (started < n)
		sleep_ms(10);
	for (until = now() + 20000000000ull, bell = 1, wake_word(&bell, 1); now() < until;)
		if (answered)
			break;
	EQUAL(answered, 1);
	worker_join(&woken);
	end_counters(workers, n);
	EQUAL(set_priority(0, TWZ_PRIORITY_DEFAULT), 0);
}

/* Each thread gives way to the others at once, so all are done at nearly the same time. */
static volatile uint32_t turns[4];

static void yield_on(void *turn)
{
	for (unsigned i = 0; i < 300; i++) {
		++*(volatile uint32_t *)turn;
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	}
}

TEST(yield_passes_the_turn_on)
{
	struct worker workers[4];

	for (unsigned i = 0; i < 4; i++) {
		turns[i] = 0;
		worker_start(&workers[i], yield_on, (void *)&turns[i]);
	}
	if (processors() == 1) {
		while (turns[0] < 100)
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		for (unsigned i = 1; i < 4; i++)
			CHECK(turns[i] > 50 && turns[i] < 200);
	}
	for (unsigned i = 0; i < 4; i++)
		worker_join(&workers[i]);
}
