/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transactional object under the model of persistent memory, and a second one in which a state is
 * opened as after a boot. Who includes it defines DATA and LOG, the bytes that the model watches
 * from the base and from the log on.
 */
#ifndef CRASH_OBJECT_H
#define CRASH_OBJECT_H

#include "persistence.h"
#include "test.h"
#include <host/host.h>
#include <string.h>
#include <twz/alloc.h>
#include <twz/tx.h>

#define LOG_AT (TWZ_SLOT_SIZE - (16ull << 20) - TWZ_TX_LOG_SIZE)

static struct twz_object object, other;
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
	return (test_random(&random_state) >> 33) % below;
}

static struct twz_object make_object(void)
{
	struct twz_object made;
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &made), TWZ_OK);
	return made;
}

/* Empties the object, with a heap behind its content. The same seed each time. */
static void begin_object(uint64_t content_size, uint64_t seed)
{
	if (!object.start) {
		object = make_object();
		other = make_object();
	}
	random_state = seed;
	memset(twz_object_base(&object), 0, DATA);
	memset(object.start + LOG_AT, 0, LOG);
	twz_object_meta(&object)->heap = 0;
	EXPECT_EQUAL(twz_heap_make(&object, content_size), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	twz_object_meta(&other)->heap = twz_object_meta(&object)->heap;
}

/* From now on the model explores each fence; n: the flushed line that is left out, ~0 none. */
static void watch_object(persistence_check check, uint64_t n)
{
	persistence_begin_two(twz_object_base(&object), DATA, object.start + LOG_AT, LOG, check, 4);
	persistence_drop(n);
}

/* Puts a state into the other object and opens it there by another program. */
static twz_result open_state(const void *image)
{
	uint64_t view = host_view();

	memcpy(twz_object_base(&other), image, DATA);
	memcpy(other.start + LOG_AT, (const uint8_t *)image + DATA, LOG);
	host_new_view();
	twz_result result = twz_tx_open(&other);
	host_set_view(view);
	return result;
}

typedef struct persistence_result (*crash_run)(int steps, uint64_t drop);

static void expect_no_wrong_state(crash_run run, int steps)
{
	struct persistence_result result = run(steps, ~0ull);

	printf("%llu states\n", (unsigned long long)result.states);
	if (result.wrong)
		fprintf(stderr, "%llu wrong: %s\n", (unsigned long long)result.wrong, result.first);
	EXPECT_EQUAL(result.wrong, 0);
	EXPECT(result.states > 20000);
}

static void expect_drops_found(crash_run run, int steps)
{
	uint64_t lines = run(steps, ~0ull).lines, found = 0;

	for (uint64_t line = 0; line < lines; line++)
		found += run(steps, line).wrong != 0;
	printf("%llu of %llu dropped flushes found\n", (unsigned long long)found,
	       (unsigned long long)lines);
	/* not every line that is left out has to show: some are flushed more than once */
	EXPECT(found * 5 > lines * 2);
}

#endif
