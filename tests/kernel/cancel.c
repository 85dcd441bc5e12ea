/* SPDX-License-Identifier: BSD-2-Clause */
/* No wake-up is lost: interrupt codes as a set, a runtime's interrupt words, firm sleeps. */
#include "test.h"

extern volatile uint32_t interrupts_seen;
extern volatile uint64_t last_interrupt, last_interrupt_codes;

#define SECOND 1000000000ull

static uint64_t now(void)
{
	return (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
}

static void use_words(struct twz_interrupt_words *words)
{
	EQUAL(twz_sys_thread_control(TWZ_THREAD_INTERRUPT_WORDS, (uint64_t)words), 0);
}

static volatile uint32_t word, asleep;
static volatile long result;

static void sleep_firmly(void *unused)
{
	struct twz_sync_op op = {.word = (uint32_t *)&word, .flags = TWZ_SYNC_FIRM};

	(void)unused;
	asleep = 1;
	result = twz_sys_thread_sync(&op, 1, TWZ_FOREVER);
}

TEST(interrupts_are_a_set_that_one_upcall_brings)
{
	struct worker worker;

	word = asleep = interrupts_seen = 0;
	worker_start(&worker, sleep_firmly, 0);
	while (!asleep)
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	/* it sleeps by then, or has the codes on its way there: no matter, it is firm */
	for (uint64_t until = now() + 3000000; now() < until;)
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	EQUAL(twz_sys_thread_interrupt(worker.number, 64), 0);
	EQUAL(twz_sys_thread_interrupt(worker.number, 7), 0);
	EQUAL(twz_sys_thread_interrupt(worker.number, 9), 0);
	EQUAL(twz_sys_thread_interrupt(worker.number, 7), 0);
	EQUAL(interrupts_seen, 0);
	word = 1;
	wake_word(&word, 1);
	worker_join(&worker);
	EQUAL(result, 0);
	EQUAL(interrupts_seen, 1);
	EQUAL(last_interrupt, 7);
	EQUAL(last_interrupt_codes, 1ull << 63 | 1ull << 6 | 1ull << 8);
}

TEST(interrupt_codes_are_checked)
{
	uint64_t self = (uint64_t)twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);

	EQUAL(twz_sys_thread_interrupt(self, 0), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_thread_interrupt(self, 65), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_thread_interrupt(self, ~0ull), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_INTERRUPT_WORDS, 4), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_INTERRUPT_WORDS, 1ull << 47),
	      -TWZ_ERR_INVALID_ARGUMENT);
}

TEST(interrupt_words_keep_a_thread_awake)
{
	struct twz_interrupt_words words = {.pending = 1ull << 9};
	volatile uint32_t zero = 0;
	struct twz_sync_op op = {.word = (uint32_t *)&zero};
	char byte;
	long console = twz_sys_stream_find("console", 7);

	use_words(&words);
	EQUAL(twz_sys_thread_sync(&op, 1, TWZ_FOREVER), -TWZ_ERR_INTERRUPTED);
	EQUAL(twz_sys_thread_sync(0, 0, TWZ_FOREVER), -TWZ_ERR_INTERRUPTED);
	EQUAL(twz_sys_stream_read((uint32_t)console, &byte, 1, TWZ_FOREVER), -TWZ_ERR_INTERRUPTED);
	EQUAL(twz_sys_stream_read((uint32_t)console, &byte, 1, 0), -TWZ_ERR_WOULD_BLOCK);
	/* what does not sleep is not touched */
	op.value = 1;
	EQUAL(twz_sys_thread_sync(&op, 1, TWZ_FOREVER), 0);
	op.kind = TWZ_SYNC_WAKE;
	EQUAL(twz_sys_thread_sync(&op, 1, TWZ_FOREVER), 0);
	op = (struct twz_sync_op){.word = (uint32_t *)&zero, .flags = TWZ_SYNC_FIRM};
	EQUAL(twz_sys_thread_sync(&op, 1, now() + 1000000), -TWZ_ERR_TIMED_OUT);
	op.flags = 0;
	words.blocked = ~0ull;
	EQUAL(twz_sys_thread_sync(&op, 1, now() + 1000000), -TWZ_ERR_TIMED_OUT);
	words.blocked = ~(1ull << 9);
	EQUAL(twz_sys_thread_sync(&op, 1, TWZ_FOREVER), -TWZ_ERR_INTERRUPTED);
	/* words that are not there say nothing */
	use_words((void *)SLOT(900));
	EQUAL(twz_sys_thread_sync(&op, 1, now() + 1000000), -TWZ_ERR_TIMED_OUT);
	use_words(0);
	EQUAL(twz_sys_thread_sync(&op, 1, now() + 1000000), -TWZ_ERR_TIMED_OUT);
}

static struct twz_interrupt_words shared;
static volatile uint32_t taken;
#define ROUNDS 1500u

/* A runtime in small: the upcall does nothing, the call that would sleep says that there is work.
 */
static void take_signals(void *unused)
{
	volatile uint32_t never = 0;
	struct twz_sync_op op = {.word = (uint32_t *)&never};

	(void)unused;
	use_words(&shared);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		long slept = -TWZ_ERR_INTERRUPTED;

		while (slept == -TWZ_ERR_INTERRUPTED && !shared.pending)
			slept = twz_sys_thread_sync(&op, 1, now() + 5 * SECOND);
		if (slept != -TWZ_ERR_INTERRUPTED) {
			result = slept; /* a signal was lost: the sleep ended by its deadline */
			break;
		}
		__atomic_store_n(&shared.pending, 0, __ATOMIC_SEQ_CST);
		taken = i;
	}
	use_words(0);
	taken = ROUNDS;
}

TEST(no_signal_just_before_a_sleep_is_lost)
{
	struct worker worker;
	uint32_t seed = 1;

	taken = 0;
	result = 0;
	shared = (struct twz_interrupt_words){0};
	worker_start(&worker, take_signals, 0);
	for (uint32_t i = 0; i < ROUNDS && !result; i++) {
		__atomic_fetch_or(&shared.pending, 2, __ATOMIC_SEQ_CST);
		twz_sys_thread_interrupt(worker.number, 2);
		while (taken <= i && taken < ROUNDS && !result)
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		/* meet the sleeper at another place each time */
		seed = seed * 1103515245 + 12345;
		for (volatile uint32_t spin = seed >> 22; spin; spin--)
			;
	}
	worker_join(&worker);
	EQUAL(result, 0);
}
