/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: timer_create of each kind, overruns, setitimer, alarm, CPU time. shapes: dynamic static
 */

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#define MILLISECOND 1000000l

static volatile sig_atomic_t count, overruns, value;
static sem_t fired;

static void handle(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	count++;
	overruns += info->si_overrun;
	value = info->si_value.sival_int;
}

static void install(int signal)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};

	CHECK(sigaction(signal, &action, NULL) == 0);
}

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void sleep_until_count(int wanted)
{
	sigset_t none;

	sigemptyset(&none);
	while (count < wanted)
		sigsuspend(&none);
}

static void test_signal(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
	struct itimerspec setting = {.it_value.tv_nsec = 20 * MILLISECOND}, left;
	sigset_t usr1;
	timer_t timer;
	int64_t start;

	install(SIGUSR1);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
	CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec == 0);
	start = now(CLOCK_MONOTONIC);
	CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
	/* On a busy machine it may be over by now. */
	CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec <= 20 * MILLISECOND &&
	      (left.it_value.tv_nsec > 0 || now(CLOCK_MONOTONIC) - start >= 20 * MILLISECOND));
	sleep_until_count(1);
	CHECK(now(CLOCK_MONOTONIC) - start >= 20 * MILLISECOND && value == 42);
	CHECK(timer_getoverrun(timer) == 0);
	/* With the signal blocked all but the first are overruns. */
	setting = (struct itimerspec){{0, 2 * MILLISECOND}, {0, 2 * MILLISECOND}};
	count = overruns = 0;
	CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
	nanosleep(&(struct timespec){0, 50 * MILLISECOND}, NULL);
	CHECK(count == 0);
	sleep_until_count(1);
	CHECK(overruns >= 20 && timer_getoverrun(timer) >= 20);
	sleep_until_count(4);
	/* An absolute time that is over fires at once; 0 disarms. */
	setting = (struct itimerspec){.it_value.tv_nsec = 1};
	count = 0;
	CHECK(timer_settime(timer, TIMER_ABSTIME, &setting, &left) == 0);
	CHECK(left.it_interval.tv_nsec == 2 * MILLISECOND);
	sleep_until_count(1);
	setting.it_value.tv_nsec = 10 * MILLISECOND;
	CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
	setting.it_value.tv_nsec = 0;
	CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
	nanosleep(&(struct timespec){0, 20 * MILLISECOND}, NULL);
	CHECK(count == 1);
	setting.it_value.tv_nsec = 1000000000;
	CHECK(timer_settime(timer, 0, &setting, NULL) == -1 && errno == EINVAL);
	CHECK(timer_delete(timer) == 0);
	CHECK(timer_delete(timer) != 0);
	CHECK(sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
}

static void notify(union sigval what)
{
	value = what.sival_int;
	sem_post(&fired);
}

static void test_thread_and_none(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD,
				 .sigev_notify_function = notify,
				 .sigev_value.sival_int = 7};
	struct itimerspec setting = {{0, 5 * MILLISECOND}, {0, 5 * MILLISECOND}}, left;
	timer_t timer;

	CHECK(sem_init(&fired, 0, 0) == 0);
	CHECK(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
	CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(sem_wait(&fired) == 0);
	CHECK(value == 7 && timer_delete(timer) == 0);
	event = (struct sigevent){.sigev_notify = SIGEV_NONE};
	CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	setting = (struct itimerspec){.it_value.tv_sec = 5};
	CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
	CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 4);
	CHECK(timer_delete(timer) == 0);
	event.sigev_notify = 99;
	CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 && errno == EINVAL);
	event.sigev_notify = SIGEV_NONE;
	CHECK(timer_create(12345, &event, &timer) == -1 && errno == EINVAL);
}

static void test_many(void)
{
	enum { TIMERS = 40 };
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	timer_t timers[TIMERS];
	sigset_t set;
	siginfo_t info;
	int last = -1;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	for (int i = 0; i < TIMERS; i++) {
		int place = i * 17 % TIMERS;
		event.sigev_value.sival_int = place;
		CHECK(timer_create(CLOCK_MONOTONIC, &event, &timers[place]) == 0);
	}
	struct timespec base;
	clock_gettime(CLOCK_MONOTONIC, &base);
	for (int i = 0; i < TIMERS; i++) {
		int place = i * 7 % TIMERS;
		long nanoseconds = base.tv_nsec + (20 + place) * MILLISECOND;
		struct itimerspec setting = {.it_value = {base.tv_sec + nanoseconds / 1000000000,
							  nanoseconds % 1000000000}};
		CHECK(timer_settime(timers[place], TIMER_ABSTIME, &setting, NULL) == 0);
	}
	for (int i = 0; i < TIMERS; i++) {
		CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_code == SI_TIMER);
		CHECK(info.si_value.sival_int == last + 1);
		last = info.si_value.sival_int;
	}
	for (int i = 0; i < TIMERS; i++)
		CHECK(timer_delete(timers[i]) == 0);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static void test_itimers(void)
{
	struct itimerval setting = {{0, 3000}, {0, 3000}}, old;
	int status;

	install(SIGALRM);
	count = 0;
	CHECK(setitimer(ITIMER_REAL, &setting, NULL) == 0);
	while (count < 3)
		pause();
	CHECK(getitimer(ITIMER_REAL, &old) == 0 && old.it_interval.tv_usec == 3000);
	CHECK(alarm(0) == 1);
	count = 0;
	CHECK(ualarm(10000, 0) == 0);
	CHECK(sleep(2) >= 1 && count == 1);
	CHECK(alarm(100) == 0 && alarm(0) == 100);
	/* A child has none of it, and dies of an alarm of its own. */
	CHECK(alarm(100) == 0);
	pid_t child = fork();
	if (child == 0) {
		signal(SIGALRM, SIG_DFL);
		if (alarm(0) != 0)
			_exit(1);
		ualarm(5000, 0);
		for (;;)
			pause();
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGALRM);
	CHECK(alarm(0) == 100);
	/* CPU time: nothing while asleep. */
	install(SIGVTALRM);
	count = 0;
	setting = (struct itimerval){{0, 0}, {0, 30000}};
	int64_t start = now(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(setitimer(ITIMER_VIRTUAL, &setting, NULL) == 0);
	nanosleep(&(struct timespec){0, 60 * MILLISECOND}, NULL);
	CHECK(count == 0 || now(CLOCK_PROCESS_CPUTIME_ID) - start >= 30 * MILLISECOND);
	while (!count && now(CLOCK_PROCESS_CPUTIME_ID) - start < 5000000000ll)
		;
	CHECK(count == 1 && now(CLOCK_PROCESS_CPUTIME_ID) - start >= 30 * MILLISECOND);
	CHECK(setitimer(9, &setting, NULL) == -1 && errno == EINVAL);
}

int main(void)
{
	test_signal();
	test_thread_and_none();
	test_many();
	test_itimers();
	return check_result("timers");
}
