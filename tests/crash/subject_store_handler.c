/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commit of a handler's run: after a power loss globals, outputs and sequence number are all as
 * before the run or all as after.
 */
#include "store_region.h"
#include <commit.h>

#define SIZE		(512u << 10)
#define SEQUENCE_OFFSET (4096 + 80)

static struct store_region region = {.size = SIZE};
static struct store_object state, registry, files[2];

struct contents {
	uint64_t sequence, sizes[2], globals, bytes[2];
};

static struct {
	struct contents before, after;
} expected;

static const uint64_t size_offset = TWZ_META_OFFSET + offsetof(struct twz_object_meta, size);

static uint64_t *word(struct store *store, const struct store_object *object, uint64_t offset)
{
	uint64_t block;

	if (store_page(store, object, offset / 4096, true, &block) != TWZ_OK)
		return NULL;
	return (uint64_t *)((uint8_t *)store_block(store, block) + offset % 4096);
}

static uint64_t sum_of(struct store *store, const struct store_object *object, uint64_t offset,
		       uint64_t length)
{
	uint64_t sum = TWZ_FNV_START;

	for (uint64_t at = 0; at < length; at++) {
		const uint8_t *bytes = (const uint8_t *)word(store, object, (offset + at) & ~7ull);
		sum = twz_fnv1a(sum, bytes + (offset + at) % 8, 1);
	}
	return sum;
}

static struct contents contents_of(struct store *store)
{
	struct contents c = {.sequence = *word(store, &registry, SEQUENCE_OFFSET),
			     .globals = sum_of(store, &state, 0, 8192)};

	for (int i = 0; i < 2; i++) {
		c.sizes[i] = *word(store, &files[i], size_offset);
		c.bytes[i] = sum_of(store, &files[i], TWZ_BASE_OFFSET,
				    c.sizes[i] < 20000 ? c.sizes[i] : 0);
	}
	return c;
}

static const char *check(void)
{
	const char *message, *wrong = NULL;
	struct store store;

	if (store_open(&store, region.image, SIZE, store_region_id, &state_memory, &message) !=
	    TWZ_OK)
		return message;
	if (store_check(&store, &message) != TWZ_OK)
		wrong = message;
	if (!wrong) {
		struct contents c = contents_of(&store);
		if (memcmp(&c, &expected.before, sizeof(c)) != 0 &&
		    memcmp(&c, &expected.after, sizeof(c)) != 0)
			wrong = "a part is of before and a part of after";
	}
	store_close(&store);
	return wrong;
}

static void moved(void *context, const struct store_swap *swap)
{
	(void)context;
	(void)swap;
}

/* Run number `n`: both pages of globals, and an append to each file that has a length. */
static void perform(struct store *store, uint64_t n, const uint64_t lengths[2])
{
	static uint8_t pages[2][4096], text[9000];
	struct handler_commit_page dirty[2] = {{0, pages[0]}, {1, pages[1]}};
	struct handler_commit_file grown[2];
	struct handler_commit commit = {
		.store = store,
		.state = &state,
		.pages = dirty,
		.page_count = 2,
		.files = grown,
		.time = n,
		.registry = &registry,
		.sequence_offset = SEQUENCE_OFFSET,
		.sequence = n,
		.allocate = calloc,
		.release = free,
		.moved = moved,
	};

	memset(pages[0], (int)n, sizeof(pages[0]));
	memset(pages[1], (int)n + 1, sizeof(pages[1]));
	for (uint64_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + n);
	for (int i = 0; i < 2; i++)
		if (lengths[i])
			grown[commit.file_count++] = (struct handler_commit_file){
				&files[i], *word(store, &files[i], size_offset), text, lengths[i]};
	MUST(handler_commit(&commit) == TWZ_OK);
}

/* Learns on a copy what the run is to change. */
static void rehearse(uint64_t n, const uint64_t lengths[2])
{
	struct store trial;

	explore_mode = EXPLORE_OFF;
	memcpy(region.copy, region.live, SIZE);
	store_region_open(&region, region.copy, &trial);
	struct contents before = contents_of(&trial);
	perform(&trial, n, lengths);
	struct contents after = contents_of(&trial);
	store_close(&trial);
	explore_mode = EXPLORE_RECORD;
	expected.before = before;
	expected.after = after;
}

static void prepare(struct store *store)
{
	struct store_object *all[] = {&state, &registry, &files[0], &files[1]};

	store_region_open(&region, region.live, store);
	for (uint64_t i = 0; i < 4; i++) {
		*all[i] = (struct store_object){.id = state_id(i),
						.flags = TWZ_OBJECT_PERSISTENT |
							 (i < 2 ? TWZ_OBJECT_RAW : 0),
						.kind = i < 2 ? 0 : TWZ_KIND_FILE};
		MUST(store_create(store, all[i]) == TWZ_OK);
	}
	perform(store, 7, (const uint64_t[2]){4090, 1});
	expected.before = expected.after = contents_of(store);
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {
		.check = check, .expected = &expected, .expected_size = sizeof(expected)};
	struct store store;

	store_region_begin(&region, &plan, seed);
	prepare(&store);
	explore_begin(&plan);
	for (uint64_t n = 8; n < 8 + steps && explore_goes_on(); n++) {
		uint64_t lengths[2] = {draw(2) * draw(40), draw(3) ? draw(8) : draw(900)};
		rehearse(n, lengths);
		perform(&store, n, lengths);
		expected.before = expected.after;
	}
	explore_end(result);
	store_close(&store);
}

const struct subject handler_subjects[] = {
	{"commit of a handler's run", run, 12, 2},
	{0},
};
