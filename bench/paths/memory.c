/* SPDX-License-Identifier: BSD-2-Clause */
/* Page faults, mappings and objects, and loops that no kernel should slow down. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "paths.h"
#include "system.h"

static volatile uint8_t *fresh(size_t pages)
{
	void *start = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (start == MAP_FAILED)
		fail("mmap");
	return start;
}

static void touch(volatile uint8_t *start, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		start[i * PAGE] = 1;
}

/* A page at a time, whatever larger pages the system has. */
static uint64_t fresh_fault(uint64_t operations)
{
	volatile uint8_t *start = fresh(operations);

#ifdef MADV_NOHUGEPAGE
	madvise((void *)start, operations * PAGE, MADV_NOHUGEPAGE);
#endif
	uint64_t begin = now();
	touch(start, operations);
	uint64_t time = now() - begin;
	munmap((void *)start, operations * PAGE);
	return time;
}

/* As the system likes best. */
static uint64_t fresh_touch(uint64_t operations)
{
	volatile uint8_t *start = fresh(operations);
	uint64_t begin = now();

	touch(start, operations);
	uint64_t time = now() - begin;
	munmap((void *)start, operations * PAGE);
	return time;
}

/* A fork's child writes to pages that it shares with its parent. */
static uint64_t copy_fault(uint64_t operations)
{
	volatile uint8_t *start = fresh(operations);
	uint64_t time = 0;
	int ends[2], status;

#ifdef MADV_NOHUGEPAGE
	madvise((void *)start, operations * PAGE, MADV_NOHUGEPAGE);
#endif
	touch(start, operations);
	if (pipe(ends) != 0)
		fail("pipe");
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		uint64_t begin = now();

		touch(start, operations);
		time = now() - begin;
		_exit(write(ends[1], &time, sizeof(time)) != (ssize_t)sizeof(time));
	}
	if (read(ends[0], &time, sizeof(time)) != (ssize_t)sizeof(time))
		fail("the forked child");
	waitpid(child, &status, 0);
	close(ends[0]);
	close(ends[1]);
	munmap((void *)start, operations * PAGE);
	return time;
}

static uint64_t map_touch_unmap(uint64_t operations)
{
	uint64_t begin = now();

	for (uint64_t i = 0; i < operations; i++) {
		volatile uint8_t *start = fresh(1);

		*start = 1;
		munmap((void *)start, PAGE);
	}
	return now() - begin;
}

static uint64_t objects(uint64_t operations)
{
	uint64_t begin = now();

	for (uint64_t i = 0; i < operations; i++)
		object_cycle();
	return now() - begin;
}

static uint64_t mappings(uint64_t operations, size_t pages)
{
	static void *object;
	static size_t object_pages;

	if (object == NULL || object_pages != pages) {
		if (object != NULL)
			mapping_release(object);
		object = mapping_prepare(pages);
		object_pages = pages;
	}
	uint64_t begin = now();
	for (uint64_t i = 0; i < operations; i++)
		mapping_cycle(object);
	return now() - begin;
}

static uint64_t map_page(uint64_t operations)
{
	return mappings(operations, 1);
}

static uint64_t map_gigabyte(uint64_t operations)
{
	return mappings(operations, (1ul << 30) / PAGE);
}

/* Integers: a hash of a register. */
static uint64_t integers(uint64_t operations)
{
	uint64_t x = 88172645463325252u, begin = now();

	for (uint64_t i = 0; i < operations; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	keep(x);
	return now() - begin;
}

/* Copies 8 MiB to 8 MiB; an operation is 4 KiB. */
static uint64_t copy(uint64_t operations)
{
	static uint8_t *from, *to;
	const size_t size = 8ul << 20;

	if (from == NULL) {
		from = malloc(size);
		to = malloc(size);
		if (from == NULL || to == NULL)
			fail("malloc");
		memset(from, 1, size);
		memset(to, 2, size);
	}
	uint64_t begin = now();
	for (uint64_t done = 0; done < operations; done += size / PAGE) {
		memcpy(to, from, size);
		keep(to[done % size]);
	}
	return now() - begin;
}

/* Follows pointers in random order through 32 MiB, one a cache line. */
static uint64_t chase(uint64_t operations)
{
	static void **first;
	const size_t stride = 64 / sizeof(void *), count = (32ul << 20) / 64;

	if (first == NULL) {
		void **lines = aligned_alloc(64, count * 64);
		uint32_t *order = malloc(count * sizeof(*order));
		uint64_t x = 88172645463325252u;

		if (lines == NULL || order == NULL)
			fail("malloc");
		for (size_t i = 0; i < count; i++)
			order[i] = (uint32_t)i;
		for (size_t i = count - 1; i > 0; i--) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			size_t other = x % (i + 1);
			uint32_t swap = order[i];

			order[i] = order[other];
			order[other] = swap;
		}
		for (size_t i = 0; i < count; i++)
			lines[order[i] * stride] = &lines[order[(i + 1) % count] * stride];
		free(order);
		first = lines;
	}
	uint64_t begin = now();
	void **at = first;
	for (uint64_t i = 0; i < operations; i++)
		at = *at;
	keep((uint64_t)at);
	return now() - begin;
}

const struct path memory_paths[] = {
	{"fresh-fault", 4096, fresh_fault},
	{"fresh-touch", 4096, fresh_touch},
	{"copy-on-write-fault", 4096, copy_fault},
	{"mmap-touch-munmap", 4096, map_touch_unmap},
	{"object-cycle", 2048, objects},
	{"map-one-page", 4096, map_page},
	{"map-1-gib", 4096, map_gigabyte},
	{"integer-loop", 10000000, integers},
	{"copy-loop", 16 * 2048, copy},
	{"chase-loop", 2000000, chase},
	{NULL, 0, NULL},
};
