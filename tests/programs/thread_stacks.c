/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of threads that come and go: a kept one begins as a fresh one does, and its guard holds.
 * shapes: dynamic static
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "check.h"

#define ROUNDS 40

static pthread_key_t key;
static __thread int zero;
static __thread int seven = 7;
static char alternate[65536];
static _Thread_local sigjmp_buf back;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

/* Whether a byte can be written. */
static int writable(volatile char *byte)
{
	if (sigsetjmp(back, 1))
		return 0;
	*byte = 1;
	return 1;
}

/* `argument`: the guard's length. */
static void *look(void *argument)
{
	size_t guard = (size_t)(uintptr_t)argument, size, reported;
	pthread_attr_t attributes;
	void *low;

	/* what the thread before left in its block is gone */
	CHECK(zero == 0 && seven == 7 && !pthread_getspecific(key));
	zero = 1;
	seven = 8;
	pthread_setspecific(key, &zero);
	CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
	CHECK(pthread_attr_getstack(&attributes, &low, &size) == 0);
	CHECK(pthread_attr_getguardsize(&attributes, &reported) == 0 && reported == guard);
	sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof(alternate)}, NULL);
	CHECK(writable(low));
	if (guard) {
		CHECK(!writable((char *)low - 1));
		CHECK(!writable((char *)low - guard));
	}
	sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
	return low;
}

static void *run(size_t size, size_t guard)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *low;

	pthread_attr_init(&attributes);
	CHECK(pthread_attr_setstacksize(&attributes, size) == 0);
	CHECK(pthread_attr_setguardsize(&attributes, guard) == 0);
	CHECK(pthread_create(&thread, &attributes, look, (void *)(uintptr_t)guard) == 0);
	CHECK(pthread_join(thread, &low) == 0);
	return low;
}

static void *nothing(void *argument)
{
	return argument;
}

int main(void)
{
	const struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
	pthread_t many[20];

	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	CHECK(pthread_key_create(&key, NULL) == 0);
	/* one that has just been joined is taken again */
	CHECK(run(262144, 8192) == run(262144, 8192));
	/* the same length in all, parted in another way; none at all; too long to keep */
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t guard = i % 4 * 4096;

		run(262144 + 8192 - guard, guard);
		run(131072 + i * 4096, 4096);
	}
	run(4u << 20, 4096);
	run(4u << 20, 4096);
	/* more at once than are kept */
	for (unsigned i = 0; i < 20; i++)
		CHECK(pthread_create(&many[i], NULL, nothing, NULL) == 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK(pthread_join(many[i], NULL) == 0);
	return check_result("thread_stacks");
}
