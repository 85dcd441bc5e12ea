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
static int never_restarts(long n)
{
	switch (n) {
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_poll:
	case SYS_ppoll:
	case SYS_select:
	case SYS_pselect6:
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_rt_sigtimedwait:
	case SYS_futex:
		return 1;
	default:
		return 0;
	}
}

hidden long __twix_syscall(long a, long b, long c, long d, long e, long f, long n)
{
	struct twix_thread *self = twix_self();
	unsigned handled;
	long result;

	if ((unsigned long)n >= sizeof calls / sizeof *calls || !calls[n])
		return -ENOSYS;
	do {
		self->depth++;
		result = calls[n](a, b, c, d, e, f);
		handled = 0;
		if (--self->depth == 0 &&
		    (__atomic_load_n(&self->pending, __ATOMIC_RELAXED) & ~self->mask))
			handled = twix_deliver();
	} while (result == -EINTR && !(handled & TWIX_HANDLED_BREAK) && !never_restarts(n));
	return result;
}
