/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: a heap of deadlines and the thread that sleeps until the first one.
 *
 * That thread starts with the first timer that is armed. It is the runtime's, not one of the
 * program's: pthread functions do not know it and it takes no signals. Timers of the realtime clock
 * are kept by the monotonic one: nothing can set the former. A timer of CPU time stands in the heap
 * at the earliest time when it can be due, which is when every CPU works for the program.
 */

#include <errno.h>
#include <string.h>
#include "timer.h"

#define STACK_SIZE  32768
#define CPU_GRAIN   1000000ull /* CPU time is not looked at more often */
#define MAX_OVERRUN 0x7fffffff /* DELAYTIMER_MAX */

struct due {
	uint64_t at; /* monotonic */
	struct twix_timer *timer;
};

static int lock_word;
static struct due *heap;
static size_t heap_count, heap_capacity;
static uint32_t changed; /* raised when the first deadline has changed: what the thread sleeps on */
static int thread_running; /* 0, or 1 once it was started */
static uint32_t thread_number;
static int paused; /* the program is being replaced */

void twix_timers_lock(void)
{
	while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE))
		twz_rt_thread_yield();
}

void twix_timers_unlock(void)
{
	__atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
}

/* ---- the heap ---- */

static void place(size_t at, struct due due)
{
	heap[at] = due;
	due.timer->place = at;
}

static void sift_up(size_t at, struct due due)
{
	while (at && heap[(at - 1) / 2].at > due.at) {
		place(at, heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(at, due);
}

static void sift_down(size_t at, struct due due)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < heap_count && heap[child + 1].at < heap[child].at)
			child++;
		if (child >= heap_count || heap[child].at >= due.at)
			break;
		place(at, heap[child]);
		at = child;
	}
	place(at, due);
}

static void take_out(struct twix_timer *timer)
{
	size_t at = timer->place;

	if (at == TWIX_TIMER_IDLE)
		return;
	timer->place = TWIX_TIMER_IDLE;
	struct due last = heap[--heap_count];
	if (at == heap_count)
		return;
	if (at && heap[(at - 1) / 2].at > last.at)
		sift_up(at, last);
	else
		sift_down(at, last);
}

static long put_in(struct twix_timer *timer, uint64_t at)
{
	if (heap_count == heap_capacity) {
		size_t capacity = heap_capacity ? 2 * heap_capacity : 16;
		struct due *grown =
			twz_rt_realloc(heap, heap_capacity * sizeof *heap, _Alignof(struct due),
				       capacity * sizeof *heap, 0);
		if (!grown)
			return -EAGAIN;
		heap = grown;
		heap_capacity = capacity;
	}
	sift_up(heap_count++, (struct due){at, timer});
	return 0;
}

/* ---- time ---- */

uint64_t twix_timer_now(uint32_t clock)
{
	return twz_rt_clock(clock);
}

/* The monotonic time at which the timer can be due, or has to be looked at again. */
static uint64_t due_at(const struct twix_timer *timer)
{
	uint64_t now = twix_timer_now(timer->clock), monotonic = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
	uint64_t left = timer->deadline > now ? timer->deadline - now : 0, at;
	struct twz_rt_info info;

	if (timer->clock == TWZ_CLOCK_PROGRAM) {
		if (twz_rt_info(&info) >= 0 && info.cpus > 1)
			left /= info.cpus;
		if (left < CPU_GRAIN)
			left = CPU_GRAIN;
	}
	return __builtin_add_overflow(monotonic, left, &at) ? TWZ_FOREVER : at;
}

/* ---- expiry ---- */

void twix_timer_taken(struct twix_timer *timer, siginfo_t *info)
{
	timer->queued = 0;
	timer->last_overruns = timer->overruns;
	timer->overruns = 0;
	info->si_overrun =
		(int)(timer->last_overruns < MAX_OVERRUN ? timer->last_overruns : MAX_OVERRUN);
}

static void notify(struct twix_timer *timer, uint64_t times)
{
	int fresh;

	if (timer->notify == SIGEV_NONE)
		return;
	twix_signals_lock();
	fresh = !timer->queued;
	timer->overruns += fresh ? times - 1 : times;
	timer->queued = 1;
	twix_signals_unlock();
	if (!fresh)
		return;
	if (timer->notify != SIGEV_THREAD_ID)
		twix_send(0, &timer->signal.info, &timer->signal);
	else if (twix_send_number(timer->target, &timer->signal.info, &timer->signal) < 0)
		timer->queued = 0;
}

/* The timer has reached the top of the heap. */
static void expire(struct twix_timer *timer)
{
	uint64_t now = twix_timer_now(timer->clock), times = 1;

	take_out(timer);
	if (timer->deadline <= now) {
		if (timer->interval) {
			times += (now - timer->deadline) / timer->interval;
			timer->deadline += times * timer->interval;
		} else {
			timer->deadline = 0;
		}
		notify(timer, times);
	}
	if (timer->deadline)
		put_in(timer, due_at(timer));
}

static void wait_for_timers(void *unused)
{
	struct twix_thread *self = twix_self();

	(void)unused;
	/* it takes no signals; messages that interrupt it are fetched for the others */
	self->words.blocked = ~ATTENTION;
	twix_enter(self);
	for (;;) {
		if (__atomic_load_n(&self->mail, __ATOMIC_ACQUIRE)) {
			twix_signals_lock();
			twix_fetch_mail();
			twix_signals_unlock();
		}
		uint32_t seen = __atomic_load_n(&changed, __ATOMIC_ACQUIRE);
		uint64_t until = TWZ_FOREVER;

		twix_timers_lock();
		while (!paused && heap_count && heap[0].at <= twz_rt_clock(TWZ_CLOCK_MONOTONIC))
			expire(heap[0].timer);
		if (!paused && heap_count)
			until = heap[0].at;
		twix_timers_unlock();
		twz_rt_futex_wait(&changed, seen, until);
	}
}

/* The thread's memory: its thread-local storage below, its stack above. It never ends. */
static long start_thread(void)
{
	size_t length = (libc.tls_size + STACK_SIZE + TWZ_PAGE_SIZE - 1) & -TWZ_PAGE_SIZE;
	twz_result result;
	void *memory;

	result = twz_rt_range_map(0, length, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, 0, -1, 0, &memory);
	if (result < 0)
		return -EAGAIN;
	struct pthread *thread = __copy_tls(memory);
	thread->locale = &libc.global_locale;
	thread->robust_list.head = &thread->robust_list.head;
	thread->next = thread->prev = thread;
	result = twz_rt_thread_spawn(&(struct twz_rt_thread_args){
		.entry = wait_for_timers,
		.stack = (char *)memory + length,
		.tcb = (struct twz_rt_tcb *)thread,
		.parent_number = &thread_number,
	});
	if (result < 0) {
		twz_rt_range_unmap(memory, length);
		return -EAGAIN;
	}
	thread_running = 1;
	return 0;
}

static void wake_thread(void)
{
	__atomic_fetch_add(&changed, 1, __ATOMIC_RELEASE);
	twz_rt_futex_wake(&changed, 1);
}

/* ---- for the calls ---- */

long twix_timer_arm(struct twix_timer *timer, uint64_t deadline, uint64_t interval)
{
	long error = 0;

	take_out(timer);
	timer->deadline = deadline;
	timer->interval = interval;
	if (!deadline || timer->notify == SIGEV_NONE)
		return 0;
	if (!thread_running)
		error = start_thread();
	if (!error)
		error = put_in(timer, due_at(timer));
	if (error)
		timer->deadline = 0;
	else if (timer->place == 0)
		wake_thread();
	return error;
}

void twix_timer_end(struct twix_timer *timer)
{
	take_out(timer);
	twix_signals_lock();
	if (timer->queued)
		twix_unsend(&timer->signal);
	timer->queued = 0;
	twix_signals_unlock();
}

/* A timer that signals nobody is not in the heap: it goes on by itself. */
uint64_t twix_timer_left(const struct twix_timer *timer)
{
	uint64_t now = twix_timer_now(timer->clock);

	if (!timer->deadline)
		return 0;
	if (timer->deadline > now)
		return timer->deadline - now;
	if (timer->notify == SIGEV_NONE)
		return timer->interval ? timer->interval - (now - timer->deadline) % timer->interval
				       : 0;
	return 1;
}

void twix_timers_fork(void)
{
	twix_timers_lock();
}

void twix_timers_forked(int child)
{
	if (child) {
		heap_count = 0;
		thread_running = 0;
		twix_timers_forget();
	}
	twix_timers_unlock();
}

void twix_timers_pause(int pause)
{
	twix_timers_lock();
	paused = pause;
	twix_timers_unlock();
	if (thread_running)
		wake_thread();
}
