/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The object store, from mkfs on: objects come and go, pages are filled, swapped and discarded, by
 * one thread or two that take turns: after a power loss the store is consistent and holds what it
 * held before the call that was running or what it holds after it.
 */
#include "store_region.h"

#define SIZE	(384u << 10)
#define OBJECTS 4

static struct store_region region = {.size = SIZE};
static struct store store;
static struct store_digests expected;

static const char *check(void)
{
	return store_region_check(&region, &expected);
}

/* ---- an operation, which can be done to the store and to a copy of it ---- */

struct operation {
	enum { CREATE, DELETE, PAGE, COMMIT, DISCARD, ROOT } kind;
	uint64_t object, other, page, value;
};

static struct twz_id id_of(uint64_t object)
{
	struct twz_id id = state_id(object & ~1ull);

	id.hi ^= (object & 1) << 50; /* beside its neighbour in the table */
	return id;
}

static void commit(struct store *to, const struct operation *o, struct store_object *a,
		   struct store_object *b)
{
	static uint8_t contents[2][STORE_BLOCK_SIZE];

	for (size_t i = 0; i < STORE_BLOCK_SIZE; i++) {
		contents[0][i] = (uint8_t)(i * 7 + o->value);
		contents[1][i] = (uint8_t)(i * 3 + o->value);
	}
	struct store_swap swaps[] = {
		{.object = a, .page = o->page, .contents = contents[0]},
		{.object = b, .page = o->page + 1, .contents = contents[1]},
	};
	struct store_update updates[] = {
		{.object = b, .offset = TWZ_META_OFFSET + 64, .value = o->value},
		{.object = a, .offset = (o->page + 2) * STORE_BLOCK_SIZE, .value = o->value},
	};
	store_commit(to, swaps, 2, updates, 2, NULL, NULL);
}

static void perform(struct store *to, const struct operation *o)
{
	struct store_object a, b;
	bool there = store_find(to, id_of(o->object), &a) == TWZ_OK;
	bool both = there && store_find(to, id_of(o->other), &b) == TWZ_OK;
	uint64_t block;

	switch (o->kind) {
	case CREATE:
		a = (struct store_object){.id = id_of(o->object), .flags = TWZ_OBJECT_PERSISTENT};
		store_create(to, &a);
		break;
	case DELETE:
		if (there && store_unlink(to, &a) == TWZ_OK)
			store_free(to, &a);
		break;
	case PAGE: /* and a program's own store to it */
		if (!there || store_page(to, &a, o->page, true, &block) != TWZ_OK)
			break;
		twz_commit_word((uint64_t *)store_block(to, block) + o->value % 512, o->value);
		break;
	case COMMIT:
		if (both && o->object != o->other)
			commit(to, o, &a, &b);
		break;
	case DISCARD:
		if (there)
			store_discard(to, &a, o->page, 4);
		break;
	default:
		store_set_root(to, STORE_ROOT_HANDLERS, id_of(o->object));
	}
}

static void draw_operation(struct operation *o)
{
	static const int kinds[] = {CREATE, CREATE, DELETE, PAGE, PAGE, COMMIT, DISCARD, ROOT};

	*o = (struct operation){.kind = kinds[draw(8)],
				.object = draw(OBJECTS),
				.other = draw(OBJECTS),
				.page = 1 + draw(8),
				.value = 1 + draw(1000)};
}

/* What the operation is to change, learnt on a copy. */
static void rehearse(const struct operation *o)
{
	enum explore_mode mode = explore_mode;
	struct store trial;

	explore_mode = EXPLORE_OFF;
	memcpy(region.copy, region.live, SIZE);
	store_region_open(&region, region.copy, &trial);
	uint64_t before = state_digest(&trial, NULL);
	perform(&trial, o);
	uint64_t after = state_digest(&trial, NULL);
	store_close(&trial);
	explore_mode = mode;
	expected.before = before;
	expected.after = after;
}

static void step(void)
{
	struct operation o;

	draw_operation(&o);
	rehearse(&o);
	perform(&store, &o);
	expected.before = expected.after;
}

static void reopen(void)
{
	store_close(&store);
	store_region_open(&region, region.live, &store);
}

static void begin(uint64_t seed, void (*go_on)(unsigned steps))
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = go_on};

	store_region_begin(&region, &plan, seed);
	memset(region.copy, 0, SIZE);
	store_region_open(&region, region.copy, &store);
	expected.before = expected.after = state_digest(&store, NULL);
	store_close(&store);
	explore_begin(&plan);
	store_region_open(&region, region.live, &store);
}

static void work(unsigned steps)
{
	while (steps-- > 0 && explore_goes_on())
		step();
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	begin(seed, work);
	work(steps);
	explore_end(result);
	store_close(&store);
}

static unsigned each;
static bool busy; /* the lock that the store's caller holds */

static void several(void)
{
	for (unsigned i = 0; i < each && explore_goes_on(); i++) {
		while (__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE))
			explore_turn(true);
		step();
		__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
		explore_turn(true);
	}
}

static void work_of_two(unsigned steps)
{
	each = steps / 2;
	explore_two(several, several);
}

static void run_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	begin(seed, work_of_two);
	work_of_two(steps);
	explore_end(result);
	store_close(&store);
}

const struct subject store_subjects[] = {
	{"store", run, 200, 50},
	{"store of two threads", run_two, 200, 50},
	{0},
};
