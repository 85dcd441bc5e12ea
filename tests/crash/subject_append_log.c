/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Appends to a log and truncates it: after a power loss it is as before or after the call; appends
 * by two threads: what has returned is there, of what has begun at most the whole record.
 */
#include "subject.h"
#include <collection_check.h>
#include <internal.h>

#define LONGEST 120
#define ALIKE	96

static uint64_t fold(uint64_t hash, uint64_t position, const uint8_t *bytes, uint64_t length)
{
	hash = (hash ^ position) * 0x100000001b3ull;
	for (uint64_t n = 0; n < length; n++)
		hash = (hash ^ bytes[n]) * 0x100000001b3ull;
	return (hash ^ length) * 0x100000001b3ull;
}

static struct twz_append_log *log_of(const struct twz_object *object)
{
	return twz_object_base(object);
}

/* Of all records from a position on, 0: from the first; 0 when something is wrong. */
static uint64_t hash_from(const struct twz_object *object, uint64_t position)
{
	struct twz_append_log_cursor cursor = {.position = position};
	uint64_t hash = 14695981039346656037ull;
	uint8_t bytes[LONGEST];
	twz_result result;

	while ((result = twz_append_log_next(object, log_of(object), &cursor, bytes, LONGEST)) == 1)
		hash = fold(hash, cursor.record, bytes, cursor.length);
	return result < 0 ? 0 : hash;
}

static void prepare(uint64_t seed, struct explore_plan *plan, const char *(*check)(void),
		    void (*go_on)(unsigned steps), void *expected, size_t size)
{
	*plan = (struct explore_plan){.check = check,
				      .expected = expected,
				      .expected_size = size,
				      .reopen = object_reopen_live,
				      .go_on = go_on,
				      .mortal = true};
	object_prepare(sizeof(struct twz_append_log), 32 << 10, 16 << 10, seed, plan);
}

/* ---- one thread: before or after ---- */

static struct {
	uint64_t before, after;
} expected;

static const char *check_one(void)
{
	if (object_open_image() < 0)
		return "recovery fails";
	uint64_t hash = hash_from(&image, 0);
	const char *wrong = check_append_log(&image);
	if (wrong)
		return wrong;
	return hash == expected.before || hash == expected.after ? NULL
								 : "neither before nor after";
}

static bool alike; /* all records; what is left of one may fit another */

static uint64_t draw_record(uint8_t *bytes)
{
	uint64_t length = alike ? ALIKE : draw(4) ? draw(24) : draw(LONGEST);
	uint64_t word = draw(2) ? 0 : ALIKE / 8 - 1;

	for (uint64_t n = 0; n < length; n++)
		bytes[n] = (uint8_t)(!alike || n / 8 == word ? draw(256) : 7);
	return length;
}

static void append_one(void)
{
	uint8_t bytes[LONGEST];
	uint64_t length = draw_record(bytes), end;

	MUST(twz_append_log_end(&live, log_of(&live), &end) == TWZ_OK);
	expected.after = fold(expected.before, end, bytes, length);
	MUST(twz_append_log_add(&live, log_of(&live), bytes, length, NULL) == TWZ_OK);
}

static void append_several(bool keep)
{
	uint8_t bytes[LONGEST];
	struct twz_tx tx;

	MUST(twz_tx_begin(&tx, &live) == TWZ_OK);
	for (uint64_t i = draw(4) + 1; i > 0; i--) {
		uint64_t length = draw_record(bytes);
		MUST(twz_append_log_add(&live, log_of(&live), bytes, length, NULL) == TWZ_OK);
	}
	if (keep) {
		expected.after = hash_from(&live, 0);
		MUST(twz_tx_commit(&tx) == TWZ_OK);
	} else {
		twz_tx_abort(&tx);
	}
}

/* The first record and maybe more. */
static void truncate_some(void)
{
	struct twz_append_log_cursor cursor = {0};

	for (uint64_t i = draw(30) + 1; i > 0; i--)
		if (twz_append_log_next(&live, log_of(&live), &cursor, NULL, 0) != 1)
			break;
	expected.after = hash_from(&live, cursor.position);
	MUST(twz_append_log_truncate(&live, log_of(&live), cursor.position) == TWZ_OK);
}

static void work(unsigned steps)
{
	expected.before = expected.after = hash_from(&live, 0);
	for (unsigned i = 0; i < steps && explore_goes_on(); i++) {
		uint64_t what = draw(alike ? 10 : 16);
		if (what < 10)
			append_one();
		else if (what < 14)
			append_several(what < 12);
		else
			truncate_some();
		expected.before = expected.after = hash_from(&live, 0);
	}
}

static void run_log(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan;

	prepare(seed, &plan, check_one, work, &expected, sizeof(expected));
	plan.weight = alike ? 8 : 1;
	for (int i = 0; i < 8; i++)
		MUST(twz_append_log_add(&live, log_of(&live), "before", 6, NULL) == TWZ_OK);
	expected.before = expected.after = hash_from(&live, 0);
	explore_begin(&plan);
	work(steps);
	explore_end(result);
}

static void run_one(uint64_t seed, unsigned steps, struct explore_result *result)
{
	alike = false;
	run_log(seed, steps, result);
}

static void run_alike(uint64_t seed, unsigned steps, struct explore_result *result)
{
	alike = true;
	run_log(seed, steps, result);
}

/* ---- two threads: numbered records ---- */

static struct {
	uint32_t begun[2], returned[2];
} counts;
static unsigned each;

static void make_mark(uint8_t *bytes, unsigned thread, uint32_t number)
{
	memset(bytes, (int)(number * 7 + thread), 60);
	bytes[0] = (uint8_t)thread;
	memcpy(bytes + 1, &number, 4);
}

/* How many of each thread's records there are. */
static const char *count_marks(const struct twz_object *object, uint32_t seen[2])
{
	struct twz_append_log_cursor cursor = {0};
	uint8_t bytes[60], right[60];
	twz_result result;

	while ((result = twz_append_log_next(object, log_of(object), &cursor, bytes, 60)) == 1) {
		unsigned thread = bytes[0] % 2;
		make_mark(right, thread, seen[thread]++);
		if (cursor.length != 60 || memcmp(bytes, right, 60) != 0)
			return "a record is not the next one";
	}
	return result < 0 ? "the log is corrupt" : NULL;
}

static const char *check_two(void)
{
	uint32_t seen[2] = {0};

	if (object_open_image() < 0)
		return "recovery fails";
	const char *wrong = count_marks(&image, seen);
	if (wrong)
		return wrong;
	for (int i = 0; i < 2; i++)
		if (seen[i] < counts.returned[i] || seen[i] > counts.begun[i])
			return "a record is lost or was never appended";
	return check_append_log(&image);
}

static void append_marks(unsigned thread)
{
	uint8_t bytes[60];

	for (uint32_t i = 0; i < each && explore_goes_on(); i++) {
		make_mark(bytes, thread, counts.returned[thread]);
		counts.begun[thread]++;
		MUST(twz_append_log_add(&live, log_of(&live), bytes, 60, NULL) == TWZ_OK);
		counts.returned[thread]++;
	}
}

static void first_thread(void)
{
	append_marks(0);
}

static void second_thread(void)
{
	append_marks(1);
}

static void work_of_two(unsigned steps)
{
	uint32_t seen[2] = {0};

	MUST(count_marks(&live, seen) == NULL);
	memcpy(counts.begun, seen, sizeof(seen));
	memcpy(counts.returned, seen, sizeof(seen));
	each = steps / 2;
	explore_two(first_thread, second_thread);
}

static void run_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan;

	prepare(seed, &plan, check_two, work_of_two, &counts, sizeof(counts));
	memset(&counts, 0, sizeof(counts));
	explore_begin(&plan);
	work_of_two(steps);
	explore_end(result);
}

const struct subject append_log_subjects[] = {
	{"log", run_one, 60, 60},
	{"log of like records", run_alike, 40, 20},
	{"log, two threads", run_two, 80, 30},
	{0},
};
