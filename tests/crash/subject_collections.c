/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of each collection, by one thread or two, while it splits and gives back what it is made
 * of: after a power loss it is whole, and as before or after the change that was running.
 */
#include "subject.h"
#include <collection_check.h>
#include <internal.h>

#define KEYS 100

static struct {
	uint64_t before, after;	  /* sums of hashes of keys and values */
	uint64_t pending[ACTORS]; /* what each thread's running call adds to them; 0: none runs */
} expected;

/* What both collections can do; the collection is at the object's base. */
struct kind {
	const char *name;
	int preloaded; /* keys, so that splits are near */
	twz_result (*put)(const struct twz_object *object, const void *key, size_t length,
			  const void *value, size_t size);
	twz_result (*remove)(const struct twz_object *object, const void *key, size_t length);
	const char *(*check)(const struct twz_object *object);
	uint64_t (*hash)(const struct twz_object *object); /* of all keys and values */
	/* for calls that are transactions by themselves: returns the value's whole length */
	twz_result (*get)(const struct twz_object *object, const void *key, size_t length,
			  void *value, size_t size);
};

static const struct kind *kind;
static bool alone; /* calls are transactions by themselves */
static bool two;   /* threads */

union collection {
	struct twz_btree tree;
	struct twz_hashmap map;
	struct twz_list list;
};

static uint64_t add_bytes(uint64_t hash, const uint8_t *bytes, uint64_t length)
{
	for (uint64_t n = 0; n < length; n++)
		hash = (hash ^ bytes[n]) * 0x100000001b3ull;
	return (hash ^ length) * 0x100000001b3ull;
}

static uint64_t hash_pair(struct bytes key, struct bytes value)
{
	return add_bytes(add_bytes(7, key.data, key.length), value.data, value.length);
}

/* The order of keys is the check's. */
static uint64_t add_node(uint64_t hash, const struct twz_btree_node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		struct bytes key, value;
		uint8_t buffer[8];
		uint32_t slot = node->order[i];
		if (node->level != 0)
			hash = add_node(hash, twz_deref(&node->slots[slot].child));
		else if (btree_read(twz_object_start(node), node, slot, buffer, &key, &value))
			hash += hash_pair(key, value);
	}
	return hash;
}

static uint64_t tree_hash(const struct twz_object *from)
{
	const struct twz_btree *tree = twz_object_base(from);

	return tree->root.word ? add_node(1, twz_deref(&tree->root)) : 1;
}

static twz_result tree_get(const struct twz_object *in, const void *key, size_t length, void *value,
			   size_t size)
{
	return twz_btree_get(in, twz_object_base(in), key, length, value, size);
}

static twz_result tree_put(const struct twz_object *in, const void *key, size_t length,
			   const void *value, size_t size)
{
	return twz_btree_put(in, twz_object_base(in), key, length, value, size);
}

static twz_result tree_remove(const struct twz_object *in, const void *key, size_t length)
{
	return twz_btree_remove(in, twz_object_base(in), key, length);
}

static uint64_t map_hash(const struct twz_object *from)
{
	const struct twz_hashmap *map = twz_object_base(from);
	uint64_t hash = 1;

	for (uint64_t i = 0; i < map->buckets; i++) {
		const struct twz_hashmap_bucket *bucket = hashmap_head(from->start, map, i);
		bool broken = false;
		for (; bucket; bucket = hashmap_behind(from->start, bucket, &broken)) {
			for (unsigned slot = 0; slot < TWZ_HASHMAP_SLOTS; slot++) {
				uint32_t kind = hashmap_kind(bucket->head, slot);
				struct bytes key, value;
				if (kind != 0 &&
				    hashmap_read(from->start, bucket, slot, kind, &key, &value))
					hash += hash_pair(key, value);
			}
		}
	}
	return hash;
}

static twz_result map_get(const struct twz_object *in, const void *key, size_t length, void *value,
			  size_t size)
{
	return twz_hashmap_get(in, twz_object_base(in), key, length, value, size);
}

static twz_result map_put(const struct twz_object *in, const void *key, size_t length,
			  const void *value, size_t size)
{
	return twz_hashmap_put(in, twz_object_base(in), key, length, value, size);
}

static twz_result map_remove(const struct twz_object *in, const void *key, size_t length)
{
	return twz_hashmap_remove(in, twz_object_base(in), key, length);
}

static uint64_t list_hash(const struct twz_object *from)
{
	const struct twz_list *list = twz_object_base(from);
	uint64_t hash = 3;

	for (const struct twz_list_item *item = twz_deref(&list->first); item;
	     item = twz_deref(&item->next))
		hash = add_bytes(hash, item->bytes, item->length);
	return hash;
}

/* Keys at both ends. */
static twz_result list_put(const struct twz_object *in, const void *key, size_t length,
			   const void *value, size_t size)
{
	(void)value;
	return (size % 2 ? twz_list_prepend : twz_list_append)(in, twz_object_base(in), key,
							       length);
}

/* The first, or one further on. */
static twz_result list_remove(const struct twz_object *in, const void *key, size_t length)
{
	struct twz_list_cursor cursor = {0};

	(void)key;
	if (length % 2) {
		twz_result taken = twz_list_take(in, twz_object_base(in), NULL, 0);
		return taken < 0 ? taken : TWZ_OK;
	}
	for (size_t i = 0; i < length / 4 + 1; i++)
		if (twz_list_next(in, twz_object_base(in), &cursor, NULL, 0) != 1)
			break;
	return twz_list_remove(in, twz_object_base(in), &cursor);
}

static const struct kind kinds[] = {
	{"the B+tree", 34, tree_put, tree_remove, check_btree, tree_hash, tree_get},
	{"the hash map", 40, map_put, map_remove, check_hashmap, map_hash, map_get},
	{"the list", 10, list_put, list_remove, check_list, list_hash, NULL},
};

static const char *check(void)
{
	if (object_open_image() < 0)
		return "recovery fails";
	const char *wrong = kind->check(&image);
	if (wrong)
		return wrong;
	uint64_t hash = kind->hash(&image);
	if (!alone && hash == expected.after)
		return NULL;
	/* calls that run may be done or not, each by itself */
	for (unsigned done = 0; done < 1u << ACTORS; done++) {
		uint64_t sum = expected.before;
		for (unsigned actor = 0; actor < ACTORS; actor++)
			sum += done >> actor & 1 ? expected.pending[actor] : 0;
		if (hash == sum)
			return NULL;
	}
	return "neither before nor after";
}

static uint64_t number_at(uint8_t *key, int i)
{
	key[0] = (uint8_t)(i * 37 % KEYS);
	memset(key + 1, 'k', 30); /* so that few keys make many nodes' worth of work */
	return (uint64_t)(i % 30) + 1;
}

static bool growing;

/* Within a transaction around it, so that `after` is known before it is true. */
static void change(void)
{
	int i = (int)draw(KEYS), remove = draw(8) >= (growing ? 6 : 2);
	uint8_t key[31], value[40];
	size_t length = number_at(key, i), size = draw(3) ? 8 : draw(sizeof(value));
	struct twz_tx tx;

	memset(value, (int)draw(256), sizeof(value));
	MUST(twz_tx_begin(&tx, &live) == TWZ_OK);
	expected.before = expected.after = kind->hash(&live);
	twz_result result = remove ? kind->remove(&live, key, length)
				   : kind->put(&live, key, length, value, size);
	MUST(result == TWZ_OK || (remove && result == -TWZ_ERR_NOT_FOUND));
	expected.after = kind->hash(&live);
	MUST(twz_tx_commit(&tx) == TWZ_OK);
}

/* By itself: mostly a step of the log. Each thread has keys of its own. */
static void step(void)
{
	int i = (int)draw(KEYS), remove = draw(8) >= (growing ? 6 : 2);
	uint8_t key[31], value[40], old[40];
	size_t size = draw(3) ? 8 : draw(sizeof(value));

	if (medium_actor != 0)
		i = i / 2 * 2 + (medium_actor == 1);
	size_t length = number_at(key, i);
	memset(value, (int)draw(256), sizeof(value));
	twz_result was = kind->get(&live, key, length, old, sizeof(old));
	MUST(was >= 0 || was == -TWZ_ERR_NOT_FOUND);
	uint64_t delta = 0;
	if (was >= 0)
		delta -= hash_pair((struct bytes){key, length}, (struct bytes){old, (uint64_t)was});
	if (!remove)
		delta += hash_pair((struct bytes){key, length}, (struct bytes){value, size});
	expected.pending[medium_actor] = delta;
	twz_result result = remove ? kind->remove(&live, key, length)
				   : kind->put(&live, key, length, value, size);
	MUST(result == (remove && was < 0 ? -TWZ_ERR_NOT_FOUND : TWZ_OK));
	__atomic_add_fetch(&expected.before, delta, __ATOMIC_SEQ_CST);
	expected.pending[medium_actor] = 0;
}

static unsigned each;

static void changes(void)
{
	for (unsigned i = 0; i < each && explore_goes_on(); i++) {
		growing = i < each / 2;
		if (alone)
			step();
		else
			change();
	}
}

static void work(unsigned steps)
{
	memset(&expected, 0, sizeof(expected));
	expected.before = expected.after = kind->hash(&live);
	each = two ? steps / 2 : steps;
	if (two)
		explore_two(changes, changes);
	else
		changes();
	expected.before = expected.after = kind->hash(&live);
}

static void run_kind(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = object_reopen_live,
				    .go_on = work,
				    .mortal = true};
	uint8_t key[31];

	object_prepare(sizeof(union collection), 64 << 10, 16 << 10, seed, &plan);
	memset(&expected, 0, sizeof(expected));
	for (int i = 0; i < kind->preloaded; i++) {
		size_t length = number_at(key, i);
		MUST(kind->put(&live, key, length, key, 1) == TWZ_OK);
	}
	expected.before = expected.after = kind->hash(&live);
	explore_begin(&plan);
	work(steps);
	explore_end(result);
}

/* A subject: the kind of that number, by one thread or two, in transactions or by single calls. */
#define RUN(name, number, of_two, single)                                              \
	static void name(uint64_t seed, unsigned steps, struct explore_result *result) \
	{                                                                              \
		kind = &kinds[number];                                                 \
		alone = single;                                                        \
		two = of_two;                                                          \
		run_kind(seed, steps, result);                                         \
	}

RUN(run_tree, 0, false, false)
RUN(run_tree_two, 0, true, false)
RUN(run_tree_alone, 0, false, true)
RUN(run_tree_alone_two, 0, true, true)
RUN(run_map, 1, false, false)
RUN(run_map_two, 1, true, false)
RUN(run_map_alone, 1, false, true)
RUN(run_map_alone_two, 1, true, true)
RUN(run_list, 2, false, false)
RUN(run_list_two, 2, true, false)

const struct subject collection_subjects[] = {
	{"B+tree", run_tree, 40, 6},
	{"B+tree, two threads", run_tree_two, 40, 6},
	{"B+tree, single calls", run_tree_alone, 80, 12},
	{"B+tree, single calls of two", run_tree_alone_two, 80, 12},
	{"hash map", run_map, 40, 6},
	{"hash map, two threads", run_map_two, 40, 6},
	{"hash map, single calls", run_map_alone, 80, 12},
	{"hash map, single calls of two", run_map_alone_two, 80, 12},
	{"list", run_list, 60, 6},
	{"list, two threads", run_list_two, 60, 6},
	{0},
};
