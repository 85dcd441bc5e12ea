/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of transactions that change numbers, allocate and free, nest and are
 * undone: after recovery the object is as before or as after the transaction, and its heap is
 * whole. Dropped flushes must be found.
 */
#define DATA (16u << 10)
#define LOG  (16u << 10)
#include "crash_object.h"
#include <twz/ptr.h>

#define NUMBERS 24
#define OWNERS	8
#define DEPTH	3

struct content {
	uint64_t numbers[NUMBERS];
	twz_ptr(uint64_t) owners[OWNERS]; /* each to a block that begins with its own number */
};

static struct content before, after; /* numbers, and what the blocks hold */

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
	if (open_state(image) < 0)
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
	begin_object(sizeof(struct content), 99);
	before = after = look(&object);
	watch_object(check, drop);
	for (int i = 0; i < steps; i++) {
		transaction(0);
		before = after = look(&object);
	}
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	expect_no_wrong_state(run, 200);
}

static void dropped_flushes_are_found(void)
{
	expect_drops_found(run, 6);
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after, the heap whole"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
