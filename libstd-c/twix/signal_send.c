/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending signals: kill, tkill, tgkill, sigqueue; to this program, its threads and others. */

#include <errno.h>
#include "ksigaction.h"
#include "signals.h"

void twix_raise(int signal)
{
	siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};

	twix_send(twix_self(), &info, 0);
}

static long check(int signal)
{
	return signal < 0 || signal > SIGNALS ? -EINVAL : 0;
}

static siginfo_t from_self(int signal, int code)
{
	siginfo_t info = {.si_signo = signal, .si_code = code};

	info.si_pid = (pid_t)twz_rt_exec_self();
	return info;
}

static long send_to_program(const siginfo_t *info)
{
	return info->si_signo ? twix_send(0, info, 0) : 0;
}

static long send_to_thread(int number, const siginfo_t *info)
{
	if (number <= 0)
		return -EINVAL;
	return twix_send_number(number, info, 0);
}

long twix_tkill(int thread, int signal)
{
	siginfo_t info = from_self(signal, SI_TKILL);
	long error = check(signal);

	return error ? error : send_to_thread(thread, &info);
}

long twix_tgkill(int program, int thread, int signal)
{
	if (program <= 0)
		return -EINVAL;
	return program == (int)twz_rt_exec_self() ? twix_tkill(thread, signal) : -ESRCH;
}

long twix_kill(int program, int signal)
{
	siginfo_t info = from_self(signal, SI_USER);
	long error = check(signal);

	if (error)
		return error;
	if (program == (int)twz_rt_exec_self())
		return send_to_program(&info);
	return program == -1 ? -EPERM : twix_send_away(program, &info);
}

/* A program may not pretend to be the kernel or another's kill towards others. */
long twix_rt_sigqueueinfo(int program, int signal, siginfo_t *info)
{
	int self = (int)twz_rt_exec_self();
	long error = check(signal);

	if (error)
		return error;
	if (!info)
		return -EFAULT;
	siginfo_t copy = *info;
	copy.si_signo = signal;
	if (program == self)
		return send_to_program(&copy);
	if (program <= 0)
		return -ESRCH;
	return info->si_code >= 0 || info->si_code == SI_TKILL ? -EPERM
							       : twix_send_away(program, &copy);
}

long twix_rt_tgsigqueueinfo(int program, int thread, int signal, siginfo_t *info)
{
	long error = check(signal);

	if (error)
		return error;
	if (!info)
		return -EFAULT;
	if (program != (int)twz_rt_exec_self())
		return -ESRCH;
	siginfo_t copy = *info;
	copy.si_signo = signal;
	return send_to_thread(thread, &copy);
}
