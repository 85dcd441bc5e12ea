/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs: exit, fork, exec, wait, and who one is. */

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ksigaction.h"
#include "signals.h"

long twix_exit_group(int code)
{
	twz_rt_exit(code & 0xff);
}

long twix_fork(void)
{
	twz_result result;

	twix_timers_fork();
	twix_signals_fork();
	result = twz_rt_exec_fork();
	twix_signals_forked(result == 0);
	twix_timers_forked(result == 0);
	return twix_result(result);
}

/* With its own pages there is nothing that the child could spoil: vfork is fork. */
pid_t vfork(void)
{
	return fork();
}

long twix_execve(const char *path, char *const *argv, char *const *envp)
{
	static char *const none[] = {0};
	size_t length;
	long error = twix_path(path, &length);

	if (error)
		return error;
	twix_timers_pause(1);
	twz_result result = twz_rt_exec_replace(&(struct twz_rt_spawn_args){
		.path = path,
		.path_length = length,
		.argv = argv ? argv : none,
		.envp = envp ? envp : none,
	});
	twix_timers_pause(0);
	return twix_result(result);
}

/* ---- wait ---- */

/* Nobody wants to hear of children: they go as they end. */
static int leaves_no_zombies(void)
{
	struct k_sigaction action = twix_action(SIGCHLD);

	return action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT);
}

/*
 * Waits for an event of child `who` (0: any; negative: of that group). 0 when WNOHANG and there is
 * none, else the child's number.
 */
static long wait_for(int64_t who, uint32_t events, int options, struct twz_rt_wait_result *out)
{
	for (;;) {
		twz_result result = twz_rt_exec_wait_event(
			who, events, options & WNOHANG ? 0 : TWZ_FOREVER, out);

		if (result == -TWZ_ERR_NO_SUCH_THREAD)
			return -ECHILD;
		if (result == -TWZ_ERR_TIMED_OUT ||
		    (result == -TWZ_ERR_WOULD_BLOCK && (options & WNOHANG)))
			return 0;
		if (result < 0)
			return twix_result(result);
		if (out->state > TWZ_VIEW_KILLED || !leaves_no_zombies())
			return (long)out->number;
	}
}

static uint32_t events_of(int options)
{
	return (options & WSTOPPED ? TWZ_RT_WAIT_STOPPED : 0) |
	       (options & WCONTINUED ? TWZ_RT_WAIT_CONTINUED : 0) |
	       (options & WEXITED ? TWZ_RT_WAIT_ENDED : 0) |
	       (options & WNOWAIT ? TWZ_RT_WAIT_KEEP : 0);
}

static int status_of(const struct twz_rt_wait_result *event)
{
	switch (event->state) {
	case TWZ_VIEW_KILLED:
		return event->code & 0x7f;
	case TWZ_RT_STOPPED:
		return (event->code & 0xff) << 8 | 0x7f;
	case TWZ_RT_CONTINUED:
		return 0xffff;
	default:
		return (event->code & 0xff) << 8;
	}
}

long twix_wait4(int pid, int *status, int options, struct rusage *usage)
{
	struct twz_rt_wait_result event;
	int64_t who = pid;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
		return -EINVAL;
	if (pid == -1)
		who = 0;
	else if (pid == 0)
		who = -(int64_t)twix_getpgrp();
	long number = wait_for(who, events_of(options | WEXITED), options, &event);
	if (number <= 0)
		return number;
	if (status)
		*status = status_of(&event);
	if (usage)
		memset(usage, 0, sizeof *usage);
	return number;
}

static int code_of(uint32_t state)
{
	switch (state) {
	case TWZ_VIEW_KILLED:
		return CLD_KILLED;
	case TWZ_RT_STOPPED:
		return CLD_STOPPED;
	case TWZ_RT_CONTINUED:
		return CLD_CONTINUED;
	default:
		return CLD_EXITED;
	}
}

/* What waitid's first two arguments mean; -EINVAL. */
static long who_of(int type, int id, int64_t *who)
{
	switch (type) {
	case P_ALL:
		*who = 0;
		return 0;
	case P_PID:
		*who = id;
		return id > 0 ? 0 : -EINVAL;
	case P_PGID:
		*who = -(int64_t)(id ? id : (int)twix_getpgrp());
		return id >= 0 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

long twix_waitid(int type, int id, siginfo_t *info, int options, struct rusage *usage)
{
	struct twz_rt_wait_result event;
	int64_t who = 0;

	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)) ||
	    (options & ~(WEXITED | WNOHANG | WSTOPPED | WCONTINUED | WNOWAIT)) ||
	    who_of(type, id, &who) < 0)
		return -EINVAL;
	long number = wait_for(who, events_of(options), options, &event);
	if (number < 0)
		return number;
	if (usage)
		memset(usage, 0, sizeof *usage);
	if (info) {
		memset(info, 0, sizeof *info);
		if (number) {
			info->si_signo = SIGCHLD;
			info->si_code = code_of(event.state);
			info->si_pid = (pid_t)number;
			info->si_status = event.code;
		}
	}
	return 0;
}

/* ---- who ---- */

long twix_getpid(void)
{
	return (long)twz_rt_exec_self();
}

long twix_getppid(void)
{
	return (long)twz_rt_exec_parent();
}

/* ---- groups and sessions ---- */

static long control(int pid, uint32_t command, uint64_t argument)
{
	twz_result result;

	if (pid < 0)
		return -ESRCH;
	if (pid == twix_getpid())
		pid = 0;
	result = twz_rt_exec_control((uint32_t)pid, command, argument);
	return result == -TWZ_ERR_ACCESS_DENIED ? -EPERM : twix_result(result);
}

long twix_getpgid(int pid)
{
	return control(pid, TWZ_PROGRAM_GROUP, 0);
}

long twix_getpgrp(void)
{
	return twix_getpgid(0);
}

long twix_setpgid(int pid, int group)
{
	if (group < 0)
		return -EINVAL;
	return control(pid, TWZ_PROGRAM_SET_GROUP, (uint64_t)group);
}

long twix_getsid(int pid)
{
	return control(pid, TWZ_PROGRAM_SESSION, 0);
}

long twix_setsid(void)
{
	return control(0, TWZ_PROGRAM_NEW_SESSION, 0);
}

/* There is one user and one group, both 0: rights are a matter of security contexts. */
long twix_getuid(void)
{
	return 0;
}

long twix_geteuid(void)
{
	return 0;
}

long twix_getgid(void)
{
	return 0;
}

long twix_getegid(void)
{
	return 0;
}

long twix_getresuid(unsigned *real, unsigned *effective, unsigned *saved)
{
	*real = *effective = *saved = 0;
	return 0;
}

long twix_getresgid(unsigned *real, unsigned *effective, unsigned *saved)
{
	*real = *effective = *saved = 0;
	return 0;
}

long twix_getgroups(int count, unsigned *list)
{
	(void)list;
	return count < 0 ? -EINVAL : 0;
}

static long become(unsigned id)
{
	return id == 0 || id == (unsigned)-1 ? 0 : -EPERM;
}

long twix_setuid(unsigned id)
{
	return become(id);
}

long twix_setgid(unsigned id)
{
	return become(id);
}

long twix_setreuid(unsigned real, unsigned effective)
{
	return become(real) ? -EPERM : become(effective);
}

long twix_setregid(unsigned real, unsigned effective)
{
	return become(real) ? -EPERM : become(effective);
}

long twix_setresuid(unsigned real, unsigned effective, unsigned saved)
{
	return become(real) || become(effective) ? -EPERM : become(saved);
}

long twix_setresgid(unsigned real, unsigned effective, unsigned saved)
{
	return become(real) || become(effective) ? -EPERM : become(saved);
}
