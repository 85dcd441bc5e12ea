/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions that change numbers, allocate and free, nest and are undone, by one thread or two:
 * after a power loss the object is as before or as after the transaction that was running, and its
 * heap whole.
 */
#include "subject.h"
#include <internal.h>
#include <twz/alloc.h>
#include <twz/ptr.h>
#include <twz/tx.h>

#define NUMBERS 24
#define OWNERS	8
#define DEPTH	3

struct content {
	uint64_t numbers[NUMBERS];
	twz_ptr(uint64_t) owners[OWNERS]; /* each to a block that begins with its own number */
};

static struct {
	struct content before, after; /* numbers, and what the blocks hold */
} expected;

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

static const char *check(void)
{
	uint64_t owners[OWNERS];

	if (object_open_image() < 0)
		return "recovery fails";
	struct content *content = twz_object_base(&image);
	for (int i = 0; i < OWNERS; i++)
		owners[i] = content->owners[i].word;
	const char *wrong = heap_check(image.start, owners, OWNERS);
	if (wrong)
		return wrong;
	struct content seen = look(&image);
	if (memcmp(&seen, &expected.before, sizeof(seen)) != 0 &&
	    memcmp(&seen, &expected.after, sizeof(seen)) != 0)
		return "neither before nor after";
	return NULL;
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
	struct content *content = twz_object_base(&live), saved;
	int undo = draw(3) == 0;
	struct twz_tx tx;

	MUST(twz_tx_begin(&tx, &live) == TWZ_OK);
	saved = look(&live);
	if (depth == 0) /* whoever was before has returned, or holds nothing */
		expected.before = expected.after = saved;
	for (uint64_t i = draw(4) + 1; i > 0; i--) {
		if (depth < DEPTH && draw(3) == 0)
			transaction(depth + 1);
		else
			change(&tx, content);
	}
	if (undo) {
		twz_tx_abort(&tx);
		MUST(tx.result == -TWZ_ERR_INTERRUPTED);
		return;
	}
	if (depth == 0)
		expected.after = look(&live);
	MUST(twz_tx_commit(&tx) == TWZ_OK);
}

static void begin(uint64_t seed, bool has_log, void (*go_on)(unsigned steps))
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = object_reopen_live,
				    .go_on = go_on,
				    .mortal = true};

	object_prepare(sizeof(struct content), 8 << 10, 16 << 10, seed, &plan);
	if (!has_log)
		memset(live.start + HEAP_LIMIT, 0, sizeof(struct twz_log_header));
	expected.before = expected.after = look(&live);
	explore_begin(&plan);
}

static void work(unsigned steps)
{
	expected.before = expected.after = look(&live);
	for (unsigned i = 0; i < steps && explore_goes_on(); i++) {
		transaction(0);
		expected.before = expected.after = look(&live);
	}
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	begin(seed, true, work);
	work(steps);
	explore_end(result);
}

static unsigned each;

/* Whoever comes first makes the log. */
static void transactions(void)
{
	MUST(twz_tx_open(&live) >= 0);
	for (unsigned i = 0; i < each && explore_goes_on(); i++)
		transaction(0);
}

static void work_of_two(unsigned steps)
{
	expected.before = expected.after = look(&live);
	each = steps / 2;
	explore_two(transactions, transactions);
	expected.before = expected.after = look(&live);
}

static void run_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	begin(seed, false, work_of_two);
	work_of_two(steps);
	explore_end(result);
}

const struct subject tx_subjects[] = {
	{"transactions", run, 100, 12},
	{"transactions of two threads", run_two, 100, 12},
	{0},
};
