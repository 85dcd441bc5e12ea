/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of changes to each collection, while it splits leaves or buckets and
 * gives them back: after recovery it is whole, and as before or after the change. Dropped flushes
 * must be found.
 */
#include "collection_check.h"
#include "persistence.h"
#include "test.h"
#include <host/host.h>
#include <string.h>

#define KEYS   100
#define DATA   (96u << 10) /* the windows that the model watches */
#define LOG    (32u << 10)
#define LOG_AT (TWZ_SLOT_SIZE - (16ull << 20) - TWZ_TX_LOG_SIZE)

static struct twz_object object, other;
static uint64_t before, after; /* hashes of keys and values */
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
	return (test_random(&random_state) >> 33) % below;
}

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
	uint64_t view = host_view();

	memcpy(twz_object_base(&other), image, DATA);
	memcpy(other.start + LOG_AT, (uint8_t *)image + DATA, LOG);
	host_new_view();
	twz_result result = twz_tx_open(&other);
	host_set_view(view);
	if (result < 0)
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
	random_state = 4;
	memset(twz_object_base(&object), 0, DATA);
	memset(object.start + LOG_AT, 0, LOG);
	twz_object_meta(&object)->heap = 0;
	EXPECT_EQUAL(twz_heap_make(&object, sizeof(struct twz_hashmap)), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	twz_object_meta(&other)->heap = twz_object_meta(&object)->heap;
	fill(0, kind->preloaded);
	before = after = kind->hash(&object);
	persistence_begin_two(twz_object_base(&object), DATA, object.start + LOG_AT, LOG, check, 4);
	persistence_drop(drop);
	for (int i = 0; i < steps; i++)
		change(i < steps / 2);
	persistence_end();
	return persistence_result();
}

static void no_state_is_wrong(void)
{
	struct persistence_result result = run(240, ~0ull);

	printf("%llu states\n", (unsigned long long)result.states);
	if (result.wrong)
		fprintf(stderr, "%llu wrong: %s\n", (unsigned long long)result.wrong, result.first);
	EXPECT_EQUAL(result.wrong, 0);
	EXPECT(result.states > 20000);
}

static void dropped_flushes_are_found(void)
{
	uint64_t lines = run(4, ~0ull).lines, found = 0;

	for (uint64_t line = 0; line < lines; line++)
		found += run(4, line).wrong != 0;
	printf("%llu of %llu dropped flushes found\n", (unsigned long long)found,
	       (unsigned long long)lines);
	EXPECT(found * 5 > lines * 2);
}

static struct twz_object make(void)
{
	struct twz_object made;
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &made), TWZ_OK);
	return made;
}

static const struct test tests[] = {
	{no_state_is_wrong, "after power loss at any fence: before or after, it is whole"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	object = make();
	other = make();
	int failed = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kind = &kinds[i];
		printf("%s:\n", kind->name);
		failed |= RUN_TESTS(tests);
	}
	return failed;
}
