/* SPDX-License-Identifier: BSD-2-Clause */
/* The list, as an array of the same items, with a cursor under change; queues, with threads. */
#include "collection_check.h"
#include "test.h"
#include <host/host.h>
#include <pthread.h>
#include <stdbool.h>
#include <twz/queue.h>
#include <twz/sys.h>

#define RW    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define ITEMS 4000

static struct twz_object object;
static struct twz_list *list;
static uint64_t random_state = 12;

static uint64_t draw(uint64_t below)
{
	return (test_random(&random_state) >> 33) % below;
}

static void begin(void)
{
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, RW, &object), TWZ_OK);
	list = twz_object_base(&object);
	EXPECT_EQUAL(twz_heap_make(&object, 4096), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
}

static void random_changes_as_an_array(void)
{
	static int model[2 * ITEMS];
	int first = ITEMS, end = ITEMS, got;

	begin();
	for (int i = 0; i < ITEMS; i++) {
		switch (draw(4)) {
		case 0:
			model[--first] = i;
			EXPECT_EQUAL(twz_list_prepend(&object, list, &i, sizeof(i)), TWZ_OK);
			break;
		case 1:
		case 2:
			model[end++] = i;
			EXPECT_EQUAL(twz_list_append(&object, list, &i, sizeof(i)), TWZ_OK);
			break;
		default:
			EXPECT_EQUAL(twz_list_take(&object, list, &got, sizeof(got)),
				     first < end ? (int)sizeof(got) : -TWZ_ERR_NOT_FOUND);
			if (first < end)
				EXPECT_EQUAL(got, model[first++]);
		}
	}
	struct twz_list_cursor cursor = {0};
	int at = first;
	while (twz_list_next(&object, list, &cursor, &got, sizeof(got)) == 1)
		EXPECT_EQUAL(got, model[at++]);
	EXPECT_EQUAL(at, end);
	EXPECT_EQUAL(list->count, end - first);
	EXPECT(check_list(&object) == NULL);
}

/* Numbers 1 to ITEMS; those that stay come once and in order, whatever goes meanwhile. */
static void a_cursor_under_change(void)
{
	struct twz_list_cursor cursor = {0}, other;
	static bool gone[ITEMS + 1];
	int got, last = 0;

	begin();
	for (int i = 1; i <= ITEMS; i++)
		EXPECT_EQUAL(twz_list_append(&object, list, &i, sizeof(i)), TWZ_OK);
	while (twz_list_next(&object, list, &cursor, &got, sizeof(got)) == 1) {
		EXPECT(got > last && !gone[got]);
		for (int i = last + 1; i < got; i++)
			EXPECT(gone[i]);
		last = got;
		if (draw(3) == 0) { /* the one it stands at, and one further on or before */
			gone[got] = true;
			EXPECT_EQUAL(twz_list_remove(&object, list, &cursor), TWZ_OK);
			EXPECT_EQUAL(twz_list_remove(&object, list, &cursor), -TWZ_ERR_NOT_FOUND);
		}
		if (draw(40) == 0) {
			other = (struct twz_list_cursor){0};
			for (uint64_t i = draw(100) + 1; i > 0; i--)
				if (twz_list_next(&object, list, &other, &got, sizeof(got)) != 1)
					break;
			gone[got] = true;
			EXPECT_EQUAL(twz_list_remove(&object, list, &other), TWZ_OK);
		}
	}
	while (last < ITEMS)
		EXPECT(gone[++last]);
	EXPECT(check_list(&object) == NULL);
}

/* One that follows what is appended, though all that it has seen is taken out; and a list that lost
 * items finds a place without going through all of them. */
static void a_cursor_of_what_has_gone(void)
{
	struct twz_list_cursor cursor = {0}, kept[10];
	int got;

	begin();
	for (int i = 0; i < 300; i++) {
		EXPECT_EQUAL(twz_list_append(&object, list, &i, sizeof(i)), TWZ_OK);
		EXPECT_EQUAL(twz_list_next(&object, list, &cursor, &got, sizeof(got)), 1);
		EXPECT_EQUAL(got, i);
		EXPECT_EQUAL(twz_list_take(&object, list, NULL, 0), sizeof(i));
		EXPECT_EQUAL(twz_list_next(&object, list, &cursor, &got, sizeof(got)), 0);
	}
	for (int i = 0; i < ITEMS; i++)
		EXPECT_EQUAL(twz_list_append(&object, list, &i, sizeof(i)), TWZ_OK);
	for (int i = 0; i < 10; i++) {
		for (int n = 0; n < ITEMS / 10; n++)
			EXPECT_EQUAL(twz_list_next(&object, list, &cursor, &got, sizeof(got)), 1);
		kept[i] = cursor;
	}
	for (int i = 0; i < 10; i++) {
		EXPECT_EQUAL(twz_list_remove(&object, list, &kept[i]), TWZ_OK);
		EXPECT_EQUAL(twz_list_remove(&object, list, &kept[i]), -TWZ_ERR_NOT_FOUND);
		EXPECT_EQUAL(twz_list_next(&object, list, &kept[i], &got, sizeof(got)), i < 9);
		EXPECT(i == 9 || got == (i + 1) * ITEMS / 10);
	}
	EXPECT(check_list(&object) == NULL);
}

static void hostile_lists(void)
{
	struct twz_list_cursor cursor;

	for (int round = 0; round < 2000; round++) {
		uint64_t *words = (uint64_t *)list + draw(600);
		uint64_t was = *words;
		*words = draw(2) ? draw(1ull << 20) : test_random(&random_state);
		cursor = (struct twz_list_cursor){0};
		for (int i = 0; i < 20; i++)
			if (twz_list_next(&object, list, &cursor, NULL, 0) != 1)
				break;
		(void)twz_list_take(&object, list, NULL, 0);
		*words = was;
	}
}

#define ENTRIES 20000
static struct twz_queue *queue;
static uint64_t sum;

static void *put_entries(void *argument)
{
	for (uint64_t i = 1; i <= ENTRIES; i++)
		EXPECT_EQUAL(twz_queue_put(queue, &i, TWZ_FOREVER), TWZ_OK);
	return argument;
}

static void *take_entries(void *argument)
{
	uint64_t entry;

	for (uint64_t i = 1; i <= ENTRIES; i++) {
		EXPECT_EQUAL(twz_queue_take(queue, &entry, TWZ_FOREVER), TWZ_OK);
		__atomic_add_fetch(&sum, entry, __ATOMIC_RELAXED);
	}
	return argument;
}

static void queues_between_threads(void)
{
	pthread_t threads[4];
	uint64_t entry = 0;

	begin();
	queue = twz_object_base(&object);
	EXPECT_EQUAL(twz_queue_take(queue, &entry, 0), -TWZ_ERR_CORRUPT);
	EXPECT_EQUAL(twz_queue_make(queue, 0, 5), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_queue_make(queue, 8, ~0u), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_queue_make(queue, 8, 5), TWZ_OK);
	EXPECT_EQUAL(twz_queue_make(queue, 8, 5), -TWZ_ERR_EXISTS);
	EXPECT_EQUAL(twz_queue_take(queue, &entry, 0), -TWZ_ERR_WOULD_BLOCK);
	EXPECT_EQUAL(twz_queue_take(queue, &entry,
				    (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + 1000),
		     -TWZ_ERR_TIMED_OUT);
	for (uint64_t i = 0; i < 5; i++)
		EXPECT_EQUAL(twz_queue_put(queue, &i, 0), TWZ_OK);
	EXPECT_EQUAL(twz_queue_put(queue, &entry, 0), -TWZ_ERR_WOULD_BLOCK);
	for (uint64_t i = 0; i < 5; i++) {
		EXPECT_EQUAL(twz_queue_take(queue, &entry, 0), TWZ_OK);
		EXPECT_EQUAL(entry, i);
	}
	for (int i = 0; i < 4; i++)
		EXPECT(pthread_create(&threads[i], NULL, i % 2 ? put_entries : take_entries,
				      NULL) == 0);
	for (int i = 0; i < 4; i++)
		EXPECT(pthread_join(threads[i], NULL) == 0);
	EXPECT_EQUAL(sum, 2ull * ENTRIES * (ENTRIES + 1) / 2);
	queue->put = queue->taken + 6;
	EXPECT_EQUAL(twz_queue_take(queue, &entry, 0), -TWZ_ERR_CORRUPT);
	queue->put = queue->taken;
	queue->capacity = 1u << 30;
	EXPECT_EQUAL(twz_queue_put(queue, &entry, 0), -TWZ_ERR_CORRUPT);
}

static const struct test tests[] = {
	{random_changes_as_an_array, "a list's random changes, as an array"},
	{a_cursor_under_change, "a list's cursor under change"},
	{a_cursor_of_what_has_gone, "a list's cursor of what has gone"},
	{hostile_lists, "hostile lists"},
	{queues_between_threads, "queues between threads"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
