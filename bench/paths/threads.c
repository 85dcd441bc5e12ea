/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that wait for each other. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "paths.h"
#include "system.h"

/* musl does not name it. */
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

static void *nothing(void *argument)
{
	return argument;
}

static pthread_t spawn(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument) != 0)
		fail("pthread_create");
	return thread;
}

static uint64_t create_join(uint64_t operations)
{
	uint64_t begin = now();

	for (uint64_t i = 0; i < operations; i++)
		pthread_join(spawn(nothing, NULL), NULL);
	return now() - begin;
}

/* Two words, each waited for by one side; an operation is there and back. */
struct table {
	uint64_t operations;
	_Alignas(64) _Atomic uint32_t ping;
	_Alignas(64) _Atomic uint32_t pong;
	sem_t there, back;
	int forth_pipe[2], back_pipe[2];
};

static void word_set(_Atomic uint32_t *word)
{
	atomic_store(word, 1);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void word_take(_Atomic uint32_t *word)
{
	while (atomic_exchange(word, 0) == 0)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void *futex_answer(void *argument)
{
	struct table *table = argument;

	for (uint64_t i = 0; i < table->operations; i++) {
		word_take(&table->ping);
		word_set(&table->pong);
	}
	return NULL;
}

static uint64_t futex_ping_pong(uint64_t operations)
{
	struct table table = {.operations = operations};
	pthread_t other = spawn(futex_answer, &table);
	uint64_t begin = now();

	for (uint64_t i = 0; i < operations; i++) {
		word_set(&table.ping);
		word_take(&table.pong);
	}
	uint64_t time = now() - begin;
	pthread_join(other, NULL);
	return time;
}

static void *semaphore_answer(void *argument)
{
	struct table *table = argument;

	for (uint64_t i = 0; i < table->operations; i++) {
		sem_wait(&table->there);
		sem_post(&table->back);
	}
	return NULL;
}

static uint64_t semaphore_ping_pong(uint64_t operations)
{
	struct table table = {.operations = operations};

	sem_init(&table.there, 0, 0);
	sem_init(&table.back, 0, 0);
	pthread_t other = spawn(semaphore_answer, &table);
	uint64_t begin = now();
	for (uint64_t i = 0; i < operations; i++) {
		sem_post(&table.there);
		sem_wait(&table.back);
	}
	uint64_t time = now() - begin;
	pthread_join(other, NULL);
	return time;
}

static void *pipe_answer(void *argument)
{
	struct table *table = argument;
	char byte;

	for (uint64_t i = 0; i < table->operations; i++)
		if (read(table->forth_pipe[0], &byte, 1) != 1 ||
		    write(table->back_pipe[1], &byte, 1) != 1)
			fail("pipe");
	return NULL;
}

static uint64_t pipe_ping_pong(uint64_t operations)
{
	struct table table = {.operations = operations};
	char byte = 1;

	if (pipe(table.forth_pipe) != 0 || pipe(table.back_pipe) != 0)
		fail("pipe");
	pthread_t other = spawn(pipe_answer, &table);
	uint64_t begin = now();
	for (uint64_t i = 0; i < operations; i++)
		if (write(table.forth_pipe[1], &byte, 1) != 1 ||
		    read(table.back_pipe[0], &byte, 1) != 1)
			fail("pipe");
	uint64_t time = now() - begin;
	pthread_join(other, NULL);
	for (int i = 0; i < 2; i++) {
		close(table.forth_pipe[i]);
		close(table.back_pipe[i]);
	}
	return time;
}

/* Four threads count under one lock; an operation is one turn of one thread. */
#define CROWD 4
static pthread_mutex_t crowd_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile uint64_t crowd_count;

static void *crowd_member(void *argument)
{
	uint64_t turns = *(const uint64_t *)argument;

	for (uint64_t i = 0; i < turns; i++) {
		pthread_mutex_lock(&crowd_lock);
		crowd_count++;
		pthread_mutex_unlock(&crowd_lock);
	}
	return NULL;
}

static uint64_t contended_mutex(uint64_t operations)
{
	pthread_t members[CROWD];
	uint64_t turns = (operations + CROWD - 1) / CROWD, begin = now();

	crowd_count = 0;
	for (int i = 0; i < CROWD; i++)
		members[i] = spawn(crowd_member, &turns);
	for (int i = 0; i < CROWD; i++)
		pthread_join(members[i], NULL);
	uint64_t time = now() - begin;
	if (crowd_count != turns * CROWD)
		fail("the mutex let two in");
	return time;
}

const struct path thread_paths[] = {
	{"thread-create-join", 500, create_join},
	{"futex-ping-pong", 5000, futex_ping_pong},
	{"semaphore-ping-pong", 5000, semaphore_ping_pong},
	{"pipe-ping-pong", 5000, pipe_ping_pong},
	{"contended-mutex", 200000, contended_mutex},
	{NULL, 0, NULL},
};
