/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: start and end, futex, and the per-thread words that Linux keeps in its kernel. */

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include "twix.h"

#define FUTEX_BITSET_MATCH_ANY UINT32_MAX

#define THREAD_FLAGS (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_SETTLS)

/* The thread names the words that tell the kernel of its signals; see twz_interrupt_words. */
static void begin(void *argument)
{
	struct twix_thread *thread = argument;

	twz_rt_thread_interrupt_words(&thread->words);
	thread->entry(thread->argument);
}

/*
 * What pthread_create calls. A thread has all of its program in common with the others, so nothing
 * less than that can be asked for. `entry` never returns: it ends in pthread_exit.
 */
int __clone(int (*entry)(void *), void *stack, int flags, void *argument, ...)
{
	struct twix_thread *self = twix_self(), *thread;
	uint32_t *parent_number, *clear_word;
	struct twz_rt_tcb *tcb;
	twz_result result;
	va_list list;

	va_start(list, argument);
	parent_number = va_arg(list, uint32_t *);
	tcb = va_arg(list, struct twz_rt_tcb *);
	clear_word = va_arg(list, uint32_t *);
	va_end(list);
	if ((flags & THREAD_FLAGS) != THREAD_FLAGS)
		return -ENOSYS;
	thread = twix_thread_of((struct pthread *)tcb);
	thread->words.blocked = self->words.blocked;
	thread->entry = entry;
	thread->argument = argument;
	twix_thread_enter(thread);
	result = twz_rt_thread_spawn(&(struct twz_rt_thread_args){
		.entry = begin,
		.argument = thread,
		.stack = (void *)((uintptr_t)stack & -16ul),
		.tcb = tcb,
		.clear_word = flags & CLONE_CHILD_CLEARTID ? clear_word : 0,
		.parent_number = flags & CLONE_PARENT_SETTID ? parent_number : 0,
	});
	if (result < 0)
		twix_thread_leave(thread);
	return (int)twix_result(result);
}

/* Ends the calling thread; its number, dynamic TLS and (where length is not 0) its stack go. */
static _Noreturn void end_thread(void *stack, size_t length, int code)
{
	/* the thread of the timers, which is not counted, would keep the program */
	if (twix_thread_leave(twix_self()))
		twz_rt_exit(code & 0xff);
	twz_rt_tls_fini((struct twz_rt_tcb *)__pthread_self());
	twz_rt_thread_exit(stack, length);
}

void __unmapself(void *stack, size_t length)
{
	end_thread(stack, length, 0);
}

long twix_exit(int code)
{
	end_thread(0, 0, code);
}

long twix_gettid(void)
{
	return (long)twz_rt_thread_number();
}

long twix_set_tid_address(uint32_t *word)
{
	return twix_result(twz_rt_thread_set_clear_word(word));
}

long twix_set_robust_list(void *head, size_t length)
{
	(void)length;
	return twix_result(twz_rt_thread_robust_list(head));
}

/* musl asks only whether robust mutexes are there. */
long twix_get_robust_list(int tid, void **head, size_t *length)
{
	if (tid || !head || !length)
		return -ENOSYS;
	*head = &__pthread_self()->robust_list;
	*length = 3 * sizeof(long);
	return 0;
}

long twix_sched_yield(void)
{
	return twix_result(twz_rt_thread_yield());
}

long twix_prctl(int option, unsigned long a)
{
	switch (option) {
	case PR_SET_NAME:
		return twix_result(twz_rt_thread_set_name((const char *)a));
	default:
		return -EINVAL;
	}
}

/*
 * libstdc++ waits with FUTEX_WAIT_BITSET, for the sake of its absolute time, and the bits of
 * everyone: others, which no thread could be told apart by, are refused.
 */
long twix_futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout,
		uint32_t *target, uint32_t bits)
{
	int command = operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
	twz_result result;

	if (operation & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT_BITSET:
		if (bits != FUTEX_BITSET_MATCH_ANY)
			return bits ? -ENOSYS : -EINVAL;
		if (timeout && twix_check_time(timeout))
			return -EINVAL;
		return twix_result(twz_rt_futex_wait(
			word, value,
			twix_deadline_at(operation & FUTEX_CLOCK_REALTIME ? TWZ_CLOCK_REALTIME
									  : TWZ_CLOCK_MONOTONIC,
					 timeout)));
	case FUTEX_WAIT:
		if (timeout && twix_check_time(timeout))
			return -EINVAL;
		return twix_result(twz_rt_futex_wait(word, value, twix_deadline(timeout)));
	case FUTEX_WAKE:
		return twix_result(twz_rt_futex_wake(word, value));
	case FUTEX_REQUEUE:
		/* Waking those that should have moved is right too: they find the lock taken and
		 * wait. */
		result = twz_rt_futex_requeue(word, value, (uint32_t)(uintptr_t)timeout, target);
		if (result == -TWZ_ERR_NOT_SUPPORTED)
			result = twz_rt_futex_wake(word, value + (uint32_t)(uintptr_t)timeout);
		return twix_result(result);
	default:
		return -ENOSYS;
	}
}

/* The general-dynamic and local-dynamic TLS access of compiled code. */
void *__tls_get_addr(size_t *index)
{
	return twz_rt_tls_get_addr((struct twz_rt_tls_index *)index);
}
