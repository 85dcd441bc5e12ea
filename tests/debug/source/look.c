/* SPDX-License-Identifier: BSD-2-Clause */
/* A program with an object, names and threads that are known, for a debugger to look at. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include <twizzler/rt/object.h>
#include <twz/sys.h>

#define WORKERS 3
#define PAGES	7

struct twz_id made;
struct twz_object_stat told;
volatile uint32_t turns[WORKERS];

__attribute__((noinline)) static void reached(int count)
{
	__asm__ volatile("" : : "r"(count) : "memory"); /* REACHED */
}

static void *work(void *argument)
{
	volatile uint32_t *turn = argument;
	char name[16];

	snprintf(name, sizeof(name), "worker-%d", (int)(turn - turns));
	pthread_setname_np(pthread_self(), name);
	for (;;)
		(*turn)++;
	return NULL;
}

__attribute__((noinline)) static int make_object(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_rt_object object;

	if (twz_rt_object_create(&spec, &made) < 0 ||
	    twz_rt_object_map(made, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) < 0)
		return -1;
	for (int page = 0; page < PAGES; page++)
		((volatile char *)object.start)[page * 4096 + 1] = 1;
	return twz_sys_object_stat(made.hi, made.lo, &told) < 0 ? -1 : 0;
}

int main(void)
{
	pthread_t threads[WORKERS];

	if (make_object() != 0) /* FIRST */
		return 1;
	pthread_setname_np(pthread_self(), "looked-at");
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)&turns[i]) != 0)
			return 2;
	for (int i = 0; i < WORKERS; i++)
		while (turns[i] == 0)
			;
	reached(WORKERS);
	return 0;
}
