/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of a batch that leave something behind, by the first argument; `counters` tells what
 * there is. shapes: static dynamic
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <twz/sys.h>

/* This program's own view, thread and objects are the same each time. */
static int do_counters(void)
{
	struct twz_system_info info;

	if (twz_sys_system_info(&info) < 0)
		return 1;
	printf("%llu views %llu threads %llu objects %llu pages\n", (unsigned long long)info.views,
	       (unsigned long long)info.threads, (unsigned long long)info.objects,
	       (unsigned long long)(info.pages_total - info.pages_free));
	return 0;
}

static void *spin(void *argument)
{
	for (volatile uint32_t *turn = argument;;)
		(*turn)++;
	return NULL;
}

/* Ends while eight threads run. */
static int do_threads(void)
{
	static uint32_t turns[8];

	for (int i = 0; i < 8; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, spin, &turns[i]) != 0)
			return 1;
	}
	for (int i = 0; i < 8; i++)
		while (*(volatile uint32_t *)&turns[i] == 0)
			;
	return 0;
}

/* Views without a thread, and objects that nothing is tied to, with pages. */
static int do_objects(void)
{
	static char page[4096] = "full";
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id;

	for (int i = 0; i < 20; i++) {
		struct twz_map map = {.slot = TWZ_SLOT_ANY,
				      .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE};

		if (twz_sys_view_create(&id) < 0 || twz_sys_object_create(&spec, &map.object) < 0)
			return 1;
		twz_result slot = twz_sys_view_map(&map);
		if (slot < 0)
			return 1;
		for (int at = 0; at < 16; at++)
			memcpy((char *)((uint64_t)slot << TWZ_SLOT_SHIFT) + at * sizeof(page), page,
			       sizeof(page));
	}
	return 0;
}

static int do_leak(void)
{
	for (int i = 0; i < 64; i++)
		memset(malloc(65536), i + 1, 65536);
	return 0;
}

/* Eight MiB of output. */
static int do_flood(void)
{
	static char line[64];

	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < 8 << 20; i += sizeof(line))
		if (puts(line) < 0)
			return 1;
	return 0;
}

static void *pour(void *argument)
{
	static char block[65536];

	memset(block, 'x', sizeof(block));
	for (;;)
		if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
			return argument;
	return NULL;
}

/*
 * Ends while a thread writes to a reader that takes nothing: the reader stops between the file
 * "pouring", which this makes, and the file "stopped", which this waits for.
 */
static int do_pour(void)
{
	const struct timespec while_filling = {.tv_nsec = 500000000}, turn = {.tv_nsec = 5000000};
	pthread_t thread;
	int file;

	if (pthread_create(&thread, NULL, pour, NULL) != 0)
		return 1;
	file = open("pouring", O_WRONLY | O_CREAT, 0644);
	if (file < 0 || close(file) != 0)
		return 2;
	while (access("stopped", F_OK) != 0)
		nanosleep(&turn, NULL);
	nanosleep(&while_filling, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} actions[] = {
		{"counters", do_counters}, {"threads", do_threads}, {"objects", do_objects},
		{"leak", do_leak},	   {"flood", do_flood},	    {"pour", do_pour},
	};

	for (size_t i = 0; argc > 1 && i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run();
	return 99;
}
