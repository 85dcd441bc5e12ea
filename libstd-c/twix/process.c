/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs: exit, fork, exec, wait, and who one is. */

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "twix.h"

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

/* Waits for child `pid` (< 1: any). 0 when WNOHANG and nothing has ended, else the child's number.
 */
static long wait_for(int pid, int options, struct twz_rt_wait_result *out)
{
	twz_result result = twz_rt_exec_wait(pid > 0 ? (uint32_t)pid : 0,
					     options & WNOHANG ? 0 : TWZ_FOREVER, out);

	if (result == -TWZ_ERR_NO_SUCH_THREAD)
		return -ECHILD;
	if (result == -TWZ_ERR_TIMED_OUT || (result == -TWZ_ERR_WOULD_BLOCK && (options & WNOHANG)))
		return 0;
	return result < 0 ? twix_result(result) : (long)out->number;
}

long twix_wait4(int pid, int *status, int options, struct rusage *usage)
{
	struct twz_rt_wait_result ended;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
		return -EINVAL;
	long number = wait_for(pid, options, &ended);
	if (number <= 0)
		return number;
	if (status)
		*status = ended.state == TWZ_VIEW_KILLED ? ended.code & 0x7f
							 : (ended.code & 0xff) << 8;
	if (usage)
		memset(usage, 0, sizeof *usage);
	return number;
}

long twix_waitid(int type, int id, siginfo_t *info, int options, struct rusage *usage)
{
	struct twz_rt_wait_result ended;

	if ((type != P_ALL && type != P_PID) || !(options & WEXITED) ||
	    (options & ~(WEXITED | WNOHANG | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	long number = wait_for(type == P_PID ? id : 0, options, &ended);
	if (number < 0)
		return number;
	if (usage)
		memset(usage, 0, sizeof *usage);
	if (info) {
		memset(info, 0, sizeof *info);
		if (number) {
			info->si_signo = SIGCHLD;
			info->si_code = ended.state == TWZ_VIEW_KILLED ? CLD_KILLED : CLD_EXITED;
			info->si_pid = (pid_t)number;
			info->si_status = ended.code;
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

/* Each program is its own group and session. */
long twix_getpgid(int pid)
{
	return pid == 0 || pid == twix_getpid() ? twix_getpid() : -ESRCH;
}

long twix_getpgrp(void)
{
	return twix_getpid();
}

long twix_getsid(int pid)
{
	return twix_getpgid(pid);
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
