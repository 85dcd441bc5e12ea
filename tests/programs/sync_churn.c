/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "change N" writes a number to each page of several objects in turn, again and again, and says it
 * when it has synced one of them, while another thread syncs all the time. What a power loss leaves
 * is what was stored at one moment: the pages have the number up to one, and the number before it
 * from there on, whatever object they are of. That is looked at before, and by "check N", with N
 * being whole. shapes: static
 */
#include "list.h"
#include <pthread.h>
#include <string.h>

#define OBJECTS 4u
#define PAGES	8u /* of each */
#define STEPS	(OBJECTS * PAGES)

static struct twz_object objects[OBJECTS];

/* Neighbours in time lie in different objects. */
static volatile uint64_t *word_of(unsigned step)
{
	uint8_t *base = twz_object_base(&objects[step % OBJECTS]);

	return (volatile uint64_t *)(base + (uint64_t)(step / OBJECTS) * TWZ_PAGE_SIZE);
}

static void open_object(struct twz_id root, unsigned number)
{
	char name[] = "/sync-churn-0";

	name[sizeof(name) - 2] += (char)number;
	open_named(root, name, &objects[number]);
}

/* The last number that all pages have. */
static uint64_t verify(void)
{
	uint64_t first = *word_of(0), last = *word_of(STEPS - 1), before = first;

	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t now = *word_of(step);
		if (now != before && (now != last || now + 1 != first)) {
			printf("step %u has %lu, the one before %lu, the first %lu, the last %lu\n",
			       step, (unsigned long)now, (unsigned long)before,
			       (unsigned long)first, (unsigned long)last);
			exit(1);
		}
		before = now;
	}
	return last;
}

static void *sync_always(void *unused)
{
	twz_result result;

	do
		result = twz_object_sync(objects[1].id);
	while (result >= 0);
	check(result, "sync of the other thread");
	return unused;
}

int main(int argc, char **argv)
{
	struct twz_id root;
	pthread_t other;

	if (argc != 3 || (strcmp(argv[1], "change") != 0 && strcmp(argv[1], "check") != 0)) {
		printf("sync_churn: change N or check N\n");
		return 2;
	}
	check(twz_name_root(&root), "the store's names");
	for (unsigned i = 0; i < OBJECTS; i++)
		open_object(root, i);
	uint64_t last = verify();
	printf("checked %lu\n", (unsigned long)last);
	fflush(stdout);
	if (strcmp(argv[1], "check") == 0)
		return last >= strtoull(argv[2], NULL, 10) ? 0 : 1;
	check(twz_object_sync(objects[0].id), "sync");
	if (pthread_create(&other, NULL, sync_always, NULL) != 0)
		return 1;
	for (;;) {
		last++;
		for (unsigned step = 0; step < STEPS; step++)
			*word_of(step) = last;
		check(twz_object_sync(objects[0].id), "sync");
		printf("said %lu\n", (unsigned long)last);
		fflush(stdout);
	}
}
