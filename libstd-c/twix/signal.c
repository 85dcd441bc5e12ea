/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals within a program: dispositions, masks, delivery. upcall.c brings in faults and signals
 * from other threads.
 *
 * A signal is sent by setting its bit in the target's `pending`; it is taken where the target runs
 * its own code, never inside a call (struct twix_thread's depth), so that a handler may make any
 * call. One bit a signal: as with the classic signals of POSIX, several sent before the first is
 * taken are one, and what sigqueue adds to one is dropped.
 */

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include "ksigaction.h"
#include "signals.h"

static struct k_sigaction actions[SIGNALS];
static int actions_lock;
static uint64_t program_pending; /* sent to the program while every thread blocked it */

static void weak_nothing(void)
{
}
weak_alias(weak_nothing, __tl_lock);
weak_alias(weak_nothing, __tl_unlock);

/* Held for a few instructions, inside calls only, where no handler runs. */
static void lock_actions(void)
{
	while (__atomic_exchange_n(&actions_lock, 1, __ATOMIC_ACQUIRE))
		twz_rt_thread_yield();
}

static void unlock_actions(void)
{
	__atomic_store_n(&actions_lock, 0, __ATOMIC_RELEASE);
}

struct k_sigaction twix_action(int signal)
{
	struct k_sigaction action;

	lock_actions();
	action = actions[signal - 1];
	unlock_actions();
	return action;
}

/* The action to be run now: SA_RESETHAND takes it away for the next time. */
static struct k_sigaction take_action(int signal)
{
	struct k_sigaction action;

	lock_actions();
	action = actions[signal - 1];
	if ((action.flags & SA_RESETHAND) && action.handler != SIG_IGN)
		actions[signal - 1].handler = SIG_DFL;
	unlock_actions();
	return action;
}

static int ignored_by_default(int signal)
{
	return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}

static uint64_t action_mask(const struct k_sigaction *action)
{
	return (uint64_t)action->mask[0] | (uint64_t)action->mask[1] << 32;
}

uint64_t twix_set_bits(const sigset_t *set)
{
	return (uint64_t)set->__bits[0];
}

static void set_of(uint64_t bits, sigset_t *set)
{
	memset(set, 0, sizeof *set);
	set->__bits[0] = bits;
}

/* Runs a handler with the signals blocked that its action names; the mask may be its own to change.
 */
unsigned twix_run_handler(int signal, siginfo_t *info, ucontext_t *context)
{
	struct twix_thread *self = twix_self();
	struct k_sigaction action = take_action(signal);
	uint64_t mask = self->mask;
	unsigned handled = TWIX_HANDLED;

	if (action.handler == SIG_IGN || (action.handler == SIG_DFL && ignored_by_default(signal)))
		return 0;
	if (action.handler == SIG_DFL)
		twz_rt_exit_signal(signal);
	/* musl's cancellation handler lets a call go on where the thread has cancellation disabled.
	 */
	if (signal == SIGCANCEL ? __pthread_self()->cancel &&
					  __pthread_self()->canceldisable != PTHREAD_CANCEL_DISABLE
				: !(action.flags & SA_RESTART))
		handled |= TWIX_HANDLED_BREAK;
	set_of(mask, &context->uc_sigmask);
	self->mask = (mask | action_mask(&action) | (action.flags & SA_NODEFER ? 0 : BIT(signal))) &
		     ~UNBLOCKABLE;
	if (action.flags & SA_SIGINFO)
		((void (*)(int, siginfo_t *, void *))(void (*)(void))action.handler)(signal, info,
										     context);
	else
		action.handler(signal);
	self->mask = twix_set_bits(&context->uc_sigmask) & ~UNBLOCKABLE;
	return handled;
}

/* Takes one signal that the thread may have now, lowest first; 0 when there is none. */
static int take_pending(struct twix_thread *self)
{
	uint64_t *const sources[] = {&self->pending, &program_pending};

	for (size_t i = 0; i < 2; i++) {
		uint64_t ready = __atomic_load_n(sources[i], __ATOMIC_ACQUIRE) & ~self->mask;
		while (ready) {
			uint64_t bit = ready & -ready;
			if (__atomic_fetch_and(sources[i], ~bit, __ATOMIC_ACQ_REL) & bit)
				return __builtin_ctzll(bit) + 1;
			ready &= ~bit;
		}
	}
	return 0;
}

unsigned twix_deliver_with(ucontext_t *context)
{
	struct twix_thread *self = twix_self();
	unsigned handled = 0;
	int signal;

	while ((signal = take_pending(self)) != 0) {
		siginfo_t info = {.si_signo = signal, .si_code = SI_USER};
		info.si_pid = (pid_t)twz_rt_exec_self();
		handled |= twix_run_handler(signal, &info, context);
	}
	return handled;
}

unsigned twix_deliver(void)
{
	ucontext_t context = {0};
	return twix_deliver_with(&context);
}

uint64_t twix_mask_swap(const sigset_t *mask)
{
	struct twix_thread *self = twix_self();
	uint64_t former = self->mask;

	self->mask = twix_set_bits(mask) & ~UNBLOCKABLE;
	return former;
}

void twix_mask_restore(uint64_t mask)
{
	struct twix_thread *self = twix_self();
	uint32_t depth = self->depth;

	self->depth = 0;
	twix_deliver();
	self->depth = depth;
	self->mask = mask;
}

/* ---- sending ---- */

/* True when sending it would change nothing: ignored, and nobody waits for it. */
static int has_no_effect(int signal)
{
	struct k_sigaction action = twix_action(signal);
	return action.handler == SIG_IGN ||
	       (action.handler == SIG_DFL && ignored_by_default(signal));
}

static void send(struct twix_thread *target, int signal)
{
	__atomic_fetch_or(&target->pending, BIT(signal), __ATOMIC_RELEASE);
	__atomic_fetch_add(&target->sequence, 1, __ATOMIC_RELEASE);
}

void twix_raise(int signal)
{
	struct twix_thread *self = twix_self();

	if (has_no_effect(signal) && !(self->mask & BIT(signal)))
		return;
	send(self, signal);
	if (self->depth == 0)
		twix_deliver();
}

/* Sends to another thread of this program: the bit, then the interrupt that makes it look. */
static long send_to_thread(int number, int signal)
{
	struct pthread *self = __pthread_self(), *thread;
	long result = -ESRCH;

	if (number == self->tid || number == (int)twz_rt_thread_number()) {
		if (signal)
			twix_raise(signal);
		return 0;
	}
	__tl_lock();
	for (thread = self->next; thread != self; thread = thread->next)
		if (thread->tid == number)
			break;
	if (thread != self) {
		result = 0;
		if (signal) {
			struct twix_thread *target = twix_thread_of(thread);

			twix_use_upcalls();
			send(target, signal);
			twz_rt_futex_wake(&target->sequence, 1);
			if (!(target->mask & BIT(signal)))
				twz_rt_thread_interrupt((uint32_t)number, (uint64_t)signal);
		}
	}
	__tl_unlock();
	return result;
}

static int is_signal(int signal)
{
	return signal >= 0 && signal <= SIGNALS;
}

long twix_tkill(int thread, int signal)
{
	return is_signal(signal) ? send_to_thread(thread, signal) : -EINVAL;
}

long twix_tgkill(int program, int thread, int signal)
{
	return program == (int)twz_rt_exec_self() ? twix_tkill(thread, signal) : -ESRCH;
}

/* To the program: the caller takes it, or else the first thread that does not block it. */
static long send_to_program(int signal)
{
	struct pthread *self = __pthread_self(), *thread;
	int number = 0;

	if (signal == 0)
		return 0;
	if (!(twix_self()->mask & BIT(signal))) {
		twix_raise(signal);
		return 0;
	}
	__tl_lock();
	for (thread = self->next; thread != self && !number; thread = thread->next)
		if (!(twix_thread_of(thread)->mask & BIT(signal)))
			number = thread->tid;
	if (!number)
		__atomic_fetch_or(&program_pending, BIT(signal), __ATOMIC_RELEASE);
	__tl_unlock();
	return number ? send_to_thread(number, signal) : 0;
}

long twix_kill(int program, int signal)
{
	int self = (int)twz_rt_exec_self();

	if (!is_signal(signal))
		return -EINVAL;
	if (program == 0 || program == self || program == -self)
		return send_to_program(signal);
	if (program < 0)
		return program == -1 ? -EPERM : -ESRCH;
	return twix_result(twz_rt_exec_kill((uint32_t)program, signal));
}

long twix_rt_sigqueueinfo(int program, int signal, siginfo_t *info)
{
	(void)info;
	return program == (int)twz_rt_exec_self() ? twix_kill(program, signal) : -ESRCH;
}

/* ---- dispositions and masks ---- */

long twix_rt_sigaction(int signal, const struct k_sigaction *new, struct k_sigaction *old,
		       size_t size)
{
	if (signal < 1 || !is_signal(signal) || size != SIGNALS / 8 ||
	    (new && (BIT(signal) & UNBLOCKABLE)))
		return -EINVAL;
	lock_actions();
	if (old)
		*old = actions[signal - 1];
	if (new)
		actions[signal - 1] = *new;
	unlock_actions();
	if (new &&new->handler != SIG_DFL &&new->handler != SIG_IGN)
		twix_use_upcalls();
	if (new &&has_no_effect(signal))
		__atomic_fetch_and(&twix_self()->pending, ~BIT(signal), __ATOMIC_RELAXED);
	return 0;
}

/* What the new mask lets through is delivered when the call returns. */
long twix_rt_sigprocmask(int how, const sigset_t *set, uint64_t *old, size_t size)
{
	struct twix_thread *self = twix_self();
	uint64_t mask = self->mask;

	if (size != SIGNALS / 8)
		return -EINVAL;
	if (set) {
		uint64_t bits = twix_set_bits(set);

		if (how == SIG_BLOCK)
			self->mask |= bits;
		else if (how == SIG_UNBLOCK)
			self->mask &= ~bits;
		else if (how == SIG_SETMASK)
			self->mask = bits;
		else
			return -EINVAL;
		self->mask &= ~UNBLOCKABLE;
		if (__atomic_load_n(&program_pending, __ATOMIC_RELAXED) & ~self->mask)
			twix_adopt(self);
	}
	if (old)
		*old = mask;
	return 0;
}

/* Takes over what was sent to the program, so that the end of the call delivers it. */
void twix_adopt(struct twix_thread *self)
{
	uint64_t taken =
		__atomic_fetch_and(&program_pending, self->mask, __ATOMIC_ACQ_REL) & ~self->mask;
	__atomic_fetch_or(&self->pending, taken, __ATOMIC_RELEASE);
}

long twix_rt_sigpending(uint64_t *set, size_t size)
{
	struct twix_thread *self = twix_self();

	if (size != SIGNALS / 8)
		return -EINVAL;
	*set = (__atomic_load_n(&self->pending, __ATOMIC_ACQUIRE) |
		__atomic_load_n(&program_pending, __ATOMIC_ACQUIRE)) &
	       self->mask;
	return 0;
}
