/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks and sleeping. */

#include <errno.h>
#include <sys/times.h>
#include <time.h>
#include "twix.h"

#define SECOND 1000000000ull

long twix_check_time(const struct timespec *time)
{
	return time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= (long)SECOND ? -EINVAL : 0;
}

uint64_t twix_nanoseconds(const struct timespec *time)
{
	uint64_t result;

	if (__builtin_mul_overflow((uint64_t)time->tv_sec, SECOND, &result) ||
	    __builtin_add_overflow(result, (uint64_t)time->tv_nsec, &result))
		return TWZ_FOREVER;
	return result;
}

/* The realtime clock's becomes a span first: nothing can set that clock while a program sleeps. */
uint64_t twix_deadline_at(long clock, const struct timespec *point)
{
	uint64_t result, now;

	if (!point)
		return TWZ_FOREVER;
	result = twix_nanoseconds(point);
	if (clock == TWZ_CLOCK_MONOTONIC)
		return result;
	now = twz_rt_clock(clock);
	result = result <= now ? 0 : result - now;
	if (__builtin_add_overflow(result, twz_rt_clock(TWZ_CLOCK_MONOTONIC), &result))
		return TWZ_FOREVER;
	return result;
}

uint64_t twix_deadline(const struct timespec *span)
{
	struct twix_thread *self = twix_self();

	if (!self->deadline &&
	    (!span || __builtin_add_overflow(twix_nanoseconds(span),
					     twz_rt_clock(TWZ_CLOCK_MONOTONIC), &self->deadline)))
		self->deadline = TWZ_FOREVER;
	return self->deadline;
}

struct timespec twix_timespec(uint64_t time)
{
	return (struct timespec){.tv_sec = (time_t)(time / SECOND),
				 .tv_nsec = (long)(time % SECOND)};
}

/* The clock of a program or thread by number (clock_getcpuclockid and the like make these). */
static long cpu_clock_of(clockid_t clock)
{
	long number = ~((long)clock >> 3);
	int of_thread = clock & 4;

	if ((clock & 3) != 2)
		return -EINVAL;
	if (number &&
	    number != (of_thread ? (long)twz_rt_thread_number() : (long)twz_rt_exec_self()))
		return -EINVAL;
	return of_thread ? TWZ_CLOCK_THREAD : TWZ_CLOCK_PROGRAM;
}

long twix_clock_of(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return TWZ_CLOCK_REALTIME;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		return TWZ_CLOCK_MONOTONIC;
	case CLOCK_PROCESS_CPUTIME_ID:
		return TWZ_CLOCK_PROGRAM;
	case CLOCK_THREAD_CPUTIME_ID:
		return TWZ_CLOCK_THREAD;
	default:
		return clock < 0 ? cpu_clock_of(clock) : -EINVAL;
	}
}

long twix_clock_gettime(clockid_t clock, struct timespec *out)
{
	long which = twix_clock_of(clock);

	if (which < 0)
		return which;
	if (!out)
		return -EFAULT;
	*out = twix_timespec(twz_rt_clock((uint32_t)which));
	return 0;
}

/* No signal is taken here and the runtime makes no system call for the usual clocks. */
int __clock_gettime(clockid_t clock, struct timespec *out)
{
	if ((clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME) && out) {
		*out = twix_timespec(twz_rt_clock(clock == CLOCK_REALTIME ? TWZ_CLOCK_REALTIME
									  : TWZ_CLOCK_MONOTONIC));
		return 0;
	}
	return (int)__syscall_ret((unsigned long)twix_clock_gettime(clock, out));
}
weak_alias(__clock_gettime, clock_gettime);

long twix_clock_getres(clockid_t clock, struct timespec *out)
{
	long which = twix_clock_of(clock);

	if (which < 0)
		return which;
	if (out)
		*out = twix_timespec(twz_rt_clock_resolution((uint32_t)which));
	return 0;
}

long twix_clock_settime(clockid_t clock, const struct timespec *time)
{
	long which = twix_clock_of(clock);

	if (which != TWZ_CLOCK_REALTIME)
		return -EINVAL;
	if (!time)
		return -EFAULT;
	return twix_check_time(time) ? -EINVAL : -EPERM;
}

long twix_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
			  struct timespec *left)
{
	long which = twix_clock_of(clock);
	uint64_t deadline, now;

	if (which < 0)
		return which;
	if (which != TWZ_CLOCK_MONOTONIC && which != TWZ_CLOCK_REALTIME)
		return -EOPNOTSUPP;
	if (!time)
		return -EFAULT;
	if (twix_check_time(time))
		return -EINVAL;
	deadline = flags & TIMER_ABSTIME ? twix_deadline_at(which, time) : twix_deadline(time);
	twz_result result = twz_rt_sleep_until(deadline);
	if (result == -TWZ_ERR_INTERRUPTED && left && !(flags & TIMER_ABSTIME)) {
		now = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
		*left = twix_timespec(deadline > now ? deadline - now : 0);
	}
	return result == -TWZ_ERR_TIMED_OUT ? 0 : twix_result(result);
}

long twix_nanosleep(const struct timespec *time, struct timespec *left)
{
	return twix_clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
}

/* In ticks of 10 ms (sysconf(_SC_CLK_TCK) is 100). Ended children's time is not kept. */
long twix_times(struct tms *out)
{
	const uint64_t tick = SECOND / 100;

	if (out)
		*out = (struct tms){.tms_utime = (clock_t)(twz_rt_clock(TWZ_CLOCK_PROGRAM) / tick)};
	return (long)(twz_rt_clock(TWZ_CLOCK_MONOTONIC) / tick);
}
