/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of numbers that steps, transactions and plain stores change by turns, over many power
 * losses: what one of these left in the log never counts among what came later. A record is as long
 * as a line, and rows are alike, so that lines of one change fit another.
 */
#include "subject.h"
#include <internal.h>
#include <twz/persist.h>

#define ROWS	10
#define STEPPED 6 /* of which steps change these; plain stores the others */
#define ROW	4 /* with its record's header, a line */
#define COLOURS 3

struct content {
	uint64_t rows[ROWS][ROW];
};

static struct {
	struct content before, after;
} expected;

static struct content *content_of(const struct twz_object *object)
{
	return twz_object_base(object);
}

static const char *check(void)
{
	if (object_open_image() < 0)
		return "recovery fails";
	const struct content *content = content_of(&image);
	if (memcmp(content, &expected.before, sizeof(*content)) != 0 &&
	    memcmp(content, &expected.after, sizeof(*content)) != 0)
		return "neither before nor after";
	return NULL;
}

static void paint(uint64_t row[ROW])
{
	uint64_t colour = draw(COLOURS);

	for (int i = 0; i < ROW; i++)
		row[i] = colour;
}

/* Names some rows with one wait, then changes them. */
static void change_some(struct twz_tx *tx)
{
	struct twz_tx_range ranges[3];
	uint64_t first = draw(ROWS), count = 1 + draw(3);

	for (uint64_t i = 0; i < count; i++)
		ranges[i] = (struct twz_tx_range){content_of(&live)->rows[(first + i) % ROWS],
						  ROW * sizeof(uint64_t)};
	MUST(twz_tx_add_ranges(tx, ranges, count) == TWZ_OK);
	for (uint64_t i = 0; i < count; i++)
		paint(content_of(&live)->rows[(first + i) % ROWS]);
}

static void finish(struct twz_tx *tx, bool keep)
{
	if (keep) {
		expected.after = *content_of(&live);
		MUST(twz_tx_commit(tx) == TWZ_OK);
	} else {
		twz_tx_abort(tx);
	}
}

static void transaction(void)
{
	struct twz_tx tx;

	MUST(twz_tx_begin(&tx, &live) == TWZ_OK);
	for (uint64_t i = 1 + draw(2); i > 0; i--)
		change_some(&tx);
	finish(&tx, draw(3) != 0);
}

/* What an inner transaction wrote into the log and took back stays there. */
static void undo_within(void)
{
	struct twz_tx outer, inner;

	MUST(twz_tx_begin(&outer, &live) == TWZ_OK);
	MUST(twz_tx_begin(&inner, &live) == TWZ_OK);
	for (uint64_t i = 1 + draw(2); i > 0; i--)
		change_some(&inner);
	twz_tx_abort(&inner);
	if (draw(2))
		change_some(&outer);
	finish(&outer, draw(4) != 0);
}

/* It is not undone; the transaction may go on behind it. */
static void step(void)
{
	uint64_t first = draw(STEPPED), count = 1 + draw(3);
	struct twz_stage stage;
	struct twz_tx tx;

	MUST(twz_tx_begin(&tx, &live) == TWZ_OK);
	twz_stage_begin(&stage, &tx);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = (first + i) % STEPPED;
		uint64_t *row = twz_stage_bytes(&stage, content_of(&live)->rows[at],
						ROW * sizeof(uint64_t));
		paint(row);
		memcpy(expected.after.rows[at], row, ROW * sizeof(uint64_t));
	}
	MUST(twz_stage_apply(&stage) == TWZ_OK);
	expected.before = *content_of(&live);
	if (draw(4) == 0)
		change_some(&tx);
	finish(&tx, draw(2));
}

static void store_plainly(void)
{
	uint64_t at = STEPPED + draw(ROWS - STEPPED), i = draw(ROW), colour = draw(COLOURS);

	expected.after.rows[at][i] = colour;
	twz_commit_word(&content_of(&live)->rows[at][i], colour);
}

/* A plain store may be seen before it is durable. */
static void reopen(void)
{
	object_reopen_live();
	twz_persist(content_of(&live), sizeof(struct content));
}

static void work(unsigned steps)
{
	expected.before = expected.after = *content_of(&live);
	while (steps-- > 0 && explore_goes_on()) {
		switch (draw(6)) {
		case 0:
			store_plainly();
			break;
		case 1:
			undo_within();
			break;
		case 2:
		case 3:
			transaction();
			break;
		default:
			step();
		}
		expected.before = expected.after = *content_of(&live);
	}
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = work,
				    .mortal = true,
				    .weight = 8};

	object_prepare(sizeof(struct content), 8 << 10, 16 << 10, seed, &plan);
	explore_begin(&plan);
	work(steps);
	explore_end(result);
}

const struct subject row_subjects[] = {
	{"rows, over power losses", run, 100, 40},
	{0},
};
