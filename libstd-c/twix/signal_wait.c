/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for signals: sigsuspend, pause, sigtimedwait; the alternate stack's record. */

#include <errno.h>
#include "signals.h"

/* Sleeps until a handler has run. The sequence is read before the mask opens, so none is missed. */
static long wait_for_handler(void)
{
	struct twix_thread *self = twix_self();
	uint32_t depth = self->depth;
	unsigned handled;

	for (;;) {
		uint32_t sequence = __atomic_load_n(&self->sequence, __ATOMIC_ACQUIRE);

		self->depth = 0;
		handled = twix_deliver();
		self->depth = depth;
		if (handled)
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

/* Takes one of the signals in the set, which the thread has blocked, without a handler. */
long twix_rt_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *span,
			  size_t size)
{
	struct twix_thread *self = twix_self();
	uint64_t deadline = twix_deadline(span), wanted = twix_set_bits(set) & ~UNBLOCKABLE;

	if (size != SIGNALS / 8 || (span && twix_check_time(span)))
		return -EINVAL;
	for (;;) {
		uint32_t sequence = __atomic_load_n(&self->sequence, __ATOMIC_ACQUIRE);
		struct twix_thread view = {.mask = ~wanted};
		int signal;

		twix_adopt(&view);
		__atomic_fetch_or(&self->pending, view.pending, __ATOMIC_RELEASE);
		uint64_t ready = __atomic_load_n(&self->pending, __ATOMIC_ACQUIRE);
		if (ready & wanted) {
			signal = __builtin_ctzll(ready & wanted) + 1;
			__atomic_fetch_and(&self->pending, ~BIT(signal), __ATOMIC_ACQ_REL);
			if (info) {
				*info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
				info->si_pid = (pid_t)twz_rt_exec_self();
			}
			return signal;
		}
		if (ready & ~self->mask)
			return -EINTR;
		if (twz_rt_futex_wait(&self->sequence, sequence, deadline) == -TWZ_ERR_TIMED_OUT)
			return -EAGAIN;
	}
}

/* Kept and reported; handlers run on the stack that the signal found. */
long twix_sigaltstack(const stack_t *new, stack_t *old)
{
	struct twix_thread *self = twix_self();

	if (new && !(new->ss_flags &SS_DISABLE) && new->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	if (old) {
		*old = self->alternate;
		if (!old->ss_sp)
			old->ss_flags = SS_DISABLE;
	}
	if (new)
		self->alternate = new->ss_flags &SS_DISABLE ? (stack_t){0} : *new;
	return 0;
}
