/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling of threads: SCHED_OTHER, BATCH and IDLE are the kernel's shared priorities, SCHED_FIFO
 * and RR of 1 to 32 its strict ones.
 */

#include <errno.h>
#include <sched.h>
#include <time.h>
#include "twix.h"

#define LOWEST	1 /* of FIFO and RR */
#define HIGHEST ((int)TWZ_PRIORITIES - TWZ_PRIORITY_REALTIME)
#define TURN	4000000 /* nanoseconds; see docs/scheduler.md */
#define IDLE	1u

static int is_strict(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static int is_shared(int policy)
{
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

long twix_sched_get_priority_max(int policy)
{
	return is_strict(policy) ? HIGHEST : is_shared(policy) ? 0 : -EINVAL;
}

long twix_sched_get_priority_min(int policy)
{
	return is_strict(policy) ? LOWEST : is_shared(policy) ? 0 : -EINVAL;
}

/* The kernel's word on a thread; -errno. */
static long priority_of(int thread)
{
	return thread < 0 ? -EINVAL : twix_result(twz_rt_thread_priority((uint32_t)thread));
}

long twix_sched_getscheduler(int thread)
{
	long priority = priority_of(thread);

	if (priority < 0)
		return priority;
	if ((priority & (TWZ_PRIORITIES - 1)) < TWZ_PRIORITY_REALTIME)
		return priority == IDLE ? SCHED_IDLE : SCHED_OTHER;
	return priority & TWZ_PRIORITY_FIFO ? SCHED_FIFO : SCHED_RR;
}

long twix_sched_getparam(int thread, struct sched_param *out)
{
	long priority = priority_of(thread);

	if (priority < 0)
		return priority;
	if (!out)
		return -EINVAL;
	priority &= TWZ_PRIORITIES - 1;
	out->sched_priority = priority < TWZ_PRIORITY_REALTIME
				      ? 0
				      : (int)priority - TWZ_PRIORITY_REALTIME + LOWEST;
	return 0;
}

long twix_sched_setscheduler(int thread, int policy, const struct sched_param *param)
{
	uint32_t priority;

	if (thread < 0 || !param || (!is_strict(policy) && !is_shared(policy)) ||
	    param->sched_priority < twix_sched_get_priority_min(policy) ||
	    param->sched_priority > twix_sched_get_priority_max(policy))
		return -EINVAL;
	if (is_strict(policy))
		priority = (uint32_t)(TWZ_PRIORITY_REALTIME + param->sched_priority - LOWEST) |
			   (policy == SCHED_FIFO ? TWZ_PRIORITY_FIFO : 0);
	else
		priority = policy == SCHED_IDLE ? IDLE : TWZ_PRIORITY_DEFAULT;
	long result = twix_result(twz_rt_thread_set_priority((uint32_t)thread, priority));
	return result == -EACCES ? -EPERM : result;
}

long twix_sched_setparam(int thread, const struct sched_param *param)
{
	long policy = twix_sched_getscheduler(thread);

	return policy < 0 ? policy : twix_sched_setscheduler(thread, (int)policy, param);
}

long twix_sched_rr_get_interval(int thread, struct timespec *out)
{
	long policy = twix_sched_getscheduler(thread);

	if (policy < 0)
		return policy;
	if (!out)
		return -EFAULT;
	*out = (struct timespec){.tv_nsec = policy == SCHED_FIFO ? 0 : TURN};
	return 0;
}
