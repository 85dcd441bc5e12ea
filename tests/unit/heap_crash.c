/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of allocating and freeing: after recovery each block is owned by one
 * pointer or in one free list, none leaked, and the owners are those before or after. A dropped
 * flush must be found.
 */
#include "persistence.h"
#include "test.h"
#include <string.h>
#include <sys/mman.h>
#include <twz/alloc.h>

#define USED   (64u << 10) /* the part of the object that the model watches */
#define LIMIT  (TWZ_BASE_OFFSET + USED - 4096)
#define OWNERS 12

/* An object of two parts: its first pages and its meta page, which does not change during the test.
 */
static uint8_t *start;
static uint64_t before[OWNERS], after[OWNERS];

static uint64_t *owners(void *object)
{
	return (uint64_t *)((uint8_t *)object + TWZ_BASE_OFFSET);
}

static uint64_t class_bytes(uint64_t tag)
{
	uint64_t power = 32ull << ((tag & 0xffff) / 2);

	return tag & 1 ? power + power / 2 : power;
}

/* Walks the heap: every block from the first to the end is owned once or free once. */
static const char *check_blocks(uint8_t *object)
{
	struct twz_heap *heap =
		(struct twz_heap *)(object +
				    ((struct twz_object_meta *)(object + TWZ_META_OFFSET))->heap);
	uint64_t at = ((uint64_t)((uint8_t *)heap - object) + sizeof(*heap) + 15) / 16 * 16;

	while (at < heap->end) {
		struct twz_block *block = (struct twz_block *)(object + at);
		uint64_t data = at + sizeof(*block);
		int uses = 0;
		if ((block->size_class & ~0xffffull) != TWZ_BLOCK_MAGIC)
			return "a block's header is torn";
		for (int i = 0; i < OWNERS; i++)
			uses += owners(object)[i] == data;
		uint64_t steps = 0;
		for (uint64_t free = heap->free[block->size_class & 0xffff]; free != 0;) {
			uses += free == data;
			free = ((struct twz_block *)(object + free - sizeof(*block)))->next;
			if (++steps > 1000)
				return "a free list runs in a circle";
		}
		if (uses != 1)
			return uses ? "a block is used twice" : "a block is lost";
		at += class_bytes(block->size_class);
	}
	return at == heap->end ? NULL : "the blocks do not fill the heap";
}

/* The image is the watched part; it is looked at in place of the object's own. */
static const char *check(void *image)
{
	static uint8_t *other;

	if (!other) {
		other = mmap(NULL, TWZ_SLOT_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		EXPECT(other != MAP_FAILED);
		memcpy(other + TWZ_META_OFFSET, start + TWZ_META_OFFSET,
		       sizeof(struct twz_object_meta));
	}
	memcpy(other + TWZ_BASE_OFFSET, image, USED);
	if (twz_heap_recover(other, LIMIT) < 0)
		return "recovery fails";
	if (memcmp(owners(other), before, sizeof(before)) != 0 &&
	    memcmp(owners(other), after, sizeof(after)) != 0)
		return "neither before nor after";
	return check_blocks(other);
}

static void step(uint64_t *random)
{
	int i = (int)(test_random(random) >> 40) % OWNERS;
	uint64_t size = test_random(random) % 100, at = TWZ_BASE_OFFSET + (uint64_t)i * 8;

	memcpy(before, owners(start), sizeof(before));
	memcpy(after, before, sizeof(after));
	if (before[i] != 0) {
		after[i] = 0;
		EXPECT_EQUAL(twz_heap_free(start, LIMIT, at), TWZ_OK);
		return;
	}
	const struct twz_heap *heap =
		(void *)(start + ((struct twz_object_meta *)(start + TWZ_META_OFFSET))->heap);
	unsigned size_class = 0;
	while (class_bytes(size_class) < size + sizeof(struct twz_block))
		size_class++;
	after[i] = heap->free[size_class] ? heap->free[size_class]
					  : heap->end + sizeof(struct twz_block);
	EXPECT_EQUAL(twz_heap_allocate(start, LIMIT, size, at), TWZ_OK);
	EXPECT_EQUAL(owners(start)[i], after[i]);
}

static struct persistence_result run(int steps, uint64_t drop)
{
	uint64_t random = 77;
	struct twz_object_meta *meta = (struct twz_object_meta *)(start + TWZ_META_OFFSET);

	memset(start + TWZ_BASE_OFFSET, 0, USED);
	meta->heap = 0;
	EXPECT_EQUAL(twz_heap_format(start, LIMIT, OWNERS * 8), TWZ_OK);
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	persistence_begin(start + TWZ_BASE_OFFSET, USED, check, 4);
	persistence_drop(drop);
	for (int i = 0; i < steps; i++)
		step(&random);
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	struct persistence_result result = run(300, ~0ull);

	printf("%llu states\n", (unsigned long long)result.states);
	if (result.wrong)
		fprintf(stderr, "%s\n", result.first);
	EXPECT_EQUAL(result.wrong, 0);
	EXPECT(result.states > 5000);
}

static void dropped_flushes_are_found(void)
{
	uint64_t lines = run(10, ~0ull).lines, found = 0;

	for (uint64_t line = 0; line < lines; line++)
		found += run(10, line).wrong != 0;
	printf("%llu of %llu dropped flushes found\n", (unsigned long long)found,
	       (unsigned long long)lines);
	EXPECT(found * 2 > lines);
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after, nothing lost"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	start = mmap(NULL, TWZ_SLOT_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	EXPECT(start != MAP_FAILED);
	return RUN_TESTS(tests);
}
