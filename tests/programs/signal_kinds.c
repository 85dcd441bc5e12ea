/* SPDX-License-Identifier: BSD-2-Clause */
/* What signals carry and how handlers run: queues, alternate stacks, flags, restarts, and that none
 * is lost just before a sleep. shapes: dynamic static */

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static volatile sig_atomic_t count, values[8];
static sigjmp_buf back;

static void install(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};

	if (signal >= SIGRTMIN)
		sigfillset(&action.sa_mask);
	CHECK(sigaction(signal, &action, NULL) == 0);
}

static void keep_value(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (count < 8)
		values[count] = signal * 1000 + info->si_value.sival_int;
	count++;
	CHECK(info->si_signo == signal && info->si_code == SI_QUEUE && info->si_pid == getpid());
}

static void test_queue(void)
{
	int low = SIGRTMIN, high = SIGRTMIN + 1;
	struct timespec none = {0, 0};
	sigset_t set, pending;
	siginfo_t info;

	install(low, keep_value, 0);
	install(high, keep_value, 0);
	sigemptyset(&set);
	sigaddset(&set, low);
	sigaddset(&set, high);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(sigqueue(getpid(), high, (union sigval){.sival_int = 1}) == 0);
	CHECK(sigqueue(getpid(), low, (union sigval){.sival_int = 2}) == 0);
	CHECK(sigqueue(getpid(), low, (union sigval){.sival_int = 3}) == 0);
	CHECK(sigqueue(getpid(), high, (union sigval){.sival_int = 4}) == 0);
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, low));
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && count == 4);
	CHECK(values[0] == low * 1000 + 2 && values[1] == low * 1000 + 3);
	CHECK(values[2] == high * 1000 + 1 && values[3] == high * 1000 + 4);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(sigqueue(getpid(), high, (union sigval){.sival_int = i}) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(sigwaitinfo(&set, &info) == high && info.si_value.sival_int == i);
	CHECK(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN);
	CHECK(sigqueue(getpid(), 0, (union sigval){0}) == 0);
	CHECK(sigqueue(getpid(), 65, (union sigval){0}) == -1 && errno == EINVAL);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

/* ---- stacks ---- */

static char *stack;
static size_t stack_size = 32768;

static int on_stack(const void *address)
{
	return (uintptr_t)address - (uintptr_t)stack < stack_size;
}

static void look_at_stack(int signal, siginfo_t *info, void *context)
{
	stack_t now;
	char here;

	(void)signal;
	(void)info;
	(void)context;
	count = on_stack(&here) ? 1 : 2;
	CHECK(sigaltstack(NULL, &now) == 0);
	CHECK(now.ss_flags == (count == 1 ? SS_ONSTACK : 0) && now.ss_sp == stack);
	now.ss_flags = 0;
	if (count == 1)
		CHECK(sigaltstack(&now, NULL) == -1 && errno == EPERM);
}

static void leave(int signal, siginfo_t *info, void *context)
{
	char here;

	(void)info;
	(void)context;
	CHECK(on_stack(&here));
	siglongjmp(back, signal);
}

__attribute__((noinline)) static int overflow(volatile char *above)
{
	volatile char page[4096];

	page[0] = above[0];
	return page[0] ? overflow(page) + page[0] : 0;
}

static volatile sig_atomic_t stop;

static void *poke_main(void *main_thread)
{
	while (!stop) {
		pthread_kill(*(pthread_t *)main_thread, SIGUSR1);
		nanosleep(&(struct timespec){0, 100000}, NULL);
	}
	return NULL;
}

static void count_one(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	count++;
}

static void test_stack(void)
{
	volatile char start = 1;
	pthread_t self = pthread_self(), thread;

	stack = malloc(stack_size);
	CHECK(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 100}, NULL) == -1 &&
	      errno == ENOMEM);
	CHECK(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = stack_size}, NULL) == 0);
	install(SIGUSR1, look_at_stack, SA_ONSTACK);
	CHECK(raise(SIGUSR1) == 0 && count == 1);
	install(SIGUSR1, look_at_stack, 0);
	CHECK(raise(SIGUSR1) == 0 && count == 2);
	install(SIGSEGV, leave, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++) {
		int signal = sigsetjmp(back, 1);
		if (!signal)
			overflow(&start);
		CHECK(signal == SIGSEGV);
	}
	/* Handlers on the ordinary stack, while the kernel puts its frames on the alternate one. */
	count = 0;
	install(SIGUSR1, count_one, 0);
	CHECK(pthread_create(&thread, NULL, poke_main, &self) == 0);
	double sum = 0;
	while (count < 200)
		for (int i = 1; i < 1000; i++)
			sum += 1.0 / i;
	stop = 1;
	CHECK(pthread_join(thread, NULL) == 0 && sum > 0);
	CHECK(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL) == 0);
	free(stack);
	stack = NULL;
}

/* ---- flags ---- */

static volatile sig_atomic_t deepest, depth;

static void nest(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	if (++depth > deepest)
		deepest = depth;
	if (++count < 3)
		raise(signal);
	depth--;
}

static void test_flags(void)
{
	struct sigaction now;

	count = 0;
	install(SIGUSR2, nest, SA_NODEFER);
	CHECK(raise(SIGUSR2) == 0 && deepest == 3);
	count = deepest = 0;
	install(SIGUSR2, nest, 0);
	CHECK(raise(SIGUSR2) == 0 && deepest == 1 && count == 3);
	install(SIGUSR2, count_one, SA_RESETHAND);
	CHECK(raise(SIGUSR2) == 0 && sigaction(SIGUSR2, NULL, &now) == 0 &&
	      now.sa_handler == SIG_DFL);
}

struct later {
	int fd;
	pthread_t interrupted;
};

static void *write_later(void *argument)
{
	const struct later *later = argument;

	nanosleep(&(struct timespec){0, 30000000}, NULL);
	pthread_kill(later->interrupted, SIGUSR1);
	nanosleep(&(struct timespec){0, 30000000}, NULL);
	CHECK(write(later->fd, "x", 1) == 1);
	return NULL;
}

static void test_restart(void)
{
	struct timespec left = {0, 0};
	struct later later;
	pthread_t thread;
	int fds[2];
	char byte;

	CHECK(pipe(fds) == 0);
	later = (struct later){fds[1], pthread_self()};
	install(SIGUSR1, count_one, SA_RESTART);
	CHECK(pthread_create(&thread, NULL, write_later, &later) == 0);
	CHECK(read(fds[0], &byte, 1) == 1);
	CHECK(pthread_join(thread, NULL) == 0);
	install(SIGUSR1, count_one, 0);
	CHECK(pthread_create(&thread, NULL, write_later, &later) == 0);
	CHECK(read(fds[0], &byte, 1) == -1 && errno == EINTR);
	CHECK(pthread_join(thread, NULL) == 0 && read(fds[0], &byte, 1) == 1);
	CHECK(pthread_create(&thread, NULL, write_later, &later) == 0);
	CHECK(nanosleep(&(struct timespec){2, 0}, &left) == -1 && errno == EINTR);
	CHECK(left.tv_sec == 1 && left.tv_nsec > 0 && left.tv_nsec < 999000000);
	CHECK(pthread_join(thread, NULL) == 0);
	close(fds[0]);
	close(fds[1]);
}

/* ---- faults ---- */

static volatile sig_atomic_t code;

static void leave_with_code(int signal, siginfo_t *info, void *context)
{
	(void)context;
	code = info->si_code;
	siglongjmp(back, signal);
}

/* By the x87: QEMU raises no exceptions of SSE's. */
static void test_float(void)
{
	unsigned short control = 0x37f & ~4; /* division by zero not masked */

	install(SIGFPE, leave_with_code, 0);
	int signal = sigsetjmp(back, 1);
	if (!signal)
		__asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control));
	__asm__ volatile("fninit");
	CHECK(signal == SIGFPE && code == FPE_FLTDIV);
}

/* ---- between threads ---- */

static void *wait_for_usr2(void *set)
{
	siginfo_t info;

	return (void *)(intptr_t)sigwaitinfo(set, &info);
}

static void test_wait_in_thread(void)
{
	pthread_t thread;
	sigset_t set;
	void *result;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(pthread_create(&thread, NULL, wait_for_usr2, &set) == 0);
	nanosleep(&(struct timespec){0, 5000000}, NULL);
	CHECK(kill(getpid(), SIGUSR2) == 0);
	CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == SIGUSR2);
	CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static pthread_t main_thread;
static volatile unsigned round_number;

static void *ping(void *unused)
{
	for (unsigned i = 1; i <= 600; i++) {
		while (round_number < i)
			sched_yield();
		for (volatile unsigned spin = 0; spin < i % 64 * 8; spin++)
			;
		pthread_kill(main_thread, SIGUSR1);
	}
	return unused;
}

/* The sleep is long: one signal that comes just before it and is lost would show. */
static void test_none_lost(void)
{
	pthread_t thread;
	unsigned interrupted = 0;

	main_thread = pthread_self();
	install(SIGUSR1, count_one, 0);
	sigset_t none, usr1;
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK(pthread_create(&thread, NULL, ping, NULL) == 0);
	/* Blocked until the call itself opens the mask, so that it ends in each round. */
	CHECK(pthread_sigmask(SIG_BLOCK, &usr1, NULL) == 0);
	for (unsigned i = 1; i <= 600; i++) {
		count = 0;
		round_number = i;
		sigsuspend(&none);
		interrupted += count == 1;
	}
	CHECK(interrupted == 600);
	CHECK(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* A cancellation at any moment around a call that would sleep for ever ends the thread. */
static int hopeless[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void unlock(void *unused)
{
	(void)unused;
	pthread_mutex_unlock(&mutex);
}

static void *sleep_somehow(void *how)
{
	char byte;

	switch ((intptr_t)how) {
	case 0:
		read(hopeless[0], &byte, 1);
		break;
	case 1:
		nanosleep(&(struct timespec){1000, 0}, NULL);
		break;
	case 2:
		pause();
		break;
	default:
		pthread_mutex_lock(&mutex);
		pthread_cleanup_push(unlock, NULL);
		for (;;)
			pthread_cond_wait(&condition, &mutex);
		pthread_cleanup_pop(1);
	}
	return NULL;
}

static void test_cancellation(void)
{
	CHECK(pipe(hopeless) == 0);
	for (intptr_t i = 0; i < 200; i++) {
		pthread_t thread;
		void *result;

		CHECK(pthread_create(&thread, NULL, sleep_somehow, (void *)(i % 4)) == 0);
		for (volatile int spin = 0; spin < i * 37 % 5000; spin++)
			;
		CHECK(pthread_cancel(thread) == 0);
		CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
	}
	CHECK(pthread_mutex_trylock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
}

static void *compute_for_ever(void *started)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		*(volatile int *)started = 1;
	return NULL;
}

static void test_asynchronous(void)
{
	volatile int started = 0;
	pthread_t thread;
	void *result;

	CHECK(pthread_create(&thread, NULL, compute_for_ever, (void *)&started) == 0);
	while (!started)
		sched_yield();
	CHECK(pthread_cancel(thread) == 0);
	CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

int main(void)
{
	test_queue();
	test_stack();
	test_flags();
	test_restart();
	test_float();
	test_wait_in_thread();
	test_none_lost();
	test_cancellation();
	test_asynchronous();
	return check_result("signal_kinds");
}
