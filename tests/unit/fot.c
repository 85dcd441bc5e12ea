/* SPDX-License-Identifier: BSD-2-Clause */
/* FOT entries on the host that are released and used again: by one thread, and by several while
 * others follow pointers. */
#include "host_object.h"
#include <pthread.h>
#include <string.h>
#include <twz/fot.h>
#include <twz/ptr.h>

#define THREADS 4
#define TARGETS 12
#define TURNS	20000
#define TABLES	12000
#define FIRST	4 /* entries of each thread */

static void a_reused_entry_leads_to_its_new_target(void)
{
	struct twz_object a = make(), x = make(), y = make();
	twz_iptr *word = twz_object_base(&a);

	for (int turn = 0; turn < 10; turn++) {
		const struct twz_object *to = turn % 2 ? &x : &y;
		EXPECT_EQUAL(twz_store_word(word, twz_object_base(to)), TWZ_OK);
		EXPECT_EQUAL(twz_iptr_index(*word), 1);
		EXPECT(twz_deref_word(word) == twz_object_base(to));
		EXPECT(twz_deref_word(word) == twz_object_base(to));
		EXPECT_EQUAL(twz_fot_release(a.start, 1), TWZ_OK);
	}
}

static struct {
	struct twz_object from, to[TARGETS];
	bool stop;
} shared;

/* Words of its own in the shared object: pointers made, followed, given back. */
static void *insert_and_release(void *number)
{
	uint64_t random = 7 + (uint64_t)(uintptr_t)number;
	twz_iptr *words = (twz_iptr *)twz_object_base(&shared.from) + (uintptr_t)number * TARGETS;

	for (int turn = 0; turn < TURNS; turn++) {
		uint64_t i = (test_random(&random) >> 40) % TARGETS;
		if (words[i] != 0) {
			uint64_t index = twz_iptr_index(words[i]);
			words[i] = 0;
			EXPECT_EQUAL(twz_fot_release(shared.from.start, index), TWZ_OK);
			continue;
		}
		const struct twz_object *to = &shared.to[(test_random(&random) >> 40) % TARGETS];
		EXPECT_EQUAL(twz_store_word(&words[i], twz_object_base(to)), TWZ_OK);
		EXPECT(twz_deref_word(&words[i]) == twz_object_base(to));
		EXPECT(twz_deref_word(&words[i]) == twz_object_base(to));
	}
	for (int i = 0; i < TARGETS; i++)
		if (words[i] != 0)
			EXPECT_EQUAL(twz_fot_release(shared.from.start, twz_iptr_index(words[i])),
				     TWZ_OK);
	return NULL;
}

/* Pointers that stay, which lead where they led. */
static void *follow(void *argument)
{
	const twz_iptr *words = argument;

	while (!__atomic_load_n(&shared.stop, __ATOMIC_RELAXED))
		for (int i = 0; i < TARGETS; i += 2)
			EXPECT(twz_deref_word(&words[i]) == twz_object_base(&shared.to[i]));
	return NULL;
}

static void threads_insert_and_release_while_others_follow(void)
{
	pthread_t threads[THREADS], follower;

	shared.from = make();
	twz_iptr *stay = (twz_iptr *)twz_object_base(&shared.from) + THREADS * TARGETS;
	for (int i = 0; i < TARGETS; i++) {
		shared.to[i] = make();
		if (i % 2 == 0)
			EXPECT_EQUAL(twz_store_word(&stay[i], twz_object_base(&shared.to[i])),
				     TWZ_OK);
	}
	EXPECT(pthread_create(&follower, NULL, follow, stay) == 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&threads[i], NULL, insert_and_release, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		EXPECT(pthread_join(threads[i], NULL) == 0);
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELAXED);
	EXPECT(pthread_join(follower, NULL) == 0);

	/* what stays is counted once, all else is free again, and the table has not grown away */
	uint64_t count = twz_object_meta(&shared.from)->fot_count, used = 0;
	for (uint64_t i = 1; i <= count; i++) {
		const struct twz_fot_entry *entry = twz_fot_entry(shared.from.start, i);
		used += entry->refs;
		EXPECT_EQUAL(entry->flags != 0, entry->refs != 0);
	}
	printf("%lu entries\n", (unsigned long)count);
	EXPECT_EQUAL(used, TARGETS / 2);
	EXPECT(count <= THREADS * TARGETS * 4);
}

static pthread_barrier_t barrier;

/* A new table's first entries, made by all threads at once: none is two threads'. */
static void *begin_tables(void *number)
{
	uint64_t self = (uint64_t)(uintptr_t)number;

	for (uint64_t turn = 1; turn <= TABLES; turn++) {
		twz_result index[FIRST];
		pthread_barrier_wait(&barrier);
		for (uint64_t i = 0; i < FIRST; i++)
			index[i] = twz_fot_insert(shared.from.start,
						  (struct twz_id){turn, self * FIRST + i}, RW);
		pthread_barrier_wait(&barrier);
		for (uint64_t i = 0; i < FIRST; i++) {
			EXPECT(index[i] > 0);
			const struct twz_fot_entry *entry =
				twz_fot_entry(shared.from.start, (uint64_t)index[i]);
			EXPECT_EQUAL(entry->id.hi, turn);
			EXPECT_EQUAL(entry->id.lo, self * FIRST + i);
			EXPECT_EQUAL(entry->refs, 1);
		}
		pthread_barrier_wait(&barrier);
		if (self != 0)
			continue;
		struct twz_object_meta *meta = twz_object_meta(&shared.from);
		uint64_t count = meta->fot_count;
		EXPECT(count >= THREADS * FIRST && count <= THREADS * FIRST * 2);
		memset(twz_fot_entry(shared.from.start, count), 0,
		       count * sizeof(struct twz_fot_entry));
		meta->fot_count = 0;
	}
	return NULL;
}

static void threads_begin_a_table_at_once(void)
{
	pthread_t threads[THREADS];

	shared.from = make();
	EXPECT(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&threads[i], NULL, begin_tables, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		EXPECT(pthread_join(threads[i], NULL) == 0);
}

static const struct test tests[] = {
	{a_reused_entry_leads_to_its_new_target, "a reused entry leads to its new target"},
	{threads_insert_and_release_while_others_follow,
	 "threads insert and release entries while others follow"},
	{threads_begin_a_table_at_once, "threads begin a table at once"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
