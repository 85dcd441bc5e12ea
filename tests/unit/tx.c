/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions on the host: commit, undo, nesting, the heap, threads, dead programs, hostile logs.
 */
#include "test.h"
#include <collections/bytes.h>
#include <host/host.h>
#include <layout/log_internal.h>
#include <pthread.h>
#include <string.h>
#include <twz/alloc.h>
#include <twz/ptr.h>
#include <twz/tx.h>

#define LOG_AT (TWZ_SLOT_SIZE - (16ull << 20) - TWZ_TX_LOG_SIZE)

struct content {
	uint64_t number[4];
	twz_ptr(uint64_t) block, second;
	char large[3 << 20];
};

static struct twz_object object;
static struct content *content;

static void make(void)
{
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), TWZ_OK);
	EXPECT_EQUAL(twz_heap_make(&object, sizeof(struct content)), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	content = twz_object_base(&object);
}

static void a_block_commits(void)
{
	struct twz_tx tx;

	make();
	TWZ_TX(&tx, &object)
	{
		EXPECT_EQUAL(twz_tx_set(&tx, &content->number[0], 7), TWZ_OK);
		EXPECT_EQUAL(content->number[0], 7);
	}
	EXPECT_EQUAL(tx.result, TWZ_OK);
	EXPECT_EQUAL(content->number[0], 7);
	EXPECT_EQUAL(twz_tx_commit(&tx), TWZ_OK); /* outside: nothing happens */
	EXPECT_EQUAL(twz_tx_set(&tx, &content->number[0], 8), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(content->number[0], 7);
}

static twz_result returns_early(struct twz_tx *tx)
{
	TWZ_TX(tx, &object)
	{
		twz_tx_set(tx, &content->number[0], 100);
		return 1;
	}
	return 0;
}

static void a_block_left_early_is_undone(void)
{
	struct twz_tx tx;

	TWZ_TX(&tx, &object)
	{
		twz_tx_set(&tx, &content->number[0], 9);
		twz_tx_set(&tx, &content->number[1], 9);
		twz_tx_set(&tx, &content->number[0], 10);
		break;
	}
	EXPECT_EQUAL(tx.result, -TWZ_ERR_INTERRUPTED);
	EXPECT_EQUAL(content->number[0], 7);
	EXPECT_EQUAL(content->number[1], 0);
	EXPECT_EQUAL(returns_early(&tx), 1);
	EXPECT_EQUAL(tx.result, -TWZ_ERR_INTERRUPTED);
	EXPECT_EQUAL(content->number[0], 7);
}

static void inner_ones_are_undone_alone(void)
{
	struct twz_tx outer, inner;

	TWZ_TX(&outer, &object)
	{
		twz_tx_set(&outer, &content->number[0], 20);
		TWZ_TX(&inner, &object)
		{
			twz_tx_set(&inner, &content->number[0], 21);
			twz_tx_set(&inner, &content->number[1], 21);
			break;
		}
		EXPECT_EQUAL(content->number[0], 20);
		EXPECT_EQUAL(content->number[1], 0);
		TWZ_TX(&inner, &object)
		twz_tx_set(&inner, &content->number[2], 22);
		EXPECT_EQUAL(inner.result, TWZ_OK);
	}
	EXPECT_EQUAL(outer.result, TWZ_OK);
	EXPECT_EQUAL(content->number[0], 20);
	EXPECT_EQUAL(content->number[2], 22);
	TWZ_TX(&outer, &object)
	{
		TWZ_TX(&inner, &object)
		twz_tx_set(&inner, &content->number[2], 23);
		break;
	}
	EXPECT_EQUAL(content->number[2], 22); /* what an inner one commits ends with the outer */
}

static void blocks_come_and_go_with_it(void)
{
	struct twz_heap *heap = (void *)(object.start + twz_object_meta(&object)->heap);
	uint64_t end = heap->end;
	struct twz_tx tx;

	TWZ_TX(&tx, &object)
	{
		EXPECT_EQUAL(twz_tx_alloc(&tx, 100, &content->block), TWZ_OK);
		EXPECT(twz_deref(&content->block) != NULL && heap->end > end);
		break;
	}
	EXPECT(content->block.word == 0 && heap->end == end);
	TWZ_TX(&tx, &object)
	twz_tx_alloc(&tx, 100, &content->block);
	EXPECT_EQUAL(tx.result, TWZ_OK);
	*twz_deref(&content->block) = 5;
	TWZ_TX(&tx, &object)
	{
		twz_tx_free(&tx, &content->block);
		EXPECT(content->block.word == 0);
		/* the freed block is not given out before the commit */
		twz_tx_alloc(&tx, 100, &content->second);
		break;
	}
	EXPECT_EQUAL(*twz_deref(&content->block), 5);
	EXPECT(content->second.word == 0);
	uint64_t word = content->block.word;
	TWZ_TX(&tx, &object)
	twz_tx_free(&tx, &content->block);
	EXPECT_EQUAL(tx.result, TWZ_OK);
	/* outside a transaction it is one by itself */
	EXPECT_EQUAL(twz_alloc(&object, 100, &content->second), TWZ_OK);
	EXPECT_EQUAL(content->second.word, word);
	EXPECT_EQUAL(twz_free(&object, &content->second), TWZ_OK);
	EXPECT(content->second.word == 0);
	EXPECT_EQUAL(twz_alloc(&object, TWZ_HEAP_LARGEST + 1, &content->second),
		     -TWZ_ERR_INVALID_ARGUMENT);
}

static void errors_undo(void)
{
	struct twz_object outside = object;
	struct twz_tx tx;
	int local;

	TWZ_TX(&tx, &object)
	{
		twz_tx_set(&tx, &content->number[3], 30);
		EXPECT_EQUAL(twz_tx_add(&tx, &local, sizeof(local)), -TWZ_ERR_INVALID_ARGUMENT);
		EXPECT_EQUAL(twz_tx_set(&tx, &content->number[3], 31), -TWZ_ERR_INVALID_ARGUMENT);
	}
	EXPECT_EQUAL(tx.result, -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(content->number[3], 0);
	TWZ_TX(&tx, &object)
	EXPECT_EQUAL(twz_tx_add(&tx, object.start + LOG_AT + 64, 8), -TWZ_ERR_INVALID_ARGUMENT);
	TWZ_TX(&tx, &object)
	EXPECT_EQUAL(twz_tx_add(&tx, object.start + 8, 8), -TWZ_ERR_INVALID_ARGUMENT);
	/* what the log cannot hold: all is as before */
	twz_result result = TWZ_OK;
	TWZ_TX(&tx, &object)
	for (int i = 0; i < 100 && result >= 0; i++) {
		char *range = content->large + (uint64_t)i * sizeof(content->large);
		result = twz_tx_add(&tx, range, sizeof(content->large));
		if (result >= 0)
			range[0] = 'x';
	}
	EXPECT_EQUAL(result, -TWZ_ERR_NO_SPACE);
	EXPECT_EQUAL(tx.result, result);
	EXPECT_EQUAL(content->large[0], 0);
	outside.rights = TWZ_RIGHT_READ;
	EXPECT_EQUAL(twz_tx_open(&outside), -TWZ_ERR_INVALID_ARGUMENT);
	struct twz_id id;
	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_FILE, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &outside), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&outside), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_tx_begin(&tx, &outside), -TWZ_ERR_NOT_FOUND);
	EXPECT(tx.state == TWZ_TX_OUTSIDE);
}

static void *add_many(void *argument)
{
	(void)argument;
	for (int i = 0; i < 5000; i++) {
		struct twz_tx tx;
		TWZ_TX(&tx, &object)
		{
			twz_tx_set(&tx, &content->number[0], content->number[0] + 1);
			if (i % 7 == 0)
				break;
			twz_tx_set(&tx, &content->number[1], content->number[1] + 1);
		}
		EXPECT_EQUAL(tx.result, i % 7 == 0 ? -TWZ_ERR_INTERRUPTED : TWZ_OK);
	}
	return NULL;
}

static void threads_take_turns(void)
{
	pthread_t threads[4];

	content->number[0] = content->number[1] = 0;
	for (int i = 0; i < 4; i++)
		EXPECT_EQUAL(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQUAL(content->number[0], 4 * (5000 - 715));
	EXPECT_EQUAL(content->number[1], content->number[0]);
}

static void a_dead_program_is_undone(void)
{
	struct twz_tx tx;

	content->number[2] = 1;
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	twz_tx_set(&tx, &content->number[2], 2);
	host_new_view(); /* it ends here */
	EXPECT_EQUAL(twz_tx_open(&object), 1);
	EXPECT_EQUAL(content->number[2], 1);
	EXPECT_EQUAL(twz_tx_open(&object), 0);
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	twz_tx_set(&tx, &content->number[2], 3);
	host_new_view();
	TWZ_TX(&tx, &object)
	EXPECT_EQUAL(content->number[2], 1);
	EXPECT_EQUAL(tx.result, TWZ_OK);
}

/* Any bytes in the log: an error or not, but nothing outside the object is touched (its neighbours
 * are not mapped), and what is inside is data. */
static void hostile_logs(void)
{
	struct twz_log_header *header = (void *)(object.start + LOG_AT);
	uint64_t random = 5, *words = (uint64_t *)header;
	struct twz_log log = {object.start, LOG_AT, LOG_AT + TWZ_TX_LOG_SIZE};

	for (int round = 0; round < 20000; round++) {
		struct twz_tx tx;
		memset(header, 0, 4096);
		twz_log_format(&log);
		int damage_open = round % 2;
		if (damage_open) {
			/* well-formed records with odd places: their checksums hold */
			twz_log_begin(&log);
			for (int i = 0; i < 3; i++)
				twz_log_append(&log, TWZ_BASE_OFFSET + test_random(&random) % 4096,
					       test_random(&random) % 64, 0);
		}
		if (!damage_open)
			twz_tx_begin(&tx, &object);
		for (int i = 0; i < 3; i++) {
			uint64_t at = 3 + (test_random(&random) >> 20) % 30;
			uint64_t value = test_random(&random) >> (test_random(&random) & 63);
			if (at != 3 && at != 4)
				words[at] = value;
		}
		if (damage_open) {
			twz_tx_open(&object);
			continue;
		}
		header->holder = (struct twz_id){0x766965770000ull, host_view()};
		twz_tx_set(&tx, &content->number[3], 1);
		twz_tx_set(&tx, &content->number[1], 1);
		if (test_random(&random) & 4096)
			twz_tx_abort(&tx);
		else
			twz_tx_commit(&tx);
		header->holder = TWZ_ID_NONE;
	}
}

/* On a disk the outermost commit that changed something ends with a sync; nothing else does. */
static void commits_on_a_disk(void)
{
	struct twz_tx tx, inner;
	uint64_t before;

	host_set_disk(true, TWZ_OK);
	make();
	before = host_syncs();
	TWZ_TX(&tx, &object)
	{
		TWZ_TX(&inner, &object)
		twz_tx_set(&inner, &content->number[0], 1);
		EXPECT_EQUAL(host_syncs(), before);
	}
	EXPECT_EQUAL(tx.result, TWZ_OK);
	EXPECT_EQUAL(host_syncs(), before + 1);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	TWZ_TX(&tx, &object)
	EXPECT_EQUAL(content->number[0], 1);
	TWZ_TX(&tx, &object)
	{
		twz_tx_set(&tx, &content->number[0], 2);
		break;
	}
	EXPECT_EQUAL(tx.result, -TWZ_ERR_INTERRUPTED);
	EXPECT_EQUAL(host_syncs(), before + 1);
	host_set_disk(true, -TWZ_ERR_IO);
	TWZ_TX(&tx, &object)
	twz_tx_set(&tx, &content->number[0], 3);
	EXPECT_EQUAL(tx.result, -TWZ_ERR_IO);
	EXPECT_EQUAL(content->number[0], 3);
	/* what another program opens knows better than what lies in the object */
	host_set_disk(false, TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	before = host_syncs();
	TWZ_TX(&tx, &object)
	twz_tx_set(&tx, &content->number[0], 4);
	EXPECT_EQUAL(host_syncs(), before);
}

static void set_by_step(uint64_t *word, uint64_t value)
{
	struct twz_stage stage;
	struct twz_tx tx;

	TWZ_TX(&tx, &object)
	{
		twz_stage_begin(&stage, &tx);
		twz_stage_word(&stage, word, value);
		EXPECT_EQUAL(twz_stage_apply(&stage), TWZ_OK);
	}
	EXPECT_EQUAL(tx.result, TWZ_OK);
}

static void steps_are_done_again(void)
{
	struct twz_tx tx;

	set_by_step(&content->number[0], 1);
	set_by_step(&content->number[1], 2);
	set_by_step(&content->number[0], 3);
	EXPECT(content->number[0] == 3 && content->number[1] == 2);
	content->number[0] = content->number[1] = 0; /* not durable when power went */
	host_new_view();
	EXPECT_EQUAL(twz_tx_open(&object), 0);
	EXPECT(content->number[0] == 3 && content->number[1] == 2);
	/* once: they are durable now */
	content->number[0] = 4;
	EXPECT_EQUAL(twz_tx_open(&object), 0);
	EXPECT_EQUAL(content->number[0], 4);
	/* never behind a transaction that came later */
	set_by_step(&content->number[0], 5);
	TWZ_TX(&tx, &object)
	twz_tx_set(&tx, &content->number[0], 6);
	host_new_view();
	EXPECT_EQUAL(twz_tx_open(&object), 0);
	EXPECT_EQUAL(content->number[0], 6);
	/* within a transaction that may be undone it is no step */
	TWZ_TX(&tx, &object)
	{
		set_by_step(&content->number[0], 7);
		EXPECT_EQUAL(content->number[0], 7);
		break;
	}
	EXPECT_EQUAL(content->number[0], 6);
}

/* Whose first record was lost with the power. */
static void records_that_are_left_never_count(void)
{
	struct twz_tx tx;

	make();
	struct twz_log_record *first =
		(void *)(object.start + LOG_AT + sizeof(struct twz_log_header));
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	struct twz_tx_range both[] = {{&content->number[0], 8}, {&content->number[1], 8}};
	EXPECT_EQUAL(twz_tx_add_ranges(&tx, both, 2), TWZ_OK);
	first->check = 0;
	host_new_view();
	EXPECT_EQUAL(twz_tx_open(&object), 0);
	content->number[1] = 9;
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	EXPECT_EQUAL(twz_tx_set(&tx, &content->number[0], 5), TWZ_OK);
	host_new_view();
	EXPECT_EQUAL(twz_tx_open(&object), 1);
	EXPECT_EQUAL(content->number[0], 0);
	EXPECT_EQUAL(content->number[1], 9);
}

/* Steps whose checksum holds and whose places are anything: only the object's data changes. */
static void hostile_steps(void)
{
	struct twz_log log = {object.start, LOG_AT, LOG_AT + TWZ_TX_LOG_SIZE};
	struct twz_log_header *header = twz_log_header(&log);
	const uint8_t *aim = object.start + TWZ_BASE_OFFSET + 4096;
	uint64_t random = 9, repeated = 0;
	static uint8_t before[4096];

	for (int round = 0; round < 20000; round++) {
		uint64_t sequence = header->sequence;
		struct twz_log_step *step = &header->steps[round & 1];
		step->turn = (uint32_t)test_random(&random);
		step->words = 1 + (uint32_t)(test_random(&random) >> 33) % 70;
		for (uint32_t i = 0; i < TWZ_LOG_STEP_WORDS; i++) {
			uint64_t place =
				TWZ_BASE_OFFSET + 4096 + (test_random(&random) >> 40) % 4096;
			step->changes[i] =
				test_random(&random) & 4096
					? test_random(&random) >> (test_random(&random) & 63)
					: (test_random(&random) >> 33) % 40 << 32 | place;
		}
		if (step->words <= TWZ_LOG_STEP_WORDS)
			step->check = log_check(log_check(0, &sequence, 1), (uint64_t *)step + 1,
						1 + step->words);
		memcpy(before, aim, sizeof(before));
		twz_tx_open(&object);
		repeated += memcmp(before, aim, sizeof(before)) != 0;
	}
	EXPECT(repeated > 100);
}

/* What was read without the lock counts only when nobody has changed anything meanwhile. */
static void readers_see_changes(void)
{
	struct twz_tx tx;
	uint64_t turns;

	make();
	EXPECT(twz_internal_read_begin(&object, &turns));
	EXPECT(twz_internal_read_end(&object, turns));
	TWZ_TX(&tx, &object)
	{
		EXPECT(!twz_internal_read_end(&object, turns));
		EXPECT(!twz_internal_read_begin(&object, &turns));
		EXPECT(!twz_internal_read_end(&object, turns)); /* of the same turn */
	}
	EXPECT(twz_internal_read_begin(&object, &turns));
	TWZ_TX(&tx, &object)
	twz_tx_set(&tx, &content->number[0], 7);
	EXPECT(!twz_internal_read_end(&object, turns));
}

static void older_formats_are_refused(void)
{
	struct twz_log_header *header = (void *)(object.start + LOG_AT);
	struct twz_heap *heap = (void *)(object.start + twz_object_meta(&object)->heap);

	header->version = TWZ_LOG_VERSION - 1;
	EXPECT_EQUAL(twz_tx_open(&object), -TWZ_ERR_VERSION_MISMATCH);
	header->version = TWZ_LOG_VERSION;
	EXPECT_EQUAL(twz_tx_open(&object), 0);
	heap->version = TWZ_HEAP_VERSION - 1;
	EXPECT_EQUAL(twz_alloc(&object, 10, &content->block), -TWZ_ERR_VERSION_MISMATCH);
	heap->version = TWZ_HEAP_VERSION;
	EXPECT_EQUAL(twz_alloc(&object, 10, &content->block), TWZ_OK);
}

/* A sync of a disk leaves out the records' pages when this says so. */
static void a_log_is_idle_between(void)
{
	struct twz_log_header *header = (void *)(object.start + LOG_AT);
	struct twz_tx tx, inner;

	EXPECT(twz_log_is_idle(header));
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	EXPECT(!twz_log_is_idle(header));
	twz_tx_set(&tx, &content->number[0], 1);
	EXPECT_EQUAL(twz_tx_begin(&inner, &object), TWZ_OK);
	twz_tx_set(&inner, &content->number[0], 2);
	twz_tx_abort(&inner);
	EXPECT(!twz_log_is_idle(header));
	EXPECT_EQUAL(twz_tx_commit(&tx), TWZ_OK);
	EXPECT(twz_log_is_idle(header));
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	twz_tx_set(&tx, &content->number[0], 3);
	/* as a power loss may leave it: without a holder, with records */
	header->holder = TWZ_ID_NONE;
	EXPECT(!twz_log_is_idle(header));
	EXPECT_EQUAL(twz_tx_open(&object), 1);
	EXPECT(twz_log_is_idle(header));
}

static const struct test tests[] = {
	{a_block_commits, "a block commits"},
	{a_block_left_early_is_undone, "a block that is left early is undone"},
	{inner_ones_are_undone_alone, "inner transactions are undone alone"},
	{blocks_come_and_go_with_it, "blocks of the heap come and go with it"},
	{errors_undo, "errors undo"},
	{threads_take_turns, "threads take turns"},
	{a_log_is_idle_between, "a log is idle between transactions"},
	{a_dead_program_is_undone, "a dead program is undone"},
	{commits_on_a_disk, "commits on a disk sync once"},
	{steps_are_done_again, "steps are done again"},
	{records_that_are_left_never_count, "records that a power loss left never count"},
	{readers_see_changes, "readers without the lock see changes"},
	{older_formats_are_refused, "older formats are refused"},
	{hostile_logs, "hostile logs"},
	{hostile_steps, "hostile steps"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
