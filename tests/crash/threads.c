/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads of which one runs at a time; who runs is drawn, so that a seed repeats a run. */
#include "explore.h"
#include "random.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static struct {
	sem_t turn[ACTORS];
	bool running[ACTORS]; /* has not ended */
	bool both;
	uint64_t random, stay; /* so many events, on average */
	void (*run[ACTORS])(void);
} threads;

void explore_turn(bool must)
{
	unsigned other = 3 - medium_actor;

	if (!threads.both || medium_actor == 0 || !threads.running[other] ||
	    explore_mode == EXPLORE_RECOVER)
		return;
	if (!must && draw_below(&threads.random, threads.stay) != 0)
		return;
	medium_settle();
	sem_post(&threads.turn[other]);
	while (sem_wait(&threads.turn[medium_actor]) != 0)
		;
}

static void *thread(void *number)
{
	medium_actor = (unsigned)(uintptr_t)number;
	while (sem_wait(&threads.turn[medium_actor]) != 0)
		;
	threads.run[medium_actor]();
	medium_settle();
	threads.running[medium_actor] = false;
	if (threads.running[3 - medium_actor])
		sem_post(&threads.turn[3 - medium_actor]);
	return NULL;
}

void explore_two(void (*first)(void), void (*second)(void))
{
	pthread_t handles[ACTORS];

	threads.run[1] = first;
	threads.run[2] = second;
	threads.random = explore_options.seed ^ 0x7477695a6c657200ull;
	threads.stay = 4ull << 2 * draw_below(&threads.random, 3);
	for (uintptr_t i = 1; i < ACTORS; i++) {
		sem_init(&threads.turn[i], 0, 0);
		threads.running[i] = true;
	}
	threads.both = true;
	for (uintptr_t i = 1; i < ACTORS; i++)
		if (pthread_create(&handles[i], NULL, thread, (void *)i) != 0)
			abort();
	sem_post(&threads.turn[1]);
	for (uintptr_t i = 1; i < ACTORS; i++)
		pthread_join(handles[i], NULL);
	threads.both = false;
}
