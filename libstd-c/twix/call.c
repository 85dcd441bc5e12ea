/* SPDX-License-Identifier: BSD-2-Clause */
/* The dispatcher: a table from Linux system call numbers to the functions of this folder. */

#include <errno.h>
#include <sys/syscall.h>
#include "twix.h"

typedef long twix_call(long a, long b, long c, long d, long e, long f);

/*
 * Each function is called with six registers whatever it takes: the calling convention of the
 * System V ABI lets it ignore the rest, and read an int from the low half.
 */
static twix_call *const calls[] = {
#define TWIX_CALL(name, arguments, state, note) \
	[SYS_##name] = (twix_call *)(void (*)(void))twix_##name,
#include "calls.def"
#undef TWIX_CALL
};

/* Calls that end with EINTR whatever SA_RESTART says, as signal(7) of Linux lists them. */
static int never_restarts(long n, long d)
{
	switch (n) {
	case SYS_futex:
		return d != 0; /* with a timeout, which would begin anew */
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_poll:
	case SYS_ppoll:
	case SYS_select:
	case SYS_pselect6:
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_rt_sigtimedwait:
		return 1;
	default:
		return 0;
	}
}

hidden long __twix_syscall(long a, long b, long c, long d, long e, long f, long n)
{
	twix_enter(twix_self());
	return __twix_syscall_entered(a, b, c, d, e, f, n);
}

long __twix_syscall_entered(long a, long b, long c, long d, long e, long f, long n)
{
	struct twix_thread *self = twix_self();
	uint32_t outer = self->handled; /* of the call whose handler makes this one */
	uint64_t outer_deadline = self->deadline, deadline = 0;
	long result = -ENOSYS;

	if ((unsigned long)n >= sizeof calls / sizeof *calls || !calls[n]) {
		twix_leave(self);
		return result;
	}
	for (;;) {
		self->handled = 0;
		self->deadline = deadline;
		result = calls[n](a, b, c, d, e, f);
		deadline = self->deadline;
		if (twix_leave(self) == 0 && twix_is_signalled(self))
			twix_deliver();
		/* what no handler saw (a message for another thread, a stop) interrupts nothing */
		if (result != -EINTR || (self->handled & TWIX_HANDLED_BREAK) ||
		    (self->handled && never_restarts(n, d)))
			break;
		twix_enter(self);
	}
	self->handled = outer;
	self->deadline = outer_deadline;
	return result;
}
