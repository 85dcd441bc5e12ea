/* SPDX-License-Identifier: BSD-2-Clause */
/* malloc under load: sizes from 1 byte to 4 MiB, contents kept over realloc, alignment, several
 * threads. shapes: dynamic static */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include "check.h"

enum { SLOTS = 200, ROUNDS = 20000, THREADS = 4 };

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t random_size(unsigned *state)
{
	unsigned kind = next_random(state) % 100;

	if (kind < 80)
		return next_random(state) % 500 + 1;
	if (kind < 99)
		return next_random(state) % 20000 + 1;
	return next_random(state) % (4u << 20) + 1;
}

struct block {
	unsigned char *data;
	size_t size;
	unsigned char mark;
};

/* The first and the last 64 bytes carry the mark. */
static void mark(struct block *block, unsigned char byte)
{
	size_t edge = block->size < 64 ? block->size : 64;

	block->mark = byte;
	memset(block->data, byte, edge);
	memset(block->data + block->size - edge, byte, edge);
}

static int intact(const struct block *block, size_t size)
{
	size_t edge = size < 64 ? size : 64;

	for (size_t i = 0; i < edge; i++)
		if (block->data[i] != block->mark)
			return 0;
	return 1;
}

static void *churn(void *argument)
{
	unsigned state = (unsigned)(uintptr_t)argument * 77 + 1;
	struct block *blocks = calloc(SLOTS, sizeof *blocks);
	int bad = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct block *block = &blocks[next_random(&state) % SLOTS];
		size_t size = random_size(&state);

		if (!block->data) {
			block->data = malloc(size);
			block->size = size;
		} else if (next_random(&state) % 4 == 0) {
			unsigned char *moved = realloc(block->data, size);
			bad += !moved;
			block->data = moved;
			bad += !intact(block, size < block->size ? size : block->size);
			block->size = size;
		} else {
			bad += !intact(block, block->size) ||
			       block->data[block->size - 1] != block->mark;
			free(block->data);
			block->data = NULL;
			continue;
		}
		if (!block->data || (uintptr_t)block->data % 16)
			bad++;
		else
			mark(block, (unsigned char)next_random(&state));
	}
	for (int i = 0; i < SLOTS; i++)
		free(blocks[i].data);
	free(blocks);
	return (void *)(uintptr_t)bad;
}

int main(void)
{
	pthread_t threads[THREADS];
	void *bad, *aligned;

	CHECK(churn(NULL) == NULL);
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], &bad) == 0 && bad == NULL);
	for (size_t align = 16; align <= 65536; align *= 2) {
		aligned = aligned_alloc(align, align * 3);
		CHECK(aligned && (uintptr_t)aligned % align == 0);
		free(aligned);
	}
	unsigned char *zero = calloc(1000, 1000);
	unsigned sum = 0;
	for (int i = 0; i < 1000000; i++)
		sum |= zero[i];
	CHECK(sum == 0);
	free(zero);
	volatile size_t absurd = SIZE_MAX / 2;
	CHECK(malloc(absurd) == NULL && errno == ENOMEM);
	/* more than any machine's memory, up to more than there are addresses */
	for (int shift = 40; shift < 63; shift++) {
		absurd = 1ul << shift;
		errno = 0;
		CHECK(malloc(absurd) == NULL && errno == ENOMEM);
		errno = 0;
		CHECK(calloc(absurd / 8, 8) == NULL && errno == ENOMEM);
		CHECK(realloc(NULL, absurd) == NULL);
	}
	return check_result("malloc");
}
