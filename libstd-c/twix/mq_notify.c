/* SPDX-License-Identifier: BSD-2-Clause */
/* mq_notify: SIGEV_THREAD by a thread that sleeps on the queue's own word. */

#include <errno.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include "mqueue.h"

struct sleeper {
	int queue;
	uint32_t serial;
	void (*function)(union sigval);
	union sigval value;
};

static void *sleep_and_call(void *argument)
{
	struct sleeper sleeper = *(struct sleeper *)argument;

	twz_rt_free(argument, sizeof sleeper, _Alignof(struct sleeper));
	if (twix_mq_await(sleeper.queue, sleeper.serial) == 1)
		sleeper.function(sleeper.value);
	return 0;
}

static int begin(struct sleeper *sleeper, const pthread_attr_t *given)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, former;

	if (given)
		attributes = *given;
	else
		pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &former);
	int error = pthread_create(&thread, &attributes, sleep_and_call, sleeper);
	pthread_sigmask(SIG_SETMASK, &former, 0);
	return error;
}

int mq_notify(mqd_t queue, const struct sigevent *event)
{
	if (!event || event->sigev_notify != SIGEV_THREAD)
		return (int)syscall(SYS_mq_notify, queue, event);
	struct sleeper *sleeper = twz_rt_malloc(sizeof *sleeper, _Alignof(struct sleeper), 0);
	if (!sleeper) {
		errno = ENOMEM;
		return -1;
	}
	long serial = syscall(SYS_mq_notify, queue, event);
	*sleeper = (struct sleeper){queue, (uint32_t)serial, event->sigev_notify_function,
				    event->sigev_value};
	int error = serial < 0 ? errno : begin(sleeper, event->sigev_notify_attributes);
	if (!error)
		return 0;
	twz_rt_free(sleeper, sizeof *sleeper, _Alignof(struct sleeper));
	if (serial >= 0)
		syscall(SYS_mq_notify, queue, 0);
	errno = error;
	return -1;
}
