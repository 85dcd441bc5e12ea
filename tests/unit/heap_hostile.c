/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap whose bytes and meta page are another program's: allocation, freeing and recovery touch
 * nothing past the heap's limit, which faults here, and end.
 */
#include "test.h"
#include <string.h>
#include <sys/mman.h>
#include <twz/alloc.h>

#define USED   (32ull << 10)
#define LIMIT  USED
#define OWNERS 40
#define ROUNDS 20000

static uint8_t *start;

/* Only the heap's part and the meta page are there. */
static void make(void)
{
	start = mmap(NULL, 2 * TWZ_SLOT_SIZE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	EXPECT(start != MAP_FAILED);
	start = (uint8_t *)(((uintptr_t)start + TWZ_SLOT_SIZE - 1) & ~(TWZ_SLOT_SIZE - 1));
	EXPECT_EQUAL(
		mprotect(start + TWZ_BASE_OFFSET, USED - TWZ_BASE_OFFSET, PROT_READ | PROT_WRITE),
		0);
	EXPECT_EQUAL(mprotect(start + TWZ_META_OFFSET, 4096, PROT_READ | PROT_WRITE), 0);
}

static uint64_t owner(uint64_t i)
{
	return TWZ_BASE_OFFSET + i * 8;
}

static void fill(void)
{
	EXPECT_EQUAL(twz_heap_format(start, LIMIT, OWNERS * 8), TWZ_OK);
	for (uint64_t i = 0; i < OWNERS; i++)
		EXPECT_EQUAL(twz_heap_allocate(start, LIMIT, i * 11, owner(i)), TWZ_OK);
	for (uint64_t i = 0; i < OWNERS; i += 3)
		EXPECT_EQUAL(twz_heap_free(start, LIMIT, owner(i)), TWZ_OK);
}

static uint64_t nasty(uint64_t *random)
{
	static const uint64_t values[] = {0,
					  1,
					  8,
					  16,
					  TWZ_BASE_OFFSET,
					  LIMIT - 8,
					  LIMIT - 16,
					  LIMIT,
					  LIMIT + 8,
					  TWZ_SLOT_SIZE,
					  ~0ull,
					  ~15ull,
					  1ull << 39,
					  TWZ_BLOCK_MAGIC,
					  TWZ_BLOCK_MAGIC | 47,
					  TWZ_BLOCK_MAGIC | 48,
					  TWZ_BLOCK_MAGIC | 0xffff};
	uint64_t draw = test_random(random);

	if (draw >> 62 == 0)
		return test_random(random);
	if (draw >> 62 == 1)
		return TWZ_BASE_OFFSET + test_random(random) % USED / 16 * 16;
	return values[(draw >> 8) % (sizeof(values) / sizeof(values[0]))];
}

static void hostile_bytes(void)
{
	static uint8_t copy[USED], meta[4096];
	struct twz_object_meta *where = (struct twz_object_meta *)(start + TWZ_META_OFFSET);
	uint64_t random = 42, good = 0, refused = 0;

	memcpy(copy, start + TWZ_BASE_OFFSET, USED - TWZ_BASE_OFFSET);
	memcpy(meta, where, sizeof(meta));
	for (int round = 0; round < ROUNDS; round++) {
		memcpy(start + TWZ_BASE_OFFSET, copy, USED - TWZ_BASE_OFFSET);
		memcpy(where, meta, sizeof(meta));
		uint64_t header = where->heap, bytes = (USED - TWZ_BASE_OFFSET) / 8 * 8;

		for (uint64_t n = 1 + test_random(&random) % 4; n; n--) {
			/* as often the header as the blocks */
			uint64_t at =
				test_random(&random) >> 63
					? header + test_random(&random) % sizeof(struct twz_heap) /
							   8 * 8
					: TWZ_BASE_OFFSET + test_random(&random) % bytes / 8 * 8;

			*(uint64_t *)(start + at) = nasty(&random);
		}
		if (test_random(&random) % 16 == 0)
			where->heap = nasty(&random);
		for (int step = 0; step < 12; step++) {
			uint64_t i = test_random(&random) >> 32;
			uint64_t size = i % 3 ? i % 500 : nasty(&random);
			uint64_t into = i % 7 ? owner(i % OWNERS) : nasty(&random);
			twz_result result = i % 2 ? twz_heap_allocate(start, LIMIT, size, into)
						  : twz_heap_free(start, LIMIT, into);

			good += result >= 0;
			refused += result < 0;
		}
		twz_heap_recover(start, LIMIT);
	}
	EXPECT(good > ROUNDS && refused > ROUNDS);
}

static void hostile_limits(void)
{
	static const uint64_t limits[] = {0,	 8,	TWZ_BASE_OFFSET,     TWZ_BASE_OFFSET + 64,
					  ~0ull, ~7ull, TWZ_META_OFFSET + 16};
	struct twz_object_meta *where = (struct twz_object_meta *)(start + TWZ_META_OFFSET);
	uint64_t heap = where->heap;

	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		EXPECT(twz_heap_allocate(start, limits[i], 100, owner(0)) < 0);
		where->heap = 0;
		EXPECT(twz_heap_format(start, limits[i], 64) < 0);
		EXPECT(twz_heap_format(start, LIMIT, limits[i] | 1ull << 40) < 0);
		where->heap = heap;
	}
}

static const struct test tests[] = {
	{make, "an object of which only the heap is there"},
	{fill, "a heap with blocks in use and free"},
	{hostile_bytes, "hostile bytes"},
	{hostile_limits, "hostile limits"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
