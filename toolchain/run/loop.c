/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop, on epoll. One event is taken at a time, so that none can be of a watch that went.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "run.h"

static int poller = -1;
static struct watch signals;
static struct watch *always;
static struct timer *timers;
static bool ended;
static int end_code;

uint64_t loop_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static void stop_always(struct watch *watch)
{
	if (!watch->always)
		return;
	*(watch->previous != NULL ? &watch->previous->next : &always) = watch->next;
	if (watch->next != NULL)
		watch->next->previous = watch->previous;
	watch->always = false;
}

static void start_always(struct watch *watch)
{
	if (watch->always)
		return;
	watch->previous = NULL;
	watch->next = always;
	if (always != NULL)
		always->previous = watch;
	always = watch;
	watch->always = true;
}

void watch_set(struct watch *watch, int fd, uint32_t events, void (*ready)(struct watch *watch))
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (watch->added && watch->fd != fd)
		watch_stop(watch);
	watch->ready = ready;
	if (events == 0) {
		/* Even then epoll would tell of a hang-up. */
		watch_stop(watch);
		return;
	}
	if ((watch->added || watch->always) && watch->events == events)
		return;
	watch->events = events;
	watch->fd = fd;
	if (epoll_ctl(poller, watch->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0) {
		watch->added = true;
	} else if (errno == EPERM) {
		start_always(watch);
	} else {
		complain("epoll_ctl: %s", strerror(errno));
		exit(EXIT_MACHINE);
	}
}

void watch_stop(struct watch *watch)
{
	stop_always(watch);
	if (watch->added)
		epoll_ctl(poller, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->added = false;
}

void timer_set(struct timer *timer, uint64_t deadline, void (*fired)(struct timer *timer))
{
	timer_stop(timer);
	timer->deadline = deadline;
	timer->fired = fired;
	timer->previous = NULL;
	timer->next = timers;
	if (timers != NULL)
		timers->previous = timer;
	timers = timer;
}

void timer_stop(struct timer *timer)
{
	if (timer->deadline == 0)
		return;
	*(timer->previous != NULL ? &timer->previous->next : &timers) = timer->next;
	if (timer->next != NULL)
		timer->next->previous = timer->previous;
	timer->deadline = 0;
}

static void take_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		loop_end(128 + (int)info.ssi_signo);
}

void loop_start(void)
{
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGHUP);
	sigprocmask(SIG_BLOCK, &caught, NULL);
	signal(SIGPIPE, SIG_IGN);
	poller = epoll_create1(EPOLL_CLOEXEC);
	int fd = signalfd(-1, &caught, SFD_CLOEXEC);
	if (poller < 0 || fd < 0) {
		complain("cannot wait for events: %s", strerror(errno));
		exit(EXIT_MACHINE);
	}
	watch_set(&signals, fd, EPOLLIN, take_signal);
}

void loop_end(int code)
{
	if (!ended)
		end_code = code;
	ended = true;
}

/* Fires what is due. Returns the milliseconds to the next one, -1: there is none. */
static int fire_timers(void)
{
	uint64_t first = UINT64_MAX;
	uint64_t time = loop_now();

	for (struct timer *timer = timers; timer != NULL; timer = timer->next) {
		if (timer->deadline > time) {
			first = timer->deadline < first ? timer->deadline : first;
			continue;
		}
		timer_stop(timer);
		timer->fired(timer);
		return 0; /* the list may have changed */
	}
	if (first == UINT64_MAX)
		return -1;
	uint64_t wait = (first - time) / 1000000 + 1;
	return wait > INT_MAX ? INT_MAX : (int)wait;
}

int loop_run(void)
{
	while (!ended) {
		struct epoll_event event;
		int wait = fire_timers();
		struct watch *ready = always;

		if (ended)
			break;
		int count = epoll_wait(poller, &event, 1, ready != NULL ? 0 : wait);
		if (count < 0 && errno != EINTR) {
			complain("epoll_wait: %s", strerror(errno));
			return EXIT_MACHINE;
		}
		if (count > 0)
			ready = event.data.ptr;
		if (ready != NULL)
			ready->ready(ready);
	}
	return end_code;
}
