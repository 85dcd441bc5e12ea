/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls on timers: timer_create and its family, setitimer, getitimer. */

#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include "timer.h"

#define MICROSECOND 1000ull
#define ITIMERS	    3

/* What musl's timer_create passes. */
struct ksigevent {
	union sigval sigev_value;
	int sigev_signo;
	int sigev_notify;
	int sigev_tid;
};

static struct twix_timer **timers; /* by id; NULL: free */
static size_t timer_count;
static struct twix_timer itimers[ITIMERS] = {
	{.clock = TWZ_CLOCK_MONOTONIC, .signal.info.si_signo = SIGALRM, .place = TWIX_TIMER_IDLE},
	{.clock = TWZ_CLOCK_PROGRAM, .signal.info.si_signo = SIGVTALRM, .place = TWIX_TIMER_IDLE},
	{.clock = TWZ_CLOCK_PROGRAM, .signal.info.si_signo = SIGPROF, .place = TWIX_TIMER_IDLE},
};

/* ---- timers by id ---- */

/* A free place in the table; -EAGAIN. */
static long find_place(void)
{
	size_t id = 0, count;

	while (id < timer_count && timers[id])
		id++;
	if (id < timer_count)
		return (long)id;
	count = timer_count ? 2 * timer_count : 16;
	struct twix_timer **grown =
		twz_rt_realloc(timers, timer_count * sizeof *timers, _Alignof(void *),
			       count * sizeof *timers, TWZ_MALLOC_ZERO);
	if (!grown)
		return -EAGAIN;
	timers = grown;
	timer_count = count;
	return (long)id;
}

static long check_event(const struct ksigevent *event)
{
	switch (event->sigev_notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD_ID:
		return event->sigev_signo < 1 || event->sigev_signo > SIGNALS ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static struct twix_timer *make(const struct ksigevent *event, uint32_t clock)
{
	struct twix_timer *timer =
		twz_rt_malloc(sizeof *timer, _Alignof(struct twix_timer), TWZ_MALLOC_ZERO);
	if (!timer)
		return 0;
	timer->clock = clock;
	timer->place = TWIX_TIMER_IDLE;
	timer->notify = event->sigev_notify;
	timer->target = event->sigev_tid;
	timer->signal.timer = timer;
	timer->signal.info.si_signo = event->sigev_signo;
	timer->signal.info.si_code = SI_TIMER;
	timer->signal.info.si_value = event->sigev_value;
	return timer;
}

long twix_timer_create(clockid_t clock, const struct ksigevent *event, int *id)
{
	struct ksigevent alarm = {.sigev_signo = SIGALRM, .sigev_notify = SIGEV_SIGNAL};
	long which = twix_clock_of(clock), error, place;
	struct twix_timer *timer;

	if (which < 0)
		return which;
	if (which == TWZ_CLOCK_THREAD)
		return -EOPNOTSUPP;
	if (!id)
		return -EFAULT;
	error = check_event(event ? event : &alarm);
	if (error)
		return error;
	timer = make(event ? event : &alarm, (uint32_t)which);
	if (!timer)
		return -EAGAIN;
	twix_timers_lock();
	place = find_place();
	if (place >= 0) {
		timers[place] = timer;
		timer->id = *id = (int)place;
		timer->signal.info.si_timerid = timer->id;
		if (!event)
			timer->signal.info.si_value.sival_int = timer->id;
	}
	twix_timers_unlock();
	if (place < 0)
		twz_rt_free(timer, sizeof *timer, _Alignof(struct twix_timer));
	return place < 0 ? place : 0;
}

/* The lock is held. */
static struct twix_timer *find(int id)
{
	return id >= 0 && (size_t)id < timer_count ? timers[id] : 0;
}

static struct itimerspec setting_of(const struct twix_timer *timer)
{
	return (struct itimerspec){twix_timespec(timer->interval),
				   twix_timespec(twix_timer_left(timer))};
}

/* The deadline of a setting that is not 0. */
static uint64_t deadline_of(const struct twix_timer *timer, int flags, uint64_t value)
{
	uint64_t deadline;

	if (!value)
		return 0;
	if (flags & TIMER_ABSTIME)
		return value;
	return __builtin_add_overflow(twix_timer_now(timer->clock), value, &deadline) ? TWZ_FOREVER
										      : deadline;
}

static long set(struct twix_timer *timer, int flags, uint64_t value, uint64_t interval)
{
	twix_timer_end(timer);
	timer->overruns = timer->last_overruns = 0;
	return twix_timer_arm(timer, deadline_of(timer, flags, value), interval);
}

long twix_timer_settime(int id, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct itimerspec former = {0};
	struct twix_timer *timer;
	long result = -EINVAL;

	if (!new || twix_check_time(&new->it_value) || twix_check_time(&new->it_interval))
		return -EINVAL;
	twix_timers_lock();
	timer = find(id);
	if (timer) {
		former = setting_of(timer);
		result = set(timer, flags, twix_nanoseconds(&new->it_value),
			     twix_nanoseconds(&new->it_interval));
	}
	twix_timers_unlock();
	if (result == 0 && old)
		*old = former;
	return result;
}

long twix_timer_gettime(int id, struct itimerspec *out)
{
	struct itimerspec setting = {0};
	struct twix_timer *timer;

	twix_timers_lock();
	timer = find(id);
	if (timer)
		setting = setting_of(timer);
	twix_timers_unlock();
	if (!timer)
		return -EINVAL;
	if (!out)
		return -EFAULT;
	*out = setting;
	return 0;
}

long twix_timer_getoverrun(int id)
{
	struct twix_timer *timer;
	long result = -EINVAL;

	twix_timers_lock();
	timer = find(id);
	if (timer)
		result = timer->last_overruns < INT_MAX ? (long)timer->last_overruns : INT_MAX;
	twix_timers_unlock();
	return result;
}

long twix_timer_delete(int id)
{
	struct twix_timer *timer;

	twix_timers_lock();
	timer = find(id);
	if (timer) {
		timers[id] = 0;
		twix_timer_end(timer);
	}
	twix_timers_unlock();
	if (!timer)
		return -EINVAL;
	twz_rt_free(timer, sizeof *timer, _Alignof(struct twix_timer));
	return 0;
}

/* ---- the three timers that every program has ---- */

static long check_timeval(const struct timeval *time)
{
	return time->tv_sec < 0 || time->tv_usec < 0 || time->tv_usec >= 1000000 ? -EINVAL : 0;
}

static uint64_t of_timeval(const struct timeval *time)
{
	struct timespec same = {time->tv_sec, time->tv_usec * (long)MICROSECOND};

	return twix_nanoseconds(&same);
}

static struct timeval to_timeval(uint64_t time)
{
	struct timespec same = twix_timespec(time + MICROSECOND - 1);

	return (struct timeval){same.tv_sec, same.tv_nsec / (long)MICROSECOND};
}

static struct itimerval value_of(const struct twix_timer *timer)
{
	return (struct itimerval){to_timeval(timer->interval), to_timeval(twix_timer_left(timer))};
}

long twix_getitimer(int which, struct itimerval *out)
{
	if (which < 0 || which >= ITIMERS)
		return -EINVAL;
	if (!out)
		return -EFAULT;
	twix_timers_lock();
	*out = value_of(&itimers[which]);
	twix_timers_unlock();
	return 0;
}

long twix_setitimer(int which, const struct itimerval *new, struct itimerval *old)
{
	struct twix_timer *timer;
	struct itimerval former;
	long result;

	if (which < 0 || which >= ITIMERS)
		return -EINVAL;
	if (!new)
		return -EFAULT;
	if (check_timeval(&new->it_value) || check_timeval(&new->it_interval))
		return -EINVAL;
	timer = &itimers[which];
	twix_timers_lock();
	former = value_of(timer);
	timer->signal.timer = timer;
	timer->signal.info.si_code = SI_KERNEL;
	result = set(timer, 0, of_timeval(&new->it_value), of_timeval(&new->it_interval));
	twix_timers_unlock();
	if (result == 0 && old)
		*old = former;
	return result;
}

/* In a fork's child: no timer is inherited. */
void twix_timers_forget(void)
{
	for (size_t i = 0; i < timer_count; i++) {
		if (timers[i])
			twz_rt_free(timers[i], sizeof *timers[i], _Alignof(struct twix_timer));
		timers[i] = 0;
	}
	for (int i = 0; i < ITIMERS; i++) {
		itimers[i].deadline = itimers[i].interval = 0;
		itimers[i].place = TWIX_TIMER_IDLE;
		itimers[i].queued = 0;
	}
}
