/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: starting, ending, sleeping on words, interrupts, upcalls. */
#include "test.h"

extern volatile uint32_t interrupts_seen;
extern volatile uint64_t last_interrupt;
extern char worker_entry[];
bool registers_survive(void);

static uint64_t now(void)
{
	return (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
}

static volatile uint32_t counter;

static void count_up(void *unused)
{
	(void)unused;
	for (int i = 0; i < 1000; i++)
		__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
}

TEST(many_threads_run_and_end)
{
	struct worker workers[32];

	counter = 0;
	for (unsigned i = 0; i < 32; i++)
		worker_start(&workers[i], count_up, 0);
	for (unsigned i = 0; i < 32; i++)
		worker_join(&workers[i]);
	EQUAL(counter, 32000);
}

static volatile uint32_t ping, pong;

static void answer(void *unused)
{
	(void)unused;
	for (uint32_t i = 1; i <= 200; i++) {
		wait_word(&ping, i - 1);
		pong = i;
		wake_word(&pong, 1);
	}
}

TEST(words_wake_sleepers)
{
	struct worker worker;

	ping = pong = 0;
	worker_start(&worker, answer, 0);
	for (uint32_t i = 1; i <= 200; i++) {
		ping = i;
		wake_word(&ping, 1);
		wait_word(&pong, i - 1);
	}
	worker_join(&worker);
}

TEST(sleep_ends_at_the_deadline)
{
	uint32_t word = 5;
	struct twz_sync_op op = {.word = &word, .value = 5};
	uint64_t start = now();

	EQUAL(twz_sys_thread_sync(&op, 1, start + 20000000), -TWZ_ERR_TIMED_OUT);
	CHECK(now() - start >= 20000000 && now() - start < 2000000000);
	EQUAL(twz_sys_thread_sync(&op, 1, 0), -TWZ_ERR_TIMED_OUT);
	op.value = 6;
	EQUAL(twz_sys_thread_sync(&op, 1, TWZ_FOREVER), 0);
	op.word = (uint32_t *)((char *)&word + 1);
	EQUAL(twz_sys_thread_sync(&op, 1, 0), -TWZ_ERR_INVALID_ARGUMENT);
	op.word = (uint32_t *)SLOT(900);
	EQUAL(twz_sys_thread_sync(&op, 1, 0), -TWZ_ERR_BAD_ADDRESS);
	op.word = (uint32_t *)0xffff880000000000;
	EQUAL(twz_sys_thread_sync(&op, 1, 0), -TWZ_ERR_BAD_ADDRESS);
}

static volatile uint32_t words[8];

static void fire_fifth(void *unused)
{
	uint64_t until = now() + 5000000;

	(void)unused;
	while (now() < until)
		;
	words[5] = 1;
	wake_word(&words[5], 1);
}

TEST(sleep_on_several_words)
{
	struct twz_sync_op ops[8];
	uint64_t wide = 7;
	struct worker worker;
	long fired;

	for (unsigned i = 0; i < 8; i++) {
		words[i] = 0;
		ops[i] = (struct twz_sync_op){.word = (uint32_t *)&words[i]};
	}
	worker_start(&worker, fire_fifth, 0);
	fired = twz_sys_thread_sync(ops, 8, now() + 5000000000ull);
	EQUAL(fired, 5);
	worker_join(&worker);
	EQUAL(twz_sys_thread_sync(ops, 5, now() + 1000000), -TWZ_ERR_TIMED_OUT);
	ops[3].value = 9;
	EQUAL(twz_sys_thread_sync(ops, 5, TWZ_FOREVER), 3);
	ops[0] =
		(struct twz_sync_op){.word = (uint32_t *)&wide, .flags = TWZ_SYNC_64, .value64 = 7};
	EQUAL(twz_sys_thread_sync(ops, 1, 0), -TWZ_ERR_TIMED_OUT);
	wide |= 1ull << 40;
	EQUAL(twz_sys_thread_sync(ops, 1, 0), 0);
	EQUAL(twz_sys_thread_sync(ops, ~0ull, 0), -TWZ_ERR_TOO_MANY);
}

static volatile uint32_t first, second, awake;

static void sleep_on_first(void *unused)
{
	struct twz_sync_op op = {.word = (uint32_t *)&first};

	(void)unused;
	EQUAL(twz_sys_thread_sync(&op, 1, TWZ_FOREVER), 0);
	__atomic_add_fetch(&awake, 1, __ATOMIC_SEQ_CST);
	wake_word(&awake, 1);
}

TEST(requeue_moves_sleepers)
{
	struct twz_sync_op op = {.word = (uint32_t *)&first,
				 .value = 10,
				 .kind = TWZ_SYNC_REQUEUE,
				 .word2 = (uint32_t *)&second};
	struct worker workers[3];
	long moved = 0;

	first = second = awake = 0;
	for (unsigned i = 0; i < 3; i++)
		worker_start(&workers[i], sleep_on_first, 0);
	op.value = 10;
	while (moved < 3) {
		long result = twz_sys_thread_sync(&op, 1, 0);

		CHECK(result >= 0);
		if (result < 0)
			return;
		moved += result;
	}
	while (awake < 3) {
		wake_word(&second, 1);
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		worker_join(&workers[i]);
}

static volatile uint32_t sleeping;
static volatile long sleep_result;

static void sleep_for_ever(void *unused)
{
	uint32_t word = 0;
	struct twz_sync_op op = {.word = &word};

	(void)unused;
	sleeping = 1;
	sleep_result = twz_sys_thread_sync(&op, 1, TWZ_FOREVER);
}

TEST(interrupts_end_a_sleep)
{
	struct worker worker;

	sleeping = interrupts_seen = 0;
	worker_start(&worker, sleep_for_ever, 0);
	while (!sleeping)
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	EQUAL(twz_sys_thread_interrupt(worker.number, 64), 0);
	worker_join(&worker);
	EQUAL(sleep_result, -TWZ_ERR_INTERRUPTED);
	EQUAL(interrupts_seen, 1);
	EQUAL(last_interrupt, 64);
	EQUAL(twz_sys_thread_interrupt(worker.number + 100000, 1), -TWZ_ERR_NO_SUCH_THREAD);
	EQUAL(twz_sys_thread_interrupt(0, 1), -TWZ_ERR_NO_SUCH_THREAD);
}

TEST(interrupts_reach_oneself)
{
	long self = twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);

	interrupts_seen = 0;
	EQUAL(twz_sys_thread_interrupt((uint64_t)self, 5), 0);
	EQUAL(interrupts_seen, 1);
	EQUAL(last_interrupt, 5);
}

TEST(upcalls_keep_registers)
{
	CHECK(registers_survive());
}

TEST(bad_upcall_frames_are_refused)
{
	struct twz_upcall_frame frame = {0};

	frame.fault.registers.rip = 0xffff800000000000;
	EQUAL(twz_sys_upcall_return(&frame), -TWZ_ERR_INVALID_ARGUMENT);
	frame.fault.registers.rip = 0x400000;
	frame.fault.registers.fs_base = 1ull << 63;
	EQUAL(twz_sys_upcall_return(&frame), -TWZ_ERR_INVALID_ARGUMENT);
	frame.fault.registers.fs_base = 0;
	frame.extended_state = 0x1000;
	frame.extended_size = 5;
	EQUAL(twz_sys_upcall_return(&frame), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_upcall_return((void *)SLOT(900)), -TWZ_ERR_BAD_ADDRESS);
}

static void spin(void *flag)
{
	while (!*(volatile uint32_t *)flag)
		__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
}

TEST(busy_threads_share_the_processors)
{
	volatile uint32_t stop = 0;
	struct worker workers[4];
	uint64_t until = now() + 60000000;

	counter = 0;
	for (unsigned i = 0; i < 4; i++)
		worker_start(&workers[i], spin, (void *)&stop);
	while (now() < until)
		;
	CHECK(counter > 0);
	stop = 1;
	for (unsigned i = 0; i < 4; i++)
		worker_join(&workers[i]);
}

static void nothing(void *unused)
{
	(void)unused;
}

TEST(thread_controls_tell_of_the_end)
{
	struct twz_map map = {.slot = 700, .rights = TWZ_RIGHT_READ};
	volatile struct twz_thread_control *control = (void *)SLOT(700);
	volatile uint32_t stop = 0;
	struct worker worker;

	worker_start(&worker, spin, (void *)&stop);
	map.object = worker.id;
	EQUAL(twz_sys_view_map(&map), 700);
	EQUAL(control->state, TWZ_THREAD_ALIVE);
	EQUAL(control->number, worker.number);
	EQUAL(try_write((void *)control), TWZ_FAULT_PROTECTION);
	stop = 1;
	wait_word((volatile uint32_t *)&control->state, TWZ_THREAD_ALIVE);
	EQUAL(control->state, TWZ_THREAD_DEAD);
	worker_join(&worker);
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	map.rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE;
	worker_start(&worker, nothing, 0);
	worker_join(&worker);
	EQUAL(twz_sys_view_map(&map), -TWZ_ERR_NO_SUCH_OBJECT);
}

static struct {
	uint64_t first;
	int64_t offset;
	uint64_t pending;
} robust;
static struct {
	uint64_t next;
	uint32_t lock;
} robust_lock;

static void die_holding(void *unused)
{
	long number = twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);

	(void)unused;
	robust.first = (uint64_t)&robust_lock;
	robust.offset = (int64_t)((char *)&robust_lock.lock - (char *)&robust_lock);
	robust_lock.next = (uint64_t)&robust;
	robust_lock.lock = (uint32_t)number | 0x80000000u;
	EQUAL(twz_sys_thread_control(TWZ_THREAD_ROBUST_LIST, (uint64_t)&robust), 0);
}

TEST(robust_locks_outlive_their_owner)
{
	struct worker worker;

	worker_start(&worker, die_holding, 0);
	worker_join(&worker);
	EQUAL(robust_lock.lock, 0xc0000000u);
}

TEST(threads_are_checked_before_they_start)
{
	struct twz_thread_spec spec = {.entry = 0xffff800000000000};
	struct twz_id id;

	EQUAL(twz_sys_thread_spawn(&spec, &id), -TWZ_ERR_INVALID_ARGUMENT);
	spec.entry = (uint64_t)worker_entry;
	spec.fs_base = ~0ull;
	EQUAL(twz_sys_thread_spawn(&spec, &id), -TWZ_ERR_INVALID_ARGUMENT);
	spec.fs_base = 0;
	spec.flags = 2;
	EQUAL(twz_sys_thread_spawn(&spec, &id), -TWZ_ERR_INVALID_ARGUMENT);
	spec.flags = 0;
	EQUAL(twz_sys_thread_spawn(&spec, (void *)SLOT(900)), -TWZ_ERR_BAD_ADDRESS);
	spec.view = (struct twz_id){1, 2};
	EQUAL(twz_sys_thread_spawn(&spec, &id), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_thread_control(1000, 0), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_SET_FS, 1ull << 63), -TWZ_ERR_INVALID_ARGUMENT);
}
