/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals within a program: raise, masks, other threads, faults, waiting. With "abort", "null" or
 * "term": dies of it. shapes: dynamic static */

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static volatile sig_atomic_t got, code;
static void *volatile address;
static sigjmp_buf back;

static void handle(int signal)
{
	got = got * 100 + signal;
}

static void leave(int signal, siginfo_t *info, void *context)
{
	(void)context;
	got = signal;
	code = info->si_code;
	address = info->si_addr;
	siglongjmp(back, 1);
}

static void test_raise(void)
{
	struct sigaction action = {.sa_handler = handle}, old;
	sigset_t set, pending;

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, &old) == 0);
	CHECK(old.sa_handler == SIG_DFL);
	CHECK(raise(SIGUSR1) == 0 && got == SIGUSR1);
	got = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(raise(SIGUSR2) == 0 && kill(getpid(), SIGUSR1) == 0 && got == 0);
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) &&
	      sigismember(&pending, SIGUSR2));
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && got == SIGUSR1 * 100 + SIGUSR2);
	CHECK(signal(SIGUSR1, SIG_IGN) == handle && raise(SIGUSR1) == 0 &&
	      got == SIGUSR1 * 100 + SIGUSR2);
	CHECK(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL &&
	      kill(getpid(), 99) == -1);
}

static void test_wait(void)
{
	struct timespec soon = {0, 20000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	CHECK(sigtimedwait(&set, NULL, &soon) == -1 && errno == EAGAIN);
	raise(SIGUSR2);
	CHECK(sigtimedwait(&set, NULL, &soon) == SIGUSR2);
	got = 0;
	raise(SIGUSR2);
	sigset_t none;
	sigemptyset(&none);
	CHECK(sigsuspend(&none) == -1 && errno == EINTR && got == SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- another thread: asleep in a call, and busy ---- */

static volatile int state;

static void *sleeper(void *argument)
{
	struct timespec long_time = {1000, 0};

	(void)argument;
	state = 1;
	CHECK(nanosleep(&long_time, &long_time) == -1 && errno == EINTR && long_time.tv_sec > 900);
	state = 2;
	while (got != SIGUSR2 * 100 + SIGUSR2)
		;
	return NULL;
}

static void test_thread(void)
{
	struct timespec moment = {0, 50000000};
	pthread_t thread;

	got = 0;
	CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
	nanosleep(&moment, NULL);
	CHECK(state == 1 && pthread_kill(thread, SIGUSR2) == 0);
	while (state != 2)
		nanosleep(&moment, NULL);
	CHECK(got == SIGUSR2 && pthread_kill(thread, SIGUSR2) == 0 &&
	      pthread_join(thread, NULL) == 0);
}

/* ---- faults ---- */

static void test_faults(void)
{
	struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
	static const int read_only = 5;
	volatile int zero = 0;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	for (int i = 0; i < 3; i++) {
		if (!sigsetjmp(back, 1)) {
			*(volatile int *)(uintptr_t)(zero + 0x10) = 1;
			CHECK(!"no fault");
		}
		CHECK(got == SIGSEGV && code == SEGV_MAPERR && address == (void *)0x10);
	}
	if (!sigsetjmp(back, 1)) {
		*(volatile int *)(uintptr_t)&read_only = 1;
		CHECK(!"no fault");
	}
	CHECK(got == SIGSEGV && code == SEGV_ACCERR && address == &read_only);
	if (!sigsetjmp(back, 1)) {
		__asm__ volatile("idivl %0" : : "r"(zero), "a"(1), "d"(0));
		CHECK(!"no fault");
	}
	CHECK(got == SIGFPE);
	if (!sigsetjmp(back, 1)) {
		__asm__ volatile("ud2");
		CHECK(!"no fault");
	}
	CHECK(got == SIGILL);
	signal(SIGSEGV, SIG_DFL);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "abort"))
		abort();
	if (argc > 1 && !strcmp(argv[1], "null"))
		*(volatile int *)(uintptr_t)(argc - 2) = 1;
	if (argc > 1 && !strcmp(argv[1], "term"))
		raise(SIGTERM);
	test_raise();
	test_wait();
	test_thread();
	test_faults();
	return check_result("signal");
}
