/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "change": a thread syncs an object of many written pages to a disk; meanwhile pages of it are
 * written again, and fresh ones of another object, which a sync must not hold up. "check": what was
 * written is there. shapes: static
 */
#include "list.h"
#include <pthread.h>
#include <string.h>

#define PAGES  4096u
#define BESIDE 8u /* pages at least: without it one, where its lock is waited for */

struct page {
	uint64_t value, rest[511];
};

static struct twz_object objects[2];
static volatile struct page *written, *fresh;
static volatile int begun, ended;

static void open_object(struct twz_id root, unsigned number)
{
	char name[] = "/sync-beside-0";

	name[sizeof(name) - 2] += (char)number;
	open_named(root, name, &objects[number]);
}

static void *sync_once(void *unused)
{
	begun = 1;
	check(twz_object_sync(objects[0].id), "sync");
	ended = 1;
	return unused;
}

/* The first `count` pages were written again, and as many fresh ones. */
static void verify(uint64_t count)
{
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t now = written[i].value, beside = fresh[i].value;
		if (now != (i < count ? 3 : 2) || beside != (i < count ? i + 1 : 0)) {
			printf("of %lu pages, page %lu is %lu and %lu\n", (unsigned long)count,
			       (unsigned long)i, (unsigned long)now, (unsigned long)beside);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	struct twz_id root;
	pthread_t other;
	uint64_t count = 0;

	check(twz_name_root(&root), "the store's names");
	for (unsigned i = 0; i < 2; i++)
		open_object(root, i);
	written = twz_object_base(&objects[0]);
	fresh = twz_object_base(&objects[1]);
	if (argc == 2 && strcmp(argv[1], "check") == 0) {
		verify(fresh[PAGES].value);
		puts("all is there");
		return 0;
	}
	for (uint64_t value = 1; value <= 2; value++) {
		for (uint64_t i = 0; i < PAGES; i++)
			written[i].value = value;
		if (value == 1)
			check(twz_object_sync(objects[0].id), "the first sync");
	}
	if (pthread_create(&other, NULL, sync_once, NULL) != 0)
		return 1;
	while (!begun)
		sched_yield();
	for (; !ended && count < PAGES; count++) {
		written[count].value = 3;
		fresh[count].value = count + 1;
	}
	pthread_join(other, NULL);
	verify(count);
	fresh[PAGES].value = count;
	check(twz_object_sync(objects[1].id), "the last sync");
	verify(count);
	printf("%lu pages beside a sync\n", (unsigned long)count);
	return count >= BESIDE ? 0 : 1;
}
