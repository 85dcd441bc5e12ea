/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for signals: sigsuspend, pause, sigtimedwait. */

#include <errno.h>
#include "signals.h"

/* Sleeps until a handler has run, be it in an upcall while depth is 0. */
static long wait_for_handler(void)
{
	struct twix_thread *self = twix_self();
	uint32_t depth = self->depth;

	for (;;) {
		uint32_t sequence = __atomic_load_n(&self->sequence, __ATOMIC_ACQUIRE);

		self->depth = 0;
		twix_deliver();
		self->depth = depth;
		if (self->handled)
			return -EINTR;
		twz_rt_futex_wait(&self->sequence, sequence, TWZ_FOREVER);
	}
}

long twix_rt_sigsuspend(const sigset_t *mask, size_t size)
{
	if (size != SIGNALS / 8)
		return -EINVAL;
	uint64_t former = twix_mask_swap(mask);
	long result = wait_for_handler();
	twix_mask_restore(former);
	return result;
}

long twix_pause(void)
{
	return wait_for_handler();
}

static void set_waiting(struct twix_thread *self, uint64_t wanted)
{
	twix_signals_lock();
	self->waiting = wanted;
	twix_signals_unlock();
}

static long wait_for(uint64_t wanted, siginfo_t *info, uint64_t deadline)
{
	struct twix_thread *self = twix_self();

	for (;;) {
		uint32_t sequence = __atomic_load_n(&self->sequence, __ATOMIC_ACQUIRE);
		int signal = twix_take(wanted, info);

		if (signal)
			return signal;
		if (twix_is_signalled(self))
			return -EINTR;
		if (twz_rt_futex_wait(&self->sequence, sequence, deadline) == -TWZ_ERR_TIMED_OUT)
			return -EAGAIN;
	}
}

/* Takes one of the signals in the set, which the thread has blocked, without a handler. */
long twix_rt_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *span,
			  size_t size)
{
	struct twix_thread *self = twix_self();
	siginfo_t unused;

	if (size != SIGNALS / 8 || (span && twix_check_time(span)))
		return -EINVAL;
	if (twix_set_bits(set) & BIT(SIGCHLD))
		twix_want_children();
	uint64_t deadline = twix_deadline(span), wanted = twix_set_bits(set) & ~UNBLOCKABLE;
	set_waiting(self, wanted);
	long result = wait_for(wanted, info ? info : &unused, deadline);
	set_waiting(self, 0);
	return result;
}
