/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of changes to each collection, while it splits leaves or buckets and
 * gives them back: after recovery it is whole, and as before or after the change. Dropped flushes
 * must be found.
 */
#define DATA (96u << 10)
#define LOG  (32u << 10)
#include "collection_check.h"
#include "crash_object.h"

#define KEYS 100

static uint64_t before, after; /* hashes of keys and values */

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

static const struct kind kinds[] = {
	{"the B+tree", 40, tree_put, tree_remove, check_btree, tree_hash},
	{"the hash map", 60, map_put, map_remove, check_hashmap, map_hash},
};

/* The image is put into the other object and opened there, as after a boot. */
static const char *check(void *image)
{
	if (open_state(image) < 0)
		return "recovery fails";
	const char *wrong = kind->check(&other);
	if (wrong)
		return wrong;
	uint64_t hash = kind->hash(&other);
	return hash == before || hash == after ? NULL : "neither before nor after";
}

static uint64_t number_at(uint8_t *key, int i)
{
	key[0] = (uint8_t)(i * 37 % KEYS);
	memset(key + 1, 'k', 30); /* so that few keys make many nodes' worth of work */
	return (uint64_t)(i % 30) + 1;
}

/* Within a transaction around it, so that `after` is known before it is true. */
static void change(int grow)
{
	int i = (int)draw(KEYS), remove = draw(8) >= (grow ? 6 : 2);
	uint8_t key[31], value[40];
	size_t length = number_at(key, i), size = draw(3) ? 8 : draw(sizeof(value));

	memset(value, (int)draw(256), sizeof(value));
	before = kind->hash(&object);
	after = before;
	struct twz_tx tx;
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	twz_result result = remove ? kind->remove(&object, key, length)
				   : kind->put(&object, key, length, value, size);
	EXPECT(result == TWZ_OK || (remove && result == -TWZ_ERR_NOT_FOUND));
	after = kind->hash(&object);
	EXPECT_EQUAL(twz_tx_commit(&tx), TWZ_OK);
	before = after;
}

static void fill(int from, int to)
{
	for (int i = from; i < to; i++) {
		uint8_t key[31];
		size_t length = number_at(key, i);
		EXPECT_EQUAL(kind->put(&object, key, length, key, 1), TWZ_OK);
	}
}

static struct persistence_result run(int steps, uint64_t drop)
{
	begin_object(sizeof(struct twz_hashmap), 4);
	fill(0, kind->preloaded);
	before = after = kind->hash(&object);
	watch_object(check, drop);
	for (int i = 0; i < steps; i++)
		change(i < steps / 2);
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	expect_no_wrong_state(run, 240);
}

static void dropped_flushes_are_found(void)
{
	expect_drops_found(run, 4);
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after, it is whole"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	int failed = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kind = &kinds[i];
		printf("%s:\n", kind->name);
		failed |= RUN_TESTS(tests);
	}
	return failed;
}
