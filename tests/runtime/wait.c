/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/thread.h: futexes, sleep, interrupts. */
#include "contract.h"

static uint32_t word, other_word, sleeping, woken;

static void wait_once(void *argument)
{
	(void)argument;
	__atomic_fetch_add(&sleeping, 1, __ATOMIC_RELEASE);
	twz_result result = twz_rt_futex_wait(&word, 0, after(30000 * MS));
	CHECK(result == 0 || result == -TWZ_ERR_WOULD_BLOCK);
	__atomic_fetch_add(&woken, 1, __ATOMIC_RELEASE);
}

/* Until `count` have said so, and a moment for them to fall asleep. */
static void until_sleeping(uint32_t count)
{
	while (__atomic_load_n(&sleeping, __ATOMIC_ACQUIRE) != count)
		nap(MS);
	nap(30 * MS);
}

static bool until_woken(uint32_t count)
{
	uint64_t late = after(30000 * MS);
	while (__atomic_load_n(&woken, __ATOMIC_ACQUIRE) < count && now() < late)
		nap(MS);
	return __atomic_load_n(&woken, __ATOMIC_ACQUIRE) == count;
}

CONTRACT(twz_rt_futex_wait)
{
	struct thread thread;
	word = sleeping = woken = 0;
	FAILS(twz_rt_futex_wait(&word, 1, TWZ_FOREVER), WOULD_BLOCK);
	FAILS(twz_rt_futex_wait(&word, 0, 0), TIMED_OUT);
	uint64_t until = after(20 * MS);
	FAILS(twz_rt_futex_wait(&word, 0, until), TIMED_OUT);
	CHECK(now() >= until);
	CHECK(thread_start(&thread, wait_once, NULL));
	until_sleeping(1);
	GIVES(twz_rt_futex_wake(&word, 1), 1);
	CHECK(until_woken(1));
	thread_join(&thread);
	FAILS(twz_rt_futex_wait(NULL, 0, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_wait(KERNEL_HALF, 0, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_wait((uint32_t *)((uintptr_t)&word + 1), 0, 0), INVALID_ARGUMENT);
}

CONTRACT(twz_rt_futex_wake)
{
	struct thread threads[3];
	word = sleeping = woken = 0;
	GIVES(twz_rt_futex_wake(&word, 1), 0); /* nobody */
	for (int i = 0; i < 3; i++)
		CHECK(thread_start(&threads[i], wait_once, NULL));
	until_sleeping(3);
	GIVES(twz_rt_futex_wake(&word, 0), 0);
	GIVES(twz_rt_futex_wake(&word, 1), 1);
	CHECK(until_woken(1));
	GIVES(twz_rt_futex_wake(&word, ~0u), 2);
	CHECK(until_woken(3));
	for (int i = 0; i < 3; i++)
		thread_join(&threads[i]);
	FAILS(twz_rt_futex_wake(NULL, 1), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_wake(KERNEL_HALF, 1), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_wake((uint32_t *)((uintptr_t)&word + 2), 1), INVALID_ARGUMENT);
}

CONTRACT(twz_rt_futex_requeue)
{
	struct thread threads[4];
	word = other_word = sleeping = woken = 0;
	for (int i = 0; i < 4; i++)
		CHECK(thread_start(&threads[i], wait_once, NULL));
	until_sleeping(4);
	GIVES(twz_rt_futex_requeue(&word, 0, 0, &other_word), 0);
	GIVES(twz_rt_futex_requeue(&word, 1, 2, &other_word), 3); /* both words in one object */
	CHECK(until_woken(1));
	nap(20 * MS);
	CHECK(woken == 1);
	GIVES(twz_rt_futex_wake(&word, ~0u), 1);       /* one was left */
	GIVES(twz_rt_futex_wake(&other_word, ~0u), 2); /* two were moved */
	CHECK(until_woken(4));
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	FAILS(twz_rt_futex_requeue(NULL, 1, 1, &other_word), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_requeue(&word, 1, 1, NULL), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_requeue(&word, 1, 1, KERNEL_HALF), INVALID_ARGUMENT);
	FAILS(twz_rt_futex_requeue((uint32_t *)((uintptr_t)&word + 1), 1, 1, &other_word),
	      INVALID_ARGUMENT);
}

/* ---- interrupts ---- */

static uint32_t interrupts;
static uint64_t codes;
static uintptr_t upcall_frame_at;

static int on_interrupt(struct twz_upcall_frame *frame)
{
	if (frame->fault.kind != TWZ_FAULT_INTERRUPT)
		return 0;
	upcall_frame_at = (uintptr_t)frame;
	codes |= frame->fault.address;
	__atomic_fetch_add(&interrupts, 1, __ATOMIC_RELEASE);
	return 1;
}

static void sleep_until_interrupt(void *argument)
{
	__atomic_fetch_add(&sleeping, 1, __ATOMIC_RELEASE);
	*(twz_result *)argument = twz_rt_sleep_until(after(30000 * MS));
}

CONTRACT(twz_rt_sleep_until)
{
	struct thread thread;
	twz_result result = 0;
	GIVES(twz_rt_sleep_until(0), 0);
	uint64_t until = after(20 * MS);
	GIVES(twz_rt_sleep_until(until), 0);
	CHECK(now() >= until);
	sleeping = 0;
	GIVES(twz_rt_set_upcall_handler(on_interrupt), 0);
	CHECK(thread_start(&thread, sleep_until_interrupt, &result));
	until_sleeping(1);
	GIVES(twz_rt_thread_interrupt(thread.number, 10), 0);
	thread_join(&thread);
	GIVES(twz_rt_set_upcall_handler(NULL), 0);
	FAILS(result, INTERRUPTED);
}

CONTRACT(twz_rt_thread_interrupt)
{
	struct thread thread;
	twz_result result = 0;
	sleeping = interrupts = 0;
	codes = 0;
	GIVES(twz_rt_set_upcall_handler(on_interrupt), 0);
	/* to itself: at the return of the call at the latest */
	GIVES(twz_rt_thread_interrupt(twz_rt_thread_number(), 64), 0);
	CHECK(interrupts == 1 && codes == 1ull << 63);
	CHECK(thread_start(&thread, sleep_until_interrupt, &result));
	until_sleeping(1);
	FAILS(twz_rt_thread_interrupt(thread.number, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_interrupt(thread.number, 65), INVALID_ARGUMENT);
	GIVES(twz_rt_thread_interrupt(thread.number, 1), 0);
	thread_join(&thread);
	CHECK(result == -TWZ_ERR_INTERRUPTED && interrupts == 2 && (codes & 1));
	FAILS(twz_rt_thread_interrupt(thread.number, 1), NO_SUCH_THREAD);
	FAILS(twz_rt_thread_interrupt(0xfffffff, 1), NO_SUCH_THREAD);
	GIVES(twz_rt_set_upcall_handler(NULL), 0);
}

static struct twz_interrupt_words words;

static void sleep_with_words(void *argument)
{
	GIVES(twz_rt_thread_interrupt_words(&words), 0);
	/* something waits, unblocked: no call sleeps */
	words.pending = 4;
	FAILS(twz_rt_sleep_until(TWZ_FOREVER), INTERRUPTED);
	words.blocked = 4;
	GIVES(twz_rt_sleep_until(after(MS)), 0);
	words.blocked = 0;
	GIVES(twz_rt_thread_interrupt_words(NULL), 0);
	GIVES(twz_rt_sleep_until(after(MS)), 0);
	(void)argument;
}

CONTRACT(twz_rt_thread_interrupt_words)
{
	struct thread thread;
	words = (struct twz_interrupt_words){0, 0};
	CHECK(thread_start(&thread, sleep_with_words, NULL));
	thread_join(&thread);
	FAILS(twz_rt_thread_interrupt_words((void *)((uintptr_t)&words + 4)), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_interrupt_words(KERNEL_HALF), INVALID_ARGUMENT);
	GIVES(twz_rt_thread_interrupt_words(NULL), 0);
}

static char upcall_stack[64 * 1024] __attribute__((aligned(64)));

static bool on_upcall_stack(void)
{
	return upcall_frame_at >= (uintptr_t)upcall_stack &&
	       upcall_frame_at < (uintptr_t)upcall_stack + sizeof(upcall_stack);
}

static void interrupt_on_stack(void *argument)
{
	(void)argument;
	GIVES(twz_rt_thread_set_upcall_stack(upcall_stack, sizeof(upcall_stack)), 0);
	GIVES(twz_rt_thread_interrupt(twz_rt_thread_number(), 3), 0);
	CHECK(on_upcall_stack());
	GIVES(twz_rt_thread_set_upcall_stack(NULL, 0), 0);
	GIVES(twz_rt_thread_interrupt(twz_rt_thread_number(), 3), 0);
	CHECK(!on_upcall_stack());
}

CHILD(small_upcall_stack)
{
	twz_rt_set_upcall_handler(on_interrupt);
	twz_rt_thread_set_upcall_stack(upcall_stack, 64);
	twz_rt_thread_interrupt(twz_rt_thread_number(), 3);
	twz_rt_exit(9);
}

CONTRACT(twz_rt_thread_set_upcall_stack)
{
	struct thread thread;
	GIVES(twz_rt_set_upcall_handler(on_interrupt), 0);
	CHECK(thread_start(&thread, interrupt_on_stack, NULL));
	thread_join(&thread);
	GIVES(twz_rt_set_upcall_handler(NULL), 0);
	/* without room for the frame the program ends */
	CHECK(child_code("small_upcall_stack") < 0);
	FAILS(twz_rt_thread_set_upcall_stack(KERNEL_HALF, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_set_upcall_stack(NULL, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_set_upcall_stack(upcall_stack, ~0ul), INVALID_ARGUMENT);
}
