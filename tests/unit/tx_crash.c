/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of transactions that change numbers, allocate and free, nest and are
 * undone: after recovery the object is as before or as after the transaction, and its heap is
 * whole. Dropped flushes must be found.
 */
#include "persistence.h"
#include "test.h"
#include <host/host.h>
#include <string.h>
#include <twz/alloc.h>
#include <twz/ptr.h>
#include <twz/tx.h>

#define NUMBERS 24
#define OWNERS	8
#define DATA	(16u << 10) /* the windows that the model watches */
#define LOG	(16u << 10)
#define LOG_AT	(TWZ_SLOT_SIZE - (16ull << 20) - TWZ_TX_LOG_SIZE)
#define DEPTH	3

struct content {
	uint64_t numbers[NUMBERS];
	twz_ptr(uint64_t) owners[OWNERS]; /* each to a block that begins with its own number */
};

static struct twz_object object, other;
static struct content before, after; /* numbers, and what the blocks hold */
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
	return (test_random(&random_state) >> 33) % below;
}

/* The content with what each block holds in place of its pointer. */
static struct content look(const struct twz_object *from)
{
	struct content *content = twz_object_base(from), seen = *content;

	for (int i = 0; i < OWNERS; i++) {
		uint64_t *block = twz_deref(&content->owners[i]);
		seen.owners[i].word = block ? *block : 0;
	}
	return seen;
}

/* Every block from the heap's first to its end is owned once or free once. */
static const char *check_heap(const struct twz_object *from)
{
	struct content *content = twz_object_base(from);
	struct twz_heap *heap = (void *)(from->start + twz_object_meta(from)->heap);
	uint64_t at = ((uint64_t)((uint8_t *)(heap + 1) - from->start) + 15) / 16 * 16;

	while (at < heap->end) {
		struct twz_block *block = (void *)(from->start + at);
		uint64_t data = at + sizeof(*block), power;
		int uses = 0, steps = 0;
		if ((block->size_class & ~0xffffull) != TWZ_BLOCK_MAGIC)
			return "a block's header is torn";
		for (int i = 0; i < OWNERS; i++)
			uses += content->owners[i].word == data;
		for (uint64_t free = heap->free[block->size_class & 0xffff]; free != 0;
		     free = ((struct twz_block *)(from->start + free))[-1].next) {
			uses += free == data;
			if (++steps > 1000)
				return "a free list runs in a circle";
		}
		if (uses != 1)
			return uses ? "a block is used twice" : "a block is lost";
		power = 32ull << ((block->size_class & 0xffff) / 2);
		at += block->size_class & 1 ? power + power / 2 : power;
	}
	return at == heap->end ? NULL : "the blocks do not fill the heap";
}

/* The image is put into the other object and opened there, as after a boot. */
static const char *check(void *image)
{
	uint64_t view = host_view();

	memcpy(twz_object_base(&other), image, DATA);
	memcpy(other.start + LOG_AT, (uint8_t *)image + DATA, LOG);
	host_new_view();
	twz_result result = twz_tx_open(&other);
	host_set_view(view);
	if (result < 0)
		return "recovery fails";
	struct content seen = look(&other);
	if (memcmp(&seen, &before, sizeof(seen)) != 0 && memcmp(&seen, &after, sizeof(seen)) != 0)
		return "neither before nor after";
	return check_heap(&other);
}

static void change(struct twz_tx *tx, struct content *content)
{
	int i = (int)draw(NUMBERS), n = (int)draw(4) + 1;

	switch (draw(4)) {
	case 0:
		twz_tx_set(tx, &content->numbers[i], draw(1000));
		break;
	case 1: /* a range at once, that others overlap */
		n = i + n > NUMBERS ? NUMBERS - i : n;
		twz_tx_add(tx, &content->numbers[i], (size_t)n * 8);
		while (n-- > 0)
			content->numbers[i + n] = draw(1000);
		break;
	default:
		i %= OWNERS;
		if (content->owners[i].word != 0) {
			twz_tx_free(tx, &content->owners[i]);
		} else {
			twz_tx_alloc(tx, draw(80) + 8, &content->owners[i]);
			uint64_t *block = twz_deref(&content->owners[i]);
			*block = draw(1000) + 1;
		}
	}
}

/* A transaction with others inside it; each may be undone. */
static void transaction(int depth)
{
	struct content *content = twz_object_base(&object), saved = look(&object);
	int undo = draw(3) == 0;
	struct twz_tx tx;

	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	for (uint64_t i = draw(4) + 1; i > 0; i--) {
		if (depth < DEPTH && draw(3) == 0)
			transaction(depth + 1);
		else
			change(&tx, content);
	}
	if (undo) {
		twz_tx_abort(&tx);
		EXPECT_EQUAL(tx.result, -TWZ_ERR_INTERRUPTED);
		struct content now = look(&object);
		EXPECT(memcmp(&now, &saved, sizeof(now)) == 0);
		return;
	}
	if (depth == 0)
		after = look(&object);
	EXPECT_EQUAL(twz_tx_commit(&tx), TWZ_OK);
}

static struct persistence_result run(int steps, uint64_t drop)
{
	random_state = 99;
	memset(twz_object_base(&object), 0, DATA);
	memset(object.start + LOG_AT, 0, LOG);
	twz_object_meta(&object)->heap = 0;
	EXPECT_EQUAL(twz_heap_make(&object, sizeof(struct content)), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	twz_object_meta(&other)->heap = twz_object_meta(&object)->heap;
	before = after = look(&object);
	persistence_begin_two(twz_object_base(&object), DATA, object.start + LOG_AT, LOG, check, 4);
	persistence_drop(drop);
	for (int i = 0; i < steps; i++) {
		transaction(0);
		before = after = look(&object);
	}
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	struct persistence_result result = run(200, ~0ull);

	printf("%llu states\n", (unsigned long long)result.states);
	if (result.wrong)
		fprintf(stderr, "%llu wrong: %s\n", (unsigned long long)result.wrong, result.first);
	EXPECT_EQUAL(result.wrong, 0);
	EXPECT(result.states > 20000);
}

static void dropped_flushes_are_found(void)
{
	uint64_t lines = run(6, ~0ull).lines, found = 0;

	for (uint64_t line = 0; line < lines; line++)
		found += run(6, line).wrong != 0;
	printf("%llu of %llu dropped flushes found\n", (unsigned long long)found,
	       (unsigned long long)lines);
	/* the others are of lines that are flushed again before they count */
	EXPECT(found * 5 > lines * 2);
}

static struct twz_object make(void)
{
	struct twz_object made;
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &made), TWZ_OK);
	return made;
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after, the heap whole"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	object = make();
	other = make();
	return RUN_TESTS(tests);
}
