/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store on a disk. Every write and flush of a mixed load is recorded; then images are made of
 * what power loss can leave: at each flush, of the writes since the one before, some dropped, some
 * torn by sectors, in any order. Each has to be the store as of the last barrier that was
 * acknowledged, or of the one under way. Arguments: --full (5,000 images instead of 300), --images
 * N, --seed N (of the first load), --quick (up to the first wrong image).
 */
#include "recorded_disk.h"
#include "test.h"
#include <string.h>

/* ---- the load ---- */

#define OBJECTS 12
#define STEPS	160

static struct store_object objects[OBJECTS];
static bool there[OBJECTS];

static uint64_t a_page(uint64_t random)
{
	static const uint64_t pages[] = {1,
					 2,
					 3,
					 222,
					 223,
					 700,
					 733,
					 30000,
					 70000,
					 200000,
					 STORE_PAGES - 17,
					 STORE_PAGES - 2};

	return pages[random % (sizeof(pages) / sizeof(pages[0]))];
}

static void commit_some(uint64_t *random, uint64_t step)
{
	static uint64_t contents[6][BLOCK / 8];
	struct store_swap swaps[6];
	struct store_update update = {0};
	uint64_t count = 0;

	for (uint64_t n = test_random(random) % 6 + 1; n > 0; n--) {
		uint64_t which = test_random(random) % OBJECTS, page = a_page(test_random(random));
		bool twice = !there[which];
		for (uint64_t i = 0; i < count; i++)
			twice |= swaps[i].object == &objects[which] && swaps[i].page == page;
		if (twice)
			continue;
		fill(contents[count], step * 8 + n);
		swaps[count] = (struct store_swap){&objects[which], page, contents[count], 0};
		count++;
	}
	uint64_t which = test_random(random) % OBJECTS;
	if (there[which])
		update = (struct store_update){&objects[which], 5 * BLOCK + 64, step};
	EXPECT_EQUAL(store_commit(&store, swaps, count, &update, there[which], NULL, NULL), TWZ_OK);
}

/* What is durable now. */
static void acknowledge(void)
{
	static uint64_t digest;
	uint64_t now = state_digest(&store, NULL);

	EXPECT(now != 0);
	if (now != digest || disk.count == 0)
		note(ACKNOWLEDGED, now, NULL);
	digest = now;
}

static void create(uint64_t which, uint64_t number)
{
	objects[which] =
		(struct store_object){.id = state_id(number), .flags = TWZ_OBJECT_PERSISTENT};
	EXPECT_EQUAL(store_create(&store, &objects[which]), TWZ_OK);
	there[which] = true;
}

/* The first record of an empty journal is one of several blocks; one somewhere has more pages than
 * it can vouch for. */
static void commit_many(uint64_t number)
{
	static uint64_t contents[BLOCK / 8];
	struct store_swap swaps[STORE_VOUCHED + 9];
	uint64_t count = number / 16 % 2 ? STORE_VOUCHED + 9 : STORE_VOUCHED;

	if (!there[0])
		create(0, number);
	EXPECT_EQUAL(count == STORE_VOUCHED ? store_checkpoint(&store) : store_barrier(&store),
		     TWZ_OK);
	acknowledge();
	fill(contents, number);
	for (uint64_t i = 0; i < count; i++)
		swaps[i] = (struct store_swap){&objects[0], 50 + i, contents, 0};
	EXPECT_EQUAL(store_commit(&store, swaps, count, NULL, 0, NULL, NULL), TWZ_OK);
}

static void step(uint64_t *random, uint64_t number)
{
	uint64_t which = test_random(random) % OBJECTS;
	struct store_object *object = &objects[which];

	if (number % 16 == 9) {
		commit_many(number);
		return;
	}
	switch (test_random(random) % 6) {
	case 0:
	case 1:
		if (there[which])
			break;
		create(which, number);
		if (number % 4 != 0)
			break;
		/* its pages are free before they were durable */
		EXPECT_EQUAL(store_unlink(&store, object), TWZ_OK);
		EXPECT_EQUAL(store_free(&store, object), TWZ_OK);
		EXPECT_EQUAL(store_set_root(&store, STORE_ROOT_HANDLERS, state_id(number)), TWZ_OK);
		there[which] = false;
		break;
	case 2:
		if (!there[which] || number % 3)
			break;
		EXPECT_EQUAL(store_unlink(&store, object), TWZ_OK);
		if (number % 2)
			EXPECT_EQUAL(store_free(&store, object), TWZ_OK);
		there[which] = false;
		break;
	case 3:
		if (there[which]) {
			uint64_t page = a_page(number);
			uint64_t count = STORE_PAGES - page < 600 ? STORE_PAGES - page : 600;
			EXPECT_EQUAL(store_discard(&store, object, page, count), TWZ_OK);
		}
		break;
	default:
		commit_some(random, number);
	}
	if (test_random(random) % 3 == 0)
		EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
}

/* Runs the load; each barrier's digest is in the list of events. */
static void record(uint8_t *bytes, uint64_t seed)
{
	disk.record = false;
	memset(there, 0, sizeof(there));
	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	disk.record = true;
	for (uint64_t i = 1; i <= STEPS; i++) {
		step(&seed, i);
		if (store.batch.count == 0)
			acknowledge();
		if (i == STEPS / 2) {
			EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
			EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
			acknowledge();
			store_close(&store);
			EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
		}
	}
	EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
	acknowledge();
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	store_close(&store);
	disk.record = false;
}

/* ---- what power loss can leave ---- */

static void apply_torn(uint8_t *image, const struct event *event, uint64_t *random)
{
	uint64_t how = test_random(random) >> 20;

	for (unsigned sector = 0; sector < BLOCK / SECTOR; sector++)
		if (how % 3 == 0 || how >> (sector + 8) & 1)
			memcpy(image + event->block * BLOCK + sector * SECTOR,
			       event->bytes + sector * SECTOR, SECTOR);
}

/* The last few writes of [from, to) alone, or all but one of them, which is torn or missing. */
static void apply_last(uint8_t *image, size_t from, size_t to, bool alone, uint64_t *random)
{
	size_t window = alone ? 3 : 12;
	size_t at =
		to - 1 - (test_random(random) >> 16) % (to - from < window ? to - from : window);

	for (size_t i = alone ? at : from; i < to; i++)
		if ((i != at || alone) && disk.events[i].kind == WRITE)
			memcpy(image + disk.events[i].block * BLOCK, disk.events[i].bytes, BLOCK);
	if (!alone && disk.events[at].kind == WRITE && test_random(random) >> 20 & 1)
		apply_torn(image, &disk.events[at], random);
}

/* Some of the writes [from, to), in a random order. */
static void apply_some(uint8_t *image, size_t from, size_t to, uint64_t *random)
{
	size_t order[512], count = 0;

	for (size_t i = from; i < to && count < 512; i++)
		if (disk.events[i].kind == WRITE)
			order[count++] = i;
	for (size_t i = count; i > 1; i--) {
		size_t other = (test_random(random) >> 16) % i, kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
	uint64_t share = test_random(random) >> 16;
	for (size_t i = 0; i < count; i++)
		if (share % 5 == 0 || (test_random(random) >> 16) % 5 >= share % 5)
			apply_torn(image, &disk.events[order[i]], random);
}

#define IMAGES_OF_LOAD 100

static uint64_t images_wanted = 300, first_seed = 1;
static uint64_t images, olds, news;
static bool quick;

static const char *judge(uint8_t *image, uint64_t before, uint64_t after)
{
	const char *wrong = NULL;
	struct store opened;

	images++;
	if (open_disk(&opened, image, SIZE) != TWZ_OK)
		return message;
	if (store_check(&opened, &message) != TWZ_OK)
		wrong = message;
	uint64_t digest = state_digest(&opened, NULL);
	olds += digest == before;
	news += digest == after;
	if (!wrong && digest != before && digest != after)
		wrong = "neither the acknowledged state nor the next";
	store_close(&opened);
	if (wrong || images % 4 != 0)
		return wrong;
	/* what was recovered stays so */
	if (open_disk(&opened, image, SIZE) != TWZ_OK)
		return message;
	if (state_digest(&opened, NULL) != digest)
		wrong = "another state when it is opened once more";
	store_close(&opened);
	return wrong;
}

/* The first acknowledged digest from an event on; `none` behind the last. */
static uint64_t next_digest(size_t from, uint64_t none)
{
	for (; from < disk.count; from++)
		if (disk.events[from].kind == ACKNOWLEDGED)
			return disk.events[from].block;
	return none;
}

/* At least `wanted` images over all flushes. Returns how many were wrong. */
static uint64_t crash(const uint8_t *start, uint64_t wanted, uint64_t seed, const char **first)
{
	uint8_t *durable = malloc(SIZE), *image = malloc(SIZE);
	uint64_t flushes = 0, wrong = 0, acknowledged = 0;
	size_t from = 0;

	EXPECT(durable && image);
	memcpy(durable, start, SIZE);
	for (size_t i = 0; i < disk.count; i++)
		flushes += disk.events[i].kind == FLUSH;
	uint64_t each = wanted / flushes + 1;
	for (size_t i = 0; i < disk.count; i++) {
		struct event *event = &disk.events[i];
		if (event->kind == ACKNOWLEDGED)
			acknowledged = event->block;
		if (event->kind != FLUSH)
			continue;
		for (uint64_t n = 0; n < each && acknowledged; n++) {
			memcpy(image, durable, SIZE);
			uint64_t how = (test_random(&seed) >> 16) % 4;
			if (from < i && how > 1)
				apply_last(image, from, i, how == 2, &seed);
			else
				apply_some(image, from, i, &seed);
			const char *what = judge(image, acknowledged, next_digest(i, acknowledged));
			if (what && wrong++ == 0)
				*first = what;
		}
		if (wrong && quick)
			break;
		for (; from < i; from++)
			if (disk.events[from].kind == WRITE)
				memcpy(durable + disk.events[from].block * BLOCK,
				       disk.events[from].bytes, BLOCK);
	}
	free(durable);
	free(image);
	return wrong;
}

static void power_loss(void)
{
	const char *first = "";
	uint8_t *start = calloc(1, SIZE), *bytes = malloc(SIZE);

	EXPECT(start && bytes);
	EXPECT_EQUAL(open_disk(&store, start, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
	store_close(&store);
	for (uint64_t seed = first_seed; images < images_wanted; seed++) {
		memcpy(bytes, start, SIZE);
		record(bytes, seed);
		uint64_t wrong = crash(start, IMAGES_OF_LOAD, seed, &first);
		if (wrong)
			fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, first);
		EXPECT_EQUAL(wrong, 0);
		forget_events();
	}
	printf("%llu images: %llu as acknowledged, %llu as the next\n", (unsigned long long)images,
	       (unsigned long long)olds, (unsigned long long)news);
	EXPECT(olds > 0 && news > 0);
	free(start);
	free(bytes);
}

/* Every other flush does nothing: this must be noticed. */
static void a_lost_flush_is_found(void)
{
	uint8_t *start = calloc(1, SIZE), *bytes = malloc(SIZE);
	const char *first = "";
	uint64_t wrong = 0;

	EXPECT(start && bytes);
	EXPECT_EQUAL(open_disk(&store, start, SIZE), TWZ_OK);
	store_close(&store);
	for (unsigned odd = 0; odd < 2; odd++) {
		uint64_t flushes = 0;
		memcpy(bytes, start, SIZE);
		record(bytes, 5);
		for (size_t i = 0; i < disk.count; i++)
			if (disk.events[i].kind == FLUSH && flushes++ % 2 == odd)
				disk.events[i] = (struct event){ACKNOWLEDGED + 1, 0, NULL};
		wrong = crash(start, 300, 9, &first);
		forget_events();
		EXPECT(wrong > 0);
	}
	free(start);
	free(bytes);
}

/* A record comes with what it vouches for; with more than that, behind it. */
static void a_sync_is_one_flush(void)
{
	static uint64_t contents[BLOCK / 8];
	uint8_t *bytes = calloc(1, SIZE);
	struct store_object object = {.id = state_id(1)};
	struct store_swap swaps[STORE_VOUCHED + 1];

	EXPECT(bytes);
	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
	EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
	for (uint64_t i = 0; i <= STORE_VOUCHED; i++)
		swaps[i] = (struct store_swap){&object, 10 + i, contents, 0};
	for (uint64_t count = 1; count <= STORE_VOUCHED + 1; count += STORE_VOUCHED - 1) {
		if (count > STORE_VOUCHED)
			count = STORE_VOUCHED + 1;
		disk.record = true;
		EXPECT_EQUAL(store_commit(&store, swaps, count, NULL, 0, NULL, NULL), TWZ_OK);
		disk.record = false;
		uint64_t flushes = 0;
		for (size_t i = 0; i < disk.count; i++)
			flushes += disk.events[i].kind == FLUSH;
		forget_events();
		EXPECT_EQUAL(flushes, count > STORE_VOUCHED ? 2 : 1);
	}
	store_close(&store);
	free(bytes);
}

/* The pages of a commit lie behind each other where there is room, whatever holes there are before.
 */
static void a_commit_is_written_in_one_piece(void)
{
	static uint64_t contents[BLOCK / 8];
	uint8_t *bytes = calloc(1, SIZE);
	struct store_object object = {.id = state_id(1)};
	struct store_swap swaps[20];

	EXPECT(bytes);
	EXPECT_EQUAL(open_disk(&store, bytes, SIZE), TWZ_OK);
	EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
	for (uint64_t i = 0; i < 20; i++)
		swaps[i] = (struct store_swap){&object, 10 + i, contents, 0};
	EXPECT_EQUAL(store_commit(&store, swaps, 20, NULL, 0, NULL, NULL), TWZ_OK);
	for (uint64_t i = 0; i < 20; i += 2)
		EXPECT_EQUAL(store_discard(&store, &object, 10 + i, 1), TWZ_OK);
	EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
	for (uint64_t i = 0; i < 9; i++)
		swaps[i].page = 40 + i;
	EXPECT_EQUAL(store_commit(&store, swaps, 9, NULL, 0, NULL, NULL), TWZ_OK);
	for (uint64_t i = 1; i < 9; i++)
		EXPECT_EQUAL(swaps[i].block, swaps[0].block + i);
	/* one alone goes into the first hole */
	EXPECT_EQUAL(store_commit(&store, swaps, 1, NULL, 0, NULL, NULL), TWZ_OK);
	EXPECT(swaps[0].block < swaps[8].block - 8);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	store_close(&store);
	free(bytes);
}

/* Transactions gather until a record is full; what the one that does not fit has made by then is
 * not written half done. */
static void many_are_made_without_a_sync(void)
{
	uint64_t size = 4 * SIZE;
	uint8_t *bytes = calloc(1, size);
	struct store_object object;

	EXPECT(bytes);
	EXPECT_EQUAL(open_disk(&store, bytes, size), TWZ_OK);
	for (uint64_t n = 1; n <= 1500; n++) {
		object = (struct store_object){.id = state_id(n), .flags = TWZ_OBJECT_RAW};
		EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
	}
	EXPECT_EQUAL(store_barrier(&store), TWZ_OK);
	store_close(&store);
	EXPECT_EQUAL(open_disk(&store, bytes, size), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_object_count(&store), 1500);
	store_close(&store);
	free(bytes);
}

static const struct test tests[] = {
	{many_are_made_without_a_sync, "many are made without a sync"},
	{power_loss, "power loss at each flush: as acknowledged or as the next"},
	{a_lost_flush_is_found, "a lost flush is found"},
	{a_sync_is_one_flush, "a sync is one flush"},
	{a_commit_is_written_in_one_piece, "a commit is written in one piece"},
};

static uint64_t number_of(const char *option, const char *text)
{
	char *end = NULL;
	uint64_t number = text ? strtoull(text, &end, 10) : 0;

	if (number == 0 || *end != '\0') {
		fprintf(stderr, "store_disk: %s takes a number of at least 1\n", option);
		exit(2);
	}
	return number;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--full")) {
			images_wanted = 5000;
		} else if (!strcmp(argv[i], "--quick")) {
			quick = true;
		} else if (!strcmp(argv[i], "--images")) {
			images_wanted = number_of(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		} else if (!strcmp(argv[i], "--seed")) {
			first_seed = number_of(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		} else {
			fprintf(stderr,
				"store_disk: no option '%s': --full, --images N, --seed N, "
				"--quick\n",
				argv[i]);
			return 2;
		}
	}
	int result = RUN_TESTS(tests);

	free(disk.events);
	return result;
}
