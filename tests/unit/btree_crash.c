/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power loss at every fence of changes to a B+tree whose leaf is split and whose leaves go again:
 * after recovery it is whole, and as before or after the change. Dropped flushes must be found.
 */
#include "btree_check.h"
#include "persistence.h"
#include "test.h"
#include <host/host.h>
#include <string.h>

#define KEYS   60
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

static uint64_t add_node(uint64_t hash, const struct twz_btree_node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->level != 0) {
			hash = add_node(hash, twz_deref(&node->entries[i].child));
			continue;
		}
		const struct twz_btree_item *item = twz_deref(&node->entries[i].item);
		for (uint32_t n = 0; n < item->key_length + item->value_length; n++)
			hash = (hash ^ item->bytes[n]) * 0x100000001b3ull;
		hash = (hash ^ item->key_length) * 0x100000001b3ull;
	}
	return hash;
}

/* Of a whole tree: all its keys and values, in order. */
static uint64_t hash_of(const struct twz_object *from)
{
	const struct twz_btree *tree = twz_object_base(from);

	return tree->root.word ? add_node(14695981039346656037ull, twz_deref(&tree->root)) : 1;
}

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
	const char *wrong = btree_check(&other, twz_object_base(&other));
	if (wrong)
		return wrong;
	uint64_t hash = hash_of(&other);
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
	struct twz_btree *tree = twz_object_base(&object);
	int i = (int)draw(KEYS), remove = draw(8) >= (grow ? 6 : 2);
	uint8_t key[31], value[40];
	size_t length = number_at(key, i), size = draw(3) ? 8 : draw(sizeof(value));

	memset(value, (int)draw(256), sizeof(value));
	before = hash_of(&object);
	after = before;
	struct twz_tx tx;
	EXPECT_EQUAL(twz_tx_begin(&tx, &object), TWZ_OK);
	twz_result result = remove ? twz_btree_remove(&object, tree, key, length)
				   : twz_btree_put(&object, tree, key, length, value, size);
	EXPECT(result == TWZ_OK || (remove && result == -TWZ_ERR_NOT_FOUND));
	after = hash_of(&object);
	EXPECT_EQUAL(twz_tx_commit(&tx), TWZ_OK);
	before = after;
}

static void fill(int from, int to)
{
	for (int i = from; i < to; i++) {
		uint8_t key[31];
		size_t length = number_at(key, i);
		EXPECT_EQUAL(twz_btree_put(&object, twz_object_base(&object), key, length, key, 1),
			     TWZ_OK);
	}
}

static struct persistence_result run(int steps, uint64_t drop)
{
	random_state = 4;
	memset(twz_object_base(&object), 0, DATA);
	memset(object.start + LOG_AT, 0, LOG);
	twz_object_meta(&object)->heap = 0;
	EXPECT_EQUAL(twz_heap_make(&object, sizeof(struct twz_btree)), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	twz_object_meta(&other)->heap = twz_object_meta(&object)->heap;
	fill(0, 40); /* one leaf, nearly full */
	before = after = hash_of(&object);
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
	{no_state_is_wrong, "after power loss at any fence: before or after, the tree whole"},
	{dropped_flushes_are_found, "dropped flushes are found"},
};

int main(void)
{
	object = make();
	other = make();
	return RUN_TESTS(tests);
}
