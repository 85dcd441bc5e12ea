/* SPDX-License-Identifier: BSD-2-Clause */
/* Information about the system and the program, limits, randomness. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include "twix.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

long twix_uname(struct utsname *out)
{
	static const struct utsname name = {
		.sysname = "Twizzler",
		.nodename = "twizzler",
		.release =
			STRING(TWZ_ABI_MAJOR) "." STRING(TWZ_ABI_MINOR) "." STRING(TWZ_ABI_PATCH),
		.version = "Twizzler",
		.machine = "x86_64",
	};

	if (!out)
		return -EFAULT;
	*out = name;
	return 0;
}

long twix_sysinfo(struct sysinfo *out)
{
	struct twz_rt_info info;
	twz_result result = twz_rt_info(&info);

	if (result < 0)
		return twix_result(result);
	if (!out)
		return -EFAULT;
	*out = (struct sysinfo){
		.uptime = twz_rt_clock(TWZ_CLOCK_MONOTONIC) / 1000000000,
		.totalram = info.pages_total,
		.freeram = info.pages_free,
		.mem_unit = (unsigned)info.page_size,
	};
	return 0;
}

/* A thread may run on every CPU. Returns the bytes written, as the Linux call does. */
long twix_sched_getaffinity(int tid, size_t size, unsigned long *mask)
{
	struct twz_rt_info info;
	twz_result result = twz_rt_info(&info);
	const size_t bits = 8 * sizeof *mask;

	(void)tid;
	if (result < 0)
		return twix_result(result);
	size_t words = (info.cpus + bits - 1) / bits;
	if (size % sizeof *mask || size / sizeof *mask < words)
		return -EINVAL;
	memset(mask, 0, words * sizeof *mask);
	for (uint32_t cpu = 0; cpu < info.cpus; cpu++)
		mask[cpu / bits] |= 1ul << cpu % bits;
	return (long)(words * sizeof *mask);
}

long twix_getrandom(void *buffer, size_t length, unsigned flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	twz_result result = twz_rt_random(buffer, length);
	return result < 0 ? twix_result(result) : (long)length;
}

/* Limits are what they are: reported, and not to be changed. */
long twix_prlimit64(int pid, int resource, const struct rlimit *new, struct rlimit *old)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	void *base;
	size_t size;

	if (pid && pid != (int)twz_rt_exec_self())
		return -ESRCH;
	if (resource < 0 || resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (resource == RLIMIT_STACK && twz_rt_stack_bounds(&base, &size) >= 0)
		limit.rlim_cur = limit.rlim_max = size;
	else if (resource == RLIMIT_CORE)
		limit.rlim_cur = limit.rlim_max = 0;
	if (new && (new->rlim_cur != limit.rlim_cur || new->rlim_max != limit.rlim_max))
		return -EPERM;
	if (old)
		*old = limit;
	return 0;
}

long twix_getrusage(int who, struct rusage *out)
{
	uint64_t time = 0;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	if (!out)
		return -EFAULT;
	if (who != RUSAGE_CHILDREN)
		time = twz_rt_clock(who == RUSAGE_SELF ? TWZ_CLOCK_PROGRAM : TWZ_CLOCK_THREAD);
	memset(out, 0, sizeof *out);
	out->ru_utime.tv_sec = (time_t)(time / 1000000000);
	out->ru_utime.tv_usec = (suseconds_t)(time % 1000000000 / 1000);
	return 0;
}

/* The bounds of a thread's stack: the runtime knows the first thread's, pthread_create the others'.
 */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
	void *base;
	size_t size;

	*attributes = (pthread_attr_t){0};
	attributes->_a_detach = thread->detach_state >= DT_DETACHED;
	attributes->_a_guardsize = thread->guard_size;
	if (thread->stack) {
		attributes->_a_stackaddr = (uintptr_t)thread->stack;
		attributes->_a_stacksize = thread->stack_size;
		return 0;
	}
	long error = twix_result(twz_rt_stack_bounds(&base, &size));
	if (error < 0)
		return (int)-error;
	attributes->_a_stackaddr = (uintptr_t)base + size;
	attributes->_a_stacksize = size;
	return 0;
}
