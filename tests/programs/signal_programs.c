/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals between programs: kill, sigqueue, SIGCHLD, stop and go on, groups, what outlives exec,
 * and a last thread that ends while an alarm is armed. shapes: dynamic static */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static volatile sig_atomic_t count, last_code, last_value, last_pid, last_status;

static void handle(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	count++;
	last_code = info->si_code;
	last_value = info->si_value.sival_int;
	last_pid = info->si_pid;
	last_status = info->si_status;
}

static void on(int signal, int flags)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | flags};

	sigemptyset(&action.sa_mask);
	CHECK(sigaction(signal, &action, NULL) == 0);
	count = 0;
}

/* A child that runs `function` and ends with what it returns. */
static pid_t child(int (*function)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(function());
	CHECK(pid > 0);
	return pid;
}

static int end_of(pid_t pid)
{
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static volatile int never;

static int sleep_for_ever(void)
{
	while (!never)
		pause();
	return 0;
}

static int loop_for_ever(void)
{
	while (!never)
		continue;
	return 0;
}

/* Ends with the number of signals after having been told to by SIGTERM. */
static volatile sig_atomic_t told;

static void tell(int signal)
{
	(void)signal;
	told = 1;
}

static int count_until_told(void)
{
	sigset_t none, all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	on(SIGUSR1, 0);
	on(SIGRTMIN, 0);
	signal(SIGTERM, tell);
	kill(getppid(), SIGUSR2);
	sigemptyset(&none);
	while (!told)
		sigsuspend(&none);
	return count;
}

static void default_actions(void)
{
	pid_t pid = child(sleep_for_ever);
	int status;

	CHECK(kill(pid, 0) == 0);
	CHECK(kill(pid, SIGCHLD) == 0); /* ignored by default */
	CHECK(kill(pid, SIGTERM) == 0);
	status = end_of(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK(kill(pid, 0) == -1 && errno == ESRCH);
	pid = child(loop_for_ever);
	CHECK(kill(pid, SIGKILL) == 0);
	status = end_of(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(kill(0x7ffffff, SIGTERM) == -1 && errno == ESRCH);
	CHECK(kill(getppid(), 65) == -1 && errno == EINVAL);
}

/* Handlers run in the other program, with who sent it and the value; realtime ones queue. */
static void handlers_and_values(void)
{
	sigset_t block, former;
	pid_t pid;

	on(SIGUSR2, 0);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	sigprocmask(SIG_BLOCK, &block, &former);
	pid = child(count_until_told);
	sigdelset(&former, SIGUSR2);
	while (!count)
		sigsuspend(&former);
	CHECK(last_pid == pid && last_code == SI_USER);
	sigprocmask(SIG_SETMASK, &former, NULL);
	for (int i = 0; i < 5; i++)
		CHECK(sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = i}) == 0);
	CHECK(kill(pid, SIGUSR1) == 0);
	CHECK(kill(pid, SIGTERM) == 0);
	CHECK(WEXITSTATUS(end_of(pid)) == 6);

	on(SIGUSR1, SA_RESTART);
	pid = fork();
	if (pid == 0)
		_exit(sigqueue(getppid(), SIGUSR1, (union sigval){.sival_int = 77}) != 0);
	CHECK(end_of(pid) == 0);
	CHECK(count == 1 && last_value == 77 && last_code == SI_QUEUE && last_pid == pid);
}

static int end_with_5(void)
{
	return 5;
}

static void ends_of_children(void)
{
	siginfo_t info = {0};
	sigset_t set;
	pid_t pid;

	on(SIGCHLD, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = child(end_with_5);
	CHECK(sigwaitinfo(&set, &info) == SIGCHLD);
	CHECK(info.si_code == CLD_EXITED && info.si_pid == pid && info.si_status == 5);
	CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == pid);
	CHECK(WEXITSTATUS(end_of(pid)) == 5);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK(count == 0);
	pid = child(sleep_for_ever);
	kill(pid, SIGKILL);
	while (count == 0)
		usleep(1000);
	CHECK(last_code == CLD_KILLED && last_status == SIGKILL && last_pid == pid);
	end_of(pid);
	signal(SIGCHLD, SIG_IGN);
	pid = child(end_with_5);
	CHECK(waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static int end_at_once(void)
{
	return 0;
}

/* Whoever sees first that a child has ended, its signal has been taken when wait tells of it. */
static void signal_before_wait_returns(void)
{
	unsigned late = 0;
	pid_t pid;

	on(SIGCHLD, SA_RESTART);
	for (int i = 1; i <= 200; i++) {
		pid = child(end_at_once);
		while (waitpid(pid, NULL, WNOHANG) == 0)
			continue;
		late += count != i;
		while (count != i)
			usleep(100);
	}
	CHECK(late == 0);
	signal(SIGCHLD, SIG_DFL);
}

/* A sleep is not shortened by a stop, and stopped programs do nothing. */
static int nap(void)
{
	struct timespec span = {0, 200000000}, left;

	return nanosleep(&span, &left) != 0;
}

static void stops(int (*function)(void), int ends)
{
	siginfo_t info = {0};
	pid_t pid;
	int status;

	on(SIGCHLD, SA_RESTART); /* word of its going on may come while its end is awaited */
	pid = child(function);
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	while (count == 0)
		usleep(1000);
	CHECK(last_code == CLD_STOPPED && last_status == SIGSTOP && last_pid == pid);
	CHECK(waitpid(pid, &status, WUNTRACED | WNOHANG) == 0); /* told once */
	if (!ends) {
		CHECK(kill(pid, SIGTERM) == 0); /* waits until the program goes on */
		usleep(50000);
		CHECK(waitpid(pid, &status, WNOHANG) == 0);
	}
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK(waitid(P_PID, (id_t)pid, &info, WCONTINUED | WEXITED | WNOWAIT) == 0);
	CHECK(info.si_code == CLD_CONTINUED || info.si_code == CLD_EXITED ||
	      info.si_code == CLD_KILLED);
	status = end_of(pid);
	CHECK(ends ? status == 0 : WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	on(SIGCHLD, SA_NOCLDSTOP);
	pid = child(sleep_for_ever);
	kill(pid, SIGSTOP);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	CHECK(count == 0);
	kill(pid, SIGKILL);
	end_of(pid);
	signal(SIGCHLD, SIG_DFL);
}

static int in_own_group(void)
{
	return setpgid(0, 0) != 0 || getpgrp() != getpid() ? 1 : sleep_for_ever();
}

static void groups(void)
{
	pid_t leader = child(in_own_group), second;
	int status;

	CHECK(setpgid(leader, leader) == 0);
	CHECK(getpgid(leader) == leader && getsid(leader) == getsid(0));
	second = child(sleep_for_ever);
	CHECK(getpgid(second) == getpgrp());
	CHECK(setpgid(second, leader) == 0);
	CHECK(setpgid(second, 0x7ffffff) == -1 && errno == EPERM);
	CHECK(kill(-leader, SIGTERM) == 0);
	CHECK(waitpid(-leader, &status, 0) > 0 && WTERMSIG(status) == SIGTERM);
	CHECK(waitpid(-leader, &status, 0) > 0 && WTERMSIG(status) == SIGTERM);
	CHECK(waitpid(-leader, &status, 0) == -1 && errno == ECHILD);
	second = fork();
	if (second == 0)
		_exit(setsid() == getpid() && getsid(0) == getpid() && setsid() == -1 ? 0 : 1);
	CHECK(end_of(second) == 0);
}

/* What is sent to a program after exec reaches its successor, which has its number. */
static void over_exec(const char *self)
{
	pid_t pid = fork();
	char number[16];
	int status;

	if (pid == 0) {
		snprintf(number, sizeof number, "%d", (int)getpid());
		execl(self, self, "successor", number, (char *)NULL);
		_exit(9);
	}
	on(SIGUSR2, 0);
	while (count == 0)
		usleep(1000);
	CHECK(last_pid == pid);
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK(kill(pid, SIGUSR1) == 0);
	CHECK(WEXITSTATUS(end_of(pid)) == 3);
}

static int successor(const char *number)
{
	struct timespec moment = {0, 1000000};

	on(SIGUSR1, 0);
	if (getpid() != atoi(number))
		return 2;
	/* until the parent has its handler */
	for (int i = 0; i < 3000 && !count; i++) {
		if (i % 50 == 0)
			kill(getppid(), SIGUSR2);
		nanosleep(&moment, NULL);
	}
	return count == 1 ? 3 : 4;
}

/* A poll of a pipe sleeps until the last writer is gone, killed without a close. */
static void poll_until_killed(void)
{
	struct pollfd poll_fd = {.events = POLLIN};
	int ends[2];
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = child(sleep_for_ever);
	close(ends[1]);
	poll_fd.fd = ends[0];
	CHECK(poll(&poll_fd, 1, 50) == 0);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(poll(&poll_fd, 1, 20000) == 1 && poll_fd.revents == POLLHUP);
	end_of(pid);
	close(ends[0]);
}

static int end_last_thread(void)
{
	alarm(1000);
	syscall(SYS_exit, 6);
	return 1;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3)
		return successor(argv[2]);
	default_actions();
	handlers_and_values();
	ends_of_children();
	signal_before_wait_returns();
	stops(nap, 1);
	stops(sleep_for_ever, 0);
	stops(loop_for_ever, 0);
	groups();
	signal(SIGUSR2, SIG_IGN);
	over_exec(argv[0]);
	CHECK(WEXITSTATUS(end_of(child(end_last_thread))) == 6);
	poll_until_killed();
	return check_result("signals between programs");
}
