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
	uint64_t before, after; /* hashes of keys and values */
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
};

static const struct kind *kind;

union collection {
	struct twz_btree tree;
	struct twz_hashmap map;
	struct twz_list list;
};

static uint64_t add_bytes(uint64_t hash, const uint8_t *bytes, uint32_t key, uint32_t value)
{
	for (uint32_t n = 0; n < key + value; n++)
		hash = (hash ^ bytes[n]) * 0x100000001b3ull;
	return (hash ^ key) * 0x100000001b3ull;
}

static uint64_t add_node(uint64_t hash, const struct twz_btree_node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->level != 0) {
			hash = add_node(hash, twz_deref(&node->entries[i].child));
			continue;
		}
		const struct twz_btree_item *item = twz_deref(&node->entries[i].item);
		hash = add_bytes(hash, item->bytes, item->key_length, item->value_length);
	}
	return hash;
}

static uint64_t tree_hash(const struct twz_object *from)
{
	const struct twz_btree *tree = twz_object_base(from);

	return tree->root.word ? add_node(14695981039346656037ull, twz_deref(&tree->root)) : 1;
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

/* The same whatever the order of the items. */
static uint64_t map_hash(const struct twz_object *from)
{
	const struct twz_hashmap *map = twz_object_base(from);
	uint64_t hash = 1;

	for (uint64_t i = 0; i < map->buckets; i++) {
		const twz_hashmap_bucket *heads = twz_deref(&map->segments[i >= 64]);
		const twz_hashmap_bucket *link = &heads[i % 64];
		for (; link->word != 0; link = &twz_deref(link)->next) {
			const struct twz_hashmap_item *item = twz_deref(link);
			hash += add_bytes(7, item->bytes, item->key_length, item->value_length);
		}
	}
	return hash;
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
		hash = add_bytes(hash, item->bytes, (uint32_t)item->length, 0);
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
	{"the B+tree", 40, tree_put, tree_remove, check_btree, tree_hash},
	{"the hash map", 64, map_put, map_remove, check_hashmap, map_hash},
	{"the list", 10, list_put, list_remove, check_list, list_hash},
};

static const char *check(void)
{
	if (object_open_image() < 0)
		return "recovery fails";
	const char *wrong = kind->check(&image);
	if (wrong)
		return wrong;
	uint64_t hash = kind->hash(&image);
	return hash == expected.before || hash == expected.after ? NULL
								 : "neither before nor after";
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

static unsigned each;

static void changes(void)
{
	for (unsigned i = 0; i < each && explore_goes_on(); i++) {
		growing = i < each / 2;
		change();
	}
}

static void run_kind(uint64_t seed, unsigned steps, bool two, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = object_reopen_live};
	uint8_t key[31];

	object_prepare(sizeof(union collection), 32 << 10, 16 << 10, seed, &plan);
	for (int i = 0; i < kind->preloaded; i++) {
		size_t length = number_at(key, i);
		MUST(kind->put(&live, key, length, key, 1) == TWZ_OK);
	}
	expected.before = expected.after = kind->hash(&live);
	explore_begin(&plan);
	each = two ? steps / 2 : steps;
	if (two)
		explore_two(changes, changes);
	else
		changes();
	expected.before = expected.after = kind->hash(&live);
	explore_end(result);
}

static void run_tree(uint64_t seed, unsigned steps, struct explore_result *result)
{
	kind = &kinds[0];
	run_kind(seed, steps, false, result);
}

static void run_tree_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	kind = &kinds[0];
	run_kind(seed, steps, true, result);
}

static void run_map(uint64_t seed, unsigned steps, struct explore_result *result)
{
	kind = &kinds[1];
	run_kind(seed, steps, false, result);
}

static void run_map_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	kind = &kinds[1];
	run_kind(seed, steps, true, result);
}

static void run_list(uint64_t seed, unsigned steps, struct explore_result *result)
{
	kind = &kinds[2];
	run_kind(seed, steps, false, result);
}

static void run_list_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	kind = &kinds[2];
	run_kind(seed, steps, true, result);
}

const struct subject collection_subjects[] = {
	{"B+tree", run_tree, 60, 6},
	{"B+tree, two threads", run_tree_two, 60, 6},
	{"hash map", run_map, 60, 6},
	{"hash map, two threads", run_map_two, 60, 6},
	{"list", run_list, 60, 6},
	{"list, two threads", run_list_two, 60, 6},
	{0},
};
