/* SPDX-License-Identifier: BSD-2-Clause */
/* The concurrent prime sieve: a chain of filters, one thread and one channel each; prints the first
 * primes. shapes: dynamic static unikernel */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PRIMES 10

/* A channel of one place: send waits until the number before it was taken. */
struct channel {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int number;
	int full;
};

struct filter {
	struct channel *in, *out;
	int prime;
};

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fputs("sieve: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

static struct channel *channel_new(void)
{
	struct channel *channel = allocate(sizeof *channel);

	pthread_mutex_init(&channel->mutex, NULL);
	pthread_cond_init(&channel->changed, NULL);
	return channel;
}

static void channel_send(struct channel *channel, int number)
{
	pthread_mutex_lock(&channel->mutex);
	while (channel->full)
		pthread_cond_wait(&channel->changed, &channel->mutex);
	channel->number = number;
	channel->full = 1;
	pthread_cond_broadcast(&channel->changed);
	pthread_mutex_unlock(&channel->mutex);
}

static int channel_receive(struct channel *channel)
{
	int number;

	pthread_mutex_lock(&channel->mutex);
	while (!channel->full)
		pthread_cond_wait(&channel->changed, &channel->mutex);
	number = channel->number;
	channel->full = 0;
	pthread_cond_broadcast(&channel->changed);
	pthread_mutex_unlock(&channel->mutex);
	return number;
}

/* Sends 2, 3, 4, ... for ever. */
static void *generate(void *argument)
{
	for (int i = 2;; i++)
		channel_send(argument, i);
	return NULL;
}

/* Passes on what its prime does not divide. */
static void *filter(void *argument)
{
	struct filter *self = argument;

	for (;;) {
		int number = channel_receive(self->in);
		if (number % self->prime)
			channel_send(self->out, number);
	}
	return NULL;
}

static void start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument)) {
		fputs("sieve: cannot start a thread\n", stderr);
		exit(1);
	}
	pthread_detach(thread);
}

int main(void)
{
	struct channel *channel = channel_new();

	start(generate, channel);
	for (int i = 0; i < PRIMES; i++) {
		struct filter *next = allocate(sizeof *next);

		next->in = channel;
		next->prime = channel_receive(channel);
		next->out = channel = channel_new();
		printf("%d\n", next->prime);
		start(filter, next);
	}
	return 0;
}
