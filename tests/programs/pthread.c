/* SPDX-License-Identifier: BSD-2-Clause */
/* POSIX threads: mutexes, conditions, keys, TLS, rwlocks, semaphores, barriers, once, detach,
 * cancel. shapes: dynamic static unikernel */

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static __thread long own = 5;
static __thread char big[5000];

/* ---- a counter under a mutex; thread-local storage apart in each ---- */

static void *count(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		own++;
	}
	big[4999] = 1;
	CHECK(own == 5 + ROUNDS && big[0] == 0);
	return (void *)((uintptr_t)argument * 2);
}

static void test_mutex(void)
{
	pthread_t threads[THREADS];
	void *result;

	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, count, (void *)i) == 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)(i * 2));
	CHECK(counter == THREADS * ROUNDS && own == 5 && big[4999] == 0);

	pthread_mutexattr_t attributes;
	pthread_mutex_t recursive;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attributes);
	CHECK(!pthread_mutex_lock(&recursive) && !pthread_mutex_lock(&recursive));
	CHECK(!pthread_mutex_unlock(&recursive) && !pthread_mutex_unlock(&recursive));
	CHECK(pthread_mutex_trylock(&mutex) == 0 && pthread_mutex_trylock(&mutex) == EBUSY);
	pthread_mutex_unlock(&mutex);
}

/* ---- a ring of one place between a producer and consumers ---- */

static int place, full, finished;

static void *consume(void *argument)
{
	long sum = 0;

	(void)argument;
	pthread_mutex_lock(&mutex);
	for (;;) {
		while (!full && !finished)
			pthread_cond_wait(&condition, &mutex);
		if (!full)
			break;
		sum += place;
		full = 0;
		pthread_cond_broadcast(&condition);
	}
	pthread_mutex_unlock(&mutex);
	return (void *)sum;
}

static void test_condition(void)
{
	pthread_t consumers[3];
	struct timespec soon;
	long sum = 0;
	void *part;

	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&consumers[i], NULL, consume, NULL) == 0);
	pthread_mutex_lock(&mutex);
	for (int i = 1; i <= 300; i++) {
		while (full)
			pthread_cond_wait(&condition, &mutex);
		place = i;
		full = 1;
		pthread_cond_broadcast(&condition);
	}
	while (full)
		pthread_cond_wait(&condition, &mutex);
	finished = 1;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 3; i++) {
		CHECK(pthread_join(consumers[i], &part) == 0);
		sum += (long)part;
	}
	CHECK(sum == 300 * 301 / 2);

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	CHECK(pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

/* ---- keys, once ---- */

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int destroyed, initialised;

static void destroy(void *value)
{
	__atomic_fetch_add(&destroyed, (int)(intptr_t)value, __ATOMIC_RELAXED);
}

static void initialise(void)
{
	initialised++;
}

static void *use_key(void *argument)
{
	pthread_once(&once, initialise);
	CHECK(pthread_getspecific(key) == NULL);
	CHECK(pthread_setspecific(key, argument) == 0);
	sched_yield();
	CHECK(pthread_getspecific(key) == argument);
	return NULL;
}

static void test_keys(void)
{
	pthread_t threads[4];

	CHECK(pthread_key_create(&key, destroy) == 0);
	for (intptr_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, use_key, (void *)(i + 1)) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK(destroyed == 10 && initialised == 1);
}

/* ---- rwlock, semaphore, barrier, detached threads ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_barrier_t barrier;
static long shared[2];

static void *read_and_write(void *argument)
{
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 300; i++) {
		if (argument) {
			pthread_rwlock_wrlock(&rwlock);
			shared[0]++;
			sched_yield();
			shared[1]++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			CHECK(shared[0] == shared[1]);
		}
		pthread_rwlock_unlock(&rwlock);
	}
	sem_post(&semaphore);
	return NULL;
}

static void test_others(void)
{
	pthread_attr_t detached;
	pthread_t thread;

	CHECK(sem_init(&semaphore, 0, 0) == 0 && pthread_barrier_init(&barrier, NULL, 5) == 0);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, 65536);
	for (uintptr_t i = 0; i < 4; i++)
		CHECK(pthread_create(&thread, &detached, read_and_write, (void *)(i % 2)) == 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 4; i++)
		CHECK(sem_wait(&semaphore) == 0);
	CHECK(shared[0] == 600 && shared[1] == 600 && sem_trywait(&semaphore) == -1 &&
	      errno == EAGAIN);
}

/* ---- cancellation of a sleeping thread ---- */

static int cleaned;

static void clean(void *argument)
{
	cleaned = *(int *)argument;
}

static void *sleep_long(void *argument)
{
	int value = 42;

	pthread_cleanup_push(clean, &value);
	sem_post(argument);
	for (;;)
		sleep(1000);
	pthread_cleanup_pop(0);
	return NULL;
}

static void test_cancel(void)
{
	struct timespec moment = {0, 50000000};
	pthread_t thread;
	void *result;

	CHECK(pthread_create(&thread, NULL, sleep_long, &semaphore) == 0);
	sem_wait(&semaphore);
	nanosleep(&moment, NULL);
	CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
	CHECK(result == PTHREAD_CANCELED && cleaned == 42);
}

/* ---- many, one after the other: nothing of an ended thread may stay ---- */

static void *nothing(void *argument)
{
	return argument;
}

static void test_many(void)
{
	pthread_t thread;
	void *result;

	for (uintptr_t i = 0; i < 500; i++) {
		CHECK(pthread_create(&thread, NULL, nothing, (void *)i) == 0);
		CHECK(pthread_join(thread, &result) == 0 && result == (void *)i);
	}
}

int main(void)
{
	test_mutex();
	test_condition();
	test_keys();
	test_others();
	test_many();
	test_cancel();
	return check_result("pthread");
}
