/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that has stopped (SIGSTOP and the like): every thread of it sleeps where it would take
 * signals, until SIGCONT comes. What it is in the middle of is finished first.
 */

#include <errno.h>
#include "signals.h"

static uint32_t stopped;  /* atomic: 1 while it is; what the threads sleep on */
static uint32_t sequence; /* of reports; under the signals lock */

int twix_is_stopped(void)
{
	return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE) != 0;
}

/* To who waits for this program, and to its parent as a signal. */
static void tell(uint32_t state, int signal, int code)
{
	siginfo_t child = {.si_signo = SIGCHLD, .si_code = code};
	int parent = (int)twz_rt_exec_parent();

	twz_rt_exec_control(0, TWZ_PROGRAM_REPORT, TWZ_RT_REPORT(state, signal, ++sequence));
	child.si_status = signal;
	if (parent > 0)
		twix_send_away(parent, &child);
}

void twix_stop(int signal)
{
	struct twix_thread *self = twix_self();

	twix_enter(self);
	twix_signals_lock();
	if (!twix_is_stopped()) {
		__atomic_store_n(&stopped, 1, __ATOMIC_RELEASE);
		tell(TWZ_RT_STOPPED, signal, CLD_STOPPED);
		twix_attend_all();
	}
	twix_signals_unlock();
	twix_stay_stopped();
	twix_leave(self);
}

void twix_continue(void)
{
	if (!twix_is_stopped())
		return;
	__atomic_store_n(&stopped, 0, __ATOMIC_RELEASE);
	twz_rt_futex_wake(&stopped, ~0u);
	tell(TWZ_RT_CONTINUED, SIGCONT, CLD_CONTINUED);
}

void twix_stay_stopped(void)
{
	struct twix_thread *self = twix_self();

	while (twix_is_stopped()) {
		if (__atomic_load_n(&self->mail, __ATOMIC_ACQUIRE)) {
			twix_signals_lock();
			twix_fetch_mail();
			twix_signals_unlock();
			continue;
		}
		/* Signals wait; only the program's going on counts, and mail that may say so. */
		uint64_t pending = __atomic_exchange_n(&self->words.pending, 0, __ATOMIC_SEQ_CST);

		if (!__atomic_load_n(&self->mail, __ATOMIC_ACQUIRE))
			twz_rt_futex_wait(&stopped, 1, TWZ_FOREVER);
		__atomic_fetch_or(&self->words.pending, pending | ATTENTION, __ATOMIC_SEQ_CST);
	}
}
