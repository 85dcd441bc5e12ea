/* SPDX-License-Identifier: BSD-2-Clause */
/* The append-only log, as an array of the same records: read from any place, truncated, undone,
 * appended to by several threads, and with hostile words. Waits for the medium are counted. */
#include "collection_check.h"
#include "test.h"
#include <host/host.h>
#include <pthread.h>
#include <stdbool.h>
#include <twz/persist.h>

#define RECORDS 3000
#define LONGEST 300

static struct twz_object object;
static struct twz_append_log *the_log;
static uint64_t random_state = 12, waits;

/* Instead of layout/persist.c. */
void twz_flush(const void *address, size_t length)
{
	(void)address, (void)length;
}

void twz_fence(void)
{
	__atomic_add_fetch(&waits, 1, __ATOMIC_RELAXED);
}

void twz_persist(const void *address, size_t length)
{
	twz_flush(address, length);
	twz_fence();
}

static uint64_t draw(uint64_t below)
{
	return (test_random(&random_state) >> 33) % below;
}

static void begin(void)
{
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), TWZ_OK);
	the_log = twz_object_base(&object);
	EXPECT_EQUAL(twz_heap_make(&object, 4096), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
}

/* ---- the model: what record i is, and where ---- */

static uint64_t position_of[RECORDS + 1], length_of[RECORDS];
static int first, end;

static void content_of(int i, uint8_t *bytes)
{
	uint64_t state = (uint64_t)i + 1;

	for (uint64_t n = 0; n < length_of[i]; n++)
		bytes[n] = (uint8_t)test_random(&state);
}

static void append(void)
{
	uint8_t bytes[LONGEST];

	length_of[end] = draw(3) ? draw(40) : draw(LONGEST);
	content_of(end, bytes);
	EXPECT_EQUAL(twz_append_log_add(&object, the_log, bytes, length_of[end], &position_of[end]),
		     TWZ_OK);
	EXPECT(end == 0 || position_of[end] > position_of[end - 1]);
	end++;
	EXPECT_EQUAL(twz_append_log_end(&object, the_log, &position_of[end]), TWZ_OK);
}

/* From record i on, `count` of them, or all. */
static void expect_from(struct twz_append_log_cursor *cursor, int i, int count)
{
	uint8_t bytes[LONGEST], right[LONGEST];

	for (; i < end && count > 0; i++, count--) {
		EXPECT_EQUAL(twz_append_log_next(&object, the_log, cursor, bytes, sizeof(bytes)),
			     1);
		content_of(i, right);
		EXPECT_EQUAL(cursor->record, position_of[i]);
		EXPECT_EQUAL(cursor->position, position_of[i + 1]);
		EXPECT_EQUAL(cursor->length, length_of[i]);
		EXPECT(memcmp(bytes, right, length_of[i]) == 0);
	}
	if (count > 0)
		EXPECT_EQUAL(twz_append_log_next(&object, the_log, cursor, NULL, 0), 0);
}

static void expect_all(void)
{
	struct twz_append_log_cursor cursor = {0};

	expect_from(&cursor, first, end);
	EXPECT(check_append_log(&object) == NULL);
}

static void read_from_anywhere(void)
{
	struct twz_append_log_cursor cursor = {0}, follower = {0};
	int followed = 0;

	begin();
	EXPECT_EQUAL(twz_append_log_next(&object, the_log, &cursor, NULL, 0), 0);
	for (end = 0; end < RECORDS;) {
		append();
		if (draw(20) == 0) { /* one that reads what has come since the last time */
			expect_from(&follower, followed, RECORDS);
			followed = end;
		}
	}
	expect_all();
	for (int i = 0; i < 2000; i++) {
		int at = (int)draw(RECORDS);
		cursor = (struct twz_append_log_cursor){.position = position_of[at]};
		expect_from(&cursor, at, 5);
		at = (int)draw(RECORDS);
		cursor.position = position_of[at]; /* with the segment that it had */
		expect_from(&cursor, at, 2);
	}
	cursor = (struct twz_append_log_cursor){.position = position_of[7] + 8};
	EXPECT_EQUAL(twz_append_log_next(&object, the_log, &cursor, NULL, 0), -TWZ_ERR_CORRUPT);
	cursor.position = position_of[RECORDS] + 800000;
	EXPECT_EQUAL(twz_append_log_next(&object, the_log, &cursor, NULL, 0), -TWZ_ERR_CORRUPT);
}

static void truncated(void)
{
	struct twz_append_log_cursor cursor = {0};

	EXPECT_EQUAL(twz_append_log_truncate(&object, the_log, position_of[7] + 8),
		     -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_append_log_truncate(&object, the_log, position_of[RECORDS] + 8),
		     -TWZ_ERR_INVALID_ARGUMENT);
	while (first < RECORDS) {
		first += (int)draw(300);
		first = first < RECORDS ? first : RECORDS;
		EXPECT_EQUAL(twz_append_log_truncate(&object, the_log, position_of[first]), TWZ_OK);
		EXPECT_EQUAL(twz_append_log_truncate(&object, the_log, position_of[first / 2]),
			     TWZ_OK);
		expect_all();
		for (int i = 0; i < 50 && first < RECORDS; i++) {
			int at = first + (int)draw((uint64_t)(RECORDS - first));
			cursor = (struct twz_append_log_cursor){.position = position_of[at]};
			expect_from(&cursor, at, 5);
		}
	}
	EXPECT(the_log->first.word == the_log->last.word);
	/* it goes on in what was freed, and the segments' ways back hold */
	first = end = 0;
	for (int i = 0; i < RECORDS; i++) {
		append();
		if (draw(10) == 0) {
			first += (int)draw((uint64_t)(end - first));
			EXPECT_EQUAL(twz_append_log_truncate(&object, the_log, position_of[first]),
				     TWZ_OK);
		}
		int at = first + (int)draw((uint64_t)(end - first));
		cursor = (struct twz_append_log_cursor){.position = position_of[at]};
		expect_from(&cursor, at, 3);
	}
	expect_all();
}

/* What a transaction appended goes with it, and does not come back when others are appended. */
static void undone(void)
{
	uint8_t bytes[LONGEST];
	struct twz_tx tx;

	begin();
	first = end = 0;
	for (int round = 0; round < 300; round++) {
		int kept = end;
		TWZ_TX(&tx, &object)
		{
			for (uint64_t i = draw(30) + 1; i > 0 && end < RECORDS; i--)
				append();
			struct twz_append_log_cursor cursor = {.position = position_of[kept]};
			expect_from(&cursor, kept, RECORDS);
			if (draw(3))
				break;
		}
		if (tx.result == -TWZ_ERR_INTERRUPTED)
			end = kept;
		else
			EXPECT_EQUAL(tx.result, TWZ_OK);
		if (draw(2) && end < RECORDS)
			append();
		expect_all();
	}
	EXPECT(end > 200);
	EXPECT_EQUAL(twz_append_log_add(&object, the_log, bytes, TWZ_APPEND_LOG_LONGEST + 1, NULL),
		     -TWZ_ERR_TOO_MANY);
}

/* Whole records behind the end that is known, as a program that was killed leaves them. */
static void found_again(void)
{
	begin();
	first = end = 0;
	for (int i = 0; i < 300; i++) {
		append();
		struct twz_append_log_segment *last = twz_deref(&the_log->last);
		if (draw(3) == 0) {
			uint64_t behind = position_of[end] - last->position;
			int back = end;
			while (back > 0 && position_of[back - 1] >= last->position && draw(4))
				behind = position_of[--back] - last->position;
			last->used = behind;
		}
		if (draw(2))
			expect_all();
	}
	expect_all();
}

static void waits_of_an_append(void)
{
	uint8_t bytes[100] = {1};
	uint64_t most = 0, before;

	begin(); /* the first one also has the heap changed by transactions only, from now on */
	EXPECT_EQUAL(twz_append_log_add(&object, the_log, bytes, sizeof(bytes), NULL), TWZ_OK);
	before = waits;
	for (int i = 0; i < 5000; i++) {
		uint64_t now = waits;
		EXPECT_EQUAL(twz_append_log_add(&object, the_log, bytes, sizeof(bytes), NULL),
			     TWZ_OK);
		EXPECT(waits > now);
		most = waits - now > most ? waits - now : most;
	}
	EXPECT(waits - before < 5000 * 102 / 100);
	EXPECT_EQUAL(most, 3); /* with a new segment */
	/* on a disk each append ends with a sync */
	host_set_disk(true, TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	before = host_syncs();
	for (int i = 0; i < 10; i++)
		EXPECT_EQUAL(twz_append_log_add(&object, the_log, bytes, 8, NULL), TWZ_OK);
	EXPECT_EQUAL(host_syncs() - before, 10);
	host_set_disk(false, TWZ_OK);
}

/* ---- threads ---- */

#define THREADS 4
#define EACH	3000

struct mark {
	uint32_t thread, number;
};

static void *append_marks(void *argument)
{
	struct mark mark = {(uint32_t)(uintptr_t)argument, 0};

	for (; mark.number < EACH; mark.number++)
		EXPECT_EQUAL(twz_append_log_add(&object, the_log, &mark, sizeof(mark), NULL),
			     TWZ_OK);
	return NULL;
}

/* Each thread's in order and none left out. */
static void *read_marks(void *argument)
{
	struct twz_append_log_cursor cursor = {0};
	uint32_t seen[THREADS] = {0};
	struct mark mark;

	for (int i = 0; i < THREADS * EACH;) {
		twz_result result =
			twz_append_log_next(&object, the_log, &cursor, &mark, sizeof(mark));
		EXPECT(result >= 0);
		if (result == 0)
			continue;
		EXPECT(mark.thread < THREADS);
		EXPECT_EQUAL(mark.number, seen[mark.thread]++);
		i++;
	}
	return argument;
}

static void several_threads(void)
{
	pthread_t threads[THREADS + 1];

	begin();
	for (uintptr_t i = 0; i <= THREADS; i++)
		EXPECT(pthread_create(&threads[i], NULL, i == THREADS ? read_marks : append_marks,
				      (void *)i) == 0);
	for (int i = 0; i <= THREADS; i++)
		EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void hostile_logs(void)
{
	struct twz_append_log_cursor cursor;

	begin();
	first = end = 0;
	while (end < 400)
		append();
	for (int round = 0; round < 4000; round++) {
		uint64_t *words = (uint64_t *)the_log + (draw(4) ? draw(2600) : draw(4));
		uint64_t was = *words;
		*words = draw(2) ? draw(1ull << 20) : test_random(&random_state);
		cursor = (struct twz_append_log_cursor){.position = draw(1ull << 15)};
		for (int i = 0; i < 20; i++)
			if (twz_append_log_next(&object, the_log, &cursor, NULL, 0) != 1)
				break;
		if (draw(8) == 0)
			(void)twz_append_log_truncate(&object, the_log, position_of[draw(400)]);
		(void)twz_append_log_add(&object, the_log, &round, sizeof(round), NULL);
		*words = was;
	}
}

static const struct test tests[] = {
	{read_from_anywhere, "a log is read from any place"},
	{truncated, "a log is truncated"},
	{undone, "records go with the transaction that appended them"},
	{found_again, "records behind the known end are found"},
	{waits_of_an_append, "an append waits once for the medium"},
	{several_threads, "several threads append and one reads"},
	{hostile_logs, "hostile logs"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
