/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals within a program: dispositions, masks, delivery. signal_queue.c keeps what is pending,
 * upcall.c brings in faults and signals from other threads.
 *
 * A signal is taken where the target runs its own code, never inside a call (struct twix_thread's
 * depth), so that a handler may make any call.
 */

#include <errno.h>
#include <string.h>
#include "ksigaction.h"
#include "signals.h"

static struct k_sigaction actions[SIGNALS];
static int actions_lock;

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

int twix_is_ignored(int signal)
{
	struct k_sigaction action = twix_action(signal);
	return action.handler == SIG_IGN ||
	       (action.handler == SIG_DFL && ignored_by_default(signal));
}

/* ---- delivery ---- */

struct invocation {
	const struct k_sigaction *action;
	int signal;
	siginfo_t *info;
	ucontext_t *context;
};

static void invoke(void *argument)
{
	struct invocation *call = argument;

	if (call->action->flags & SA_SIGINFO)
		((void (*)(int, siginfo_t *, void *))(void (*)(void))call->action->handler)(
			call->signal, call->info, call->context);
	else
		call->action->handler(call->signal);
}

/* On the alternate stack, where the action wants it and the thread has one that is free. */
static void invoke_on_stack(struct invocation *call)
{
	stack_t *alternate = &twix_self()->alternate;

	if ((call->action->flags & SA_ONSTACK) && alternate->ss_sp &&
	    !twix_on_alternate((uintptr_t)__builtin_frame_address(0)))
		twix_call_on((void *)(((uintptr_t)alternate->ss_sp + alternate->ss_size) & -16ul),
			     invoke, call);
	else
		invoke(call);
}

/* musl's cancellation handler lets a call go on where the thread has cancellation disabled. */
static int breaks_call(int signal, const struct k_sigaction *action)
{
	struct pthread *self = __pthread_self();

	if (signal == SIGCANCEL)
		return self->cancel && self->canceldisable != PTHREAD_CANCEL_DISABLE;
	return !(action->flags & SA_RESTART);
}

void twix_run_handler(int signal, siginfo_t *info, ucontext_t *context)
{
	struct twix_thread *self = twix_self();
	struct k_sigaction action = take_action(signal);
	struct invocation call = {&action, signal, info, context};
	uint64_t mask = self->words.blocked;
	int error = errno;

	if (action.handler == SIG_IGN || (action.handler == SIG_DFL && ignored_by_default(signal)))
		return;
	if (action.handler == SIG_DFL && (BIT(signal) & STOPS)) {
		twix_stop(signal);
		return;
	}
	if (action.handler == SIG_DFL)
		twz_rt_exit_signal(signal);
	int breaks = breaks_call(signal, &action);
	set_of(mask, &context->uc_sigmask);
	context->uc_stack = self->alternate;
	twix_set_mask(mask | action_mask(&action) | (action.flags & SA_NODEFER ? 0 : BIT(signal)));
	invoke_on_stack(&call);
	twix_set_mask(twix_set_bits(&context->uc_sigmask));
	errno = error;
	self->handled |= TWIX_HANDLED | (breaks ? TWIX_HANDLED_BREAK : 0);
}

void twix_deliver_with(ucontext_t *context)
{
	struct twix_thread *self = twix_self();
	siginfo_t info;
	int signal;

	/* What an upcall adds while depth is raised is seen by the loop. */
	while (twix_is_signalled(self)) {
		twix_enter(self);
		signal = twix_take(~self->words.blocked, &info);
		twix_stay_stopped();
		twix_leave(self);
		if (signal)
			twix_run_handler(signal, &info, context);
	}
}

void twix_deliver(void)
{
	ucontext_t context = {0};
	twix_deliver_with(&context);
}

uint64_t twix_mask_swap(const sigset_t *mask)
{
	uint64_t former = twix_self()->words.blocked;

	twix_set_mask(twix_set_bits(mask));
	return former;
}

void twix_mask_restore(uint64_t mask)
{
	struct twix_thread *self = twix_self();
	uint32_t depth = self->depth;

	self->depth = 0;
	twix_deliver();
	self->depth = depth;
	twix_set_mask(mask);
}

/* ---- dispositions and masks ---- */

long twix_rt_sigaction(int signal, const struct k_sigaction *new, struct k_sigaction *old,
		       size_t size)
{
	if (signal < 1 || signal > SIGNALS || size != SIGNALS / 8 ||
	    (new && (BIT(signal) & UNBLOCKABLE)))
		return -EINVAL;
	if (new)
		twix_use_upcalls();
	if (new &&signal == SIGCHLD &&new->handler != SIG_DFL)
		twix_want_children();
	lock_actions();
	if (old)
		*old = actions[signal - 1];
	if (new)
		actions[signal - 1] = *new;
	unlock_actions();
	if (new &&twix_is_ignored(signal))
		twix_discard(signal);
	return 0;
}

/* What the new mask lets through is delivered when the call returns. */
long twix_rt_sigprocmask(int how, const sigset_t *set, uint64_t *old, size_t size)
{
	struct twix_thread *self = twix_self();
	uint64_t mask = self->words.blocked;

	if (size != SIGNALS / 8)
		return -EINVAL;
	if (set) {
		uint64_t bits = twix_set_bits(set);

		/* musl's own critical sections block everything; that is nobody's wish */
		if ((bits & BIT(SIGCHLD)) && ~bits & 0x3fffffff)
			twix_want_children();
		if (how == SIG_BLOCK)
			twix_set_mask(mask | bits);
		else if (how == SIG_UNBLOCK)
			twix_set_mask(mask & ~bits);
		else if (how == SIG_SETMASK)
			twix_set_mask(bits);
		else
			return -EINVAL;
	}
	if (old)
		*old = mask;
	return 0;
}

long twix_rt_sigpending(uint64_t *set, size_t size)
{
	if (size != SIGNALS / 8)
		return -EINVAL;
	*set = twix_pending() & twix_self()->words.blocked;
	return 0;
}
