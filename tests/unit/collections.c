/* SPDX-License-Identifier: BSD-2-Clause */
/* The collections on the host: against a model, cursors under change, transactions around them,
 * hostile bytes. Each test runs for each kind. */
#include "collection_check.h"
#include "test.h"
#include <pthread.h>
#include <string.h>

#define KEYS	2000 /* of the model */
#define THREADS 3

struct content {
	union {
		struct twz_btree tree;
		struct twz_hashmap map;
	} at;
	uint64_t other;
};

/* What all kinds can do with the collection at the object's base. */
struct kind {
	const char *name;
	int is_ordered;
	twz_result (*put)(const void *key, size_t length, const void *value, size_t size);
	twz_result (*get)(const void *key, size_t length, void *value, size_t size);
	twz_result (*remove)(const void *key, size_t length);
	void (*begin)(void);
	twz_result (*next)(void *value, size_t size); /* into `step` */
	const char *(*check)(const struct twz_object *object);
	uint64_t (*count)(void);
};

static struct twz_object object;
static struct content *content;
static const struct kind *kind;
static uint64_t random_state = 11;

static struct {
	const uint8_t *key;
	size_t key_length, value_length;
} step;

static struct twz_btree_cursor tree_cursor;
static struct twz_hashmap_cursor map_cursor;

static twz_result tree_put(const void *key, size_t length, const void *value, size_t size)
{
	return twz_btree_put(&object, &content->at.tree, key, length, value, size);
}

static twz_result tree_get(const void *key, size_t length, void *value, size_t size)
{
	return twz_btree_get(&object, &content->at.tree, key, length, value, size);
}

static twz_result tree_remove(const void *key, size_t length)
{
	return twz_btree_remove(&object, &content->at.tree, key, length);
}

static void tree_begin(void)
{
	EXPECT_EQUAL(twz_btree_seek(&tree_cursor, NULL, 0), TWZ_OK);
}

static twz_result tree_next(void *value, size_t size)
{
	twz_result result = twz_btree_next(&object, &content->at.tree, &tree_cursor, value, size);

	step.key = tree_cursor.key;
	step.key_length = tree_cursor.key_length;
	step.value_length = tree_cursor.value_length;
	return result;
}

#define PEEKS 7

static struct twz_btree_pair peeked[PEEKS];

static twz_result tree_peek(size_t count)
{
	return twz_btree_peek(&object, &content->at.tree, &tree_cursor, peeked, count);
}

static twz_result tree_advance(size_t taken)
{
	return twz_btree_advance(&object, &content->at.tree, &tree_cursor, peeked, taken);
}

static uint64_t tree_count(void)
{
	return content->at.tree.count;
}

static twz_result map_put(const void *key, size_t length, const void *value, size_t size)
{
	return twz_hashmap_put(&object, &content->at.map, key, length, value, size);
}

static twz_result map_get(const void *key, size_t length, void *value, size_t size)
{
	return twz_hashmap_get(&object, &content->at.map, key, length, value, size);
}

static twz_result map_remove(const void *key, size_t length)
{
	return twz_hashmap_remove(&object, &content->at.map, key, length);
}

static void map_begin(void)
{
	memset(&map_cursor, 0, sizeof(map_cursor));
}

static twz_result map_next(void *value, size_t size)
{
	twz_result result = twz_hashmap_next(&object, &content->at.map, &map_cursor, value, size);

	step.key = map_cursor.key;
	step.key_length = map_cursor.key_length;
	step.value_length = map_cursor.value_length;
	return result;
}

static uint64_t map_count(void)
{
	return content->at.map.count;
}

static const struct kind kinds[] = {
	{"the B+tree", 1, tree_put, tree_get, tree_remove, tree_begin, tree_next, check_btree,
	 tree_count},
	{"the hash map", 0, map_put, map_get, map_remove, map_begin, map_next, check_hashmap,
	 map_count},
};

/* The model: key number i is there with a value of so many bytes, each `fill`. */
static struct {
	uint32_t length;
	uint8_t there, fill;
} model[KEYS];
static uint64_t model_count;

static uint64_t draw(uint64_t below)
{
	return (test_random(&random_state) >> 33) % below;
}

/* Keys share long prefixes, are prefixes of each other, and have zero bytes. */
static size_t key_of(int i, uint8_t *key)
{
	size_t length = (size_t)(i % 5) * 7 + 2;

	memset(key, i % 3 ? 0 : 'k', length);
	key[length - 2] = (uint8_t)(i >> 8);
	key[length - 1] = (uint8_t)i;
	return length;
}

static void make(void)
{
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), TWZ_OK);
	EXPECT_EQUAL(twz_heap_make(&object, sizeof(struct content)), TWZ_OK);
	EXPECT_EQUAL(twz_tx_open(&object), TWZ_OK);
	content = twz_object_base(&object);
}

static void whole(void)
{
	const char *wrong = kind->check(&object);

	if (wrong)
		fprintf(stderr, "%s\n", wrong);
	EXPECT(wrong == NULL);
	EXPECT_EQUAL(kind->count(), model_count);
}

static void change(int i)
{
	uint8_t key[64], value[300], seen[300];
	size_t length = key_of(i, key);

	if (model[i].there && draw(2)) {
		EXPECT_EQUAL(kind->remove(key, length), TWZ_OK);
		EXPECT_EQUAL(kind->remove(key, length), -TWZ_ERR_NOT_FOUND);
		model[i].there = 0;
		model_count--;
		return;
	}
	model_count += !model[i].there;
	model[i].there = 1;
	if (draw(2))
		model[i].length = (uint32_t)draw(sizeof(value));
	model[i].fill = (uint8_t)draw(256);
	memset(value, model[i].fill, model[i].length);
	EXPECT_EQUAL(kind->put(key, length, value, model[i].length), TWZ_OK);
	EXPECT_EQUAL(kind->get(key, length, seen, sizeof(seen)), model[i].length);
	EXPECT(memcmp(seen, value, model[i].length) == 0);
}

/* All keys of the model, in order, each once. */
static void walk(void)
{
	uint8_t last[TWZ_BTREE_KEY_MAX], value[300], key[64];
	uint32_t last_length = 0;
	uint64_t count = 0;

	kind->begin();
	while (kind->next(value, sizeof(value)) == 1) {
		if (count++ > 0 && kind->is_ordered) {
			uint32_t least =
				last_length < step.key_length ? last_length : step.key_length;
			int order = memcmp(last, step.key, least);
			EXPECT(order < 0 || (order == 0 && last_length < step.key_length));
		}
		int i = step.key[step.key_length - 2] << 8 | step.key[step.key_length - 1];
		EXPECT(i < KEYS && model[i].there && key_of(i, key) == step.key_length &&
		       memcmp(key, step.key, step.key_length) == 0);
		EXPECT_EQUAL(step.value_length, model[i].length);
		EXPECT(model[i].length == 0 || value[model[i].length - 1] == model[i].fill);
		memcpy(last, step.key, step.key_length);
		last_length = step.key_length;
	}
	EXPECT_EQUAL(count, model_count);
}

/* Whether a pair is the model's. */
static bool is_modelled(const struct twz_btree_pair *pair)
{
	const uint8_t *held = pair->key, *value = pair->value;
	uint8_t key[64];
	int i = held[pair->key_length - 2] << 8 | held[pair->key_length - 1];

	return i < KEYS && model[i].there && key_of(i, key) == pair->key_length &&
	       memcmp(key, held, pair->key_length) == 0 && pair->value_length == model[i].length &&
	       (model[i].length == 0 ||
		(value[0] == model[i].fill && value[model[i].length - 1] == model[i].fill));
}

/* In place, so many at a time, of which some are taken, by peeks and single steps in turn: the same
 * keys as by steps. */
static void walk_in_place(size_t most)
{
	static struct twz_btree_cursor steps;
	uint64_t count = 0;
	twz_result seen;

	if (!kind->is_ordered)
		return;
	EXPECT_EQUAL(twz_btree_seek(&steps, NULL, 0), TWZ_OK);
	tree_begin();
	while ((seen = tree_peek(most)) > 0) {
		size_t taken = 1 + draw((uint64_t)seen);
		EXPECT((size_t)seen <= most);
		for (size_t i = 0; i < taken; i++, count++) {
			EXPECT(is_modelled(&peeked[i]));
			EXPECT_EQUAL(twz_btree_next(&object, &content->at.tree, &steps, NULL, 0),
				     1);
			EXPECT(steps.key_length == peeked[i].key_length &&
			       memcmp(steps.key, peeked[i].key, steps.key_length) == 0);
		}
		EXPECT_EQUAL(tree_advance((size_t)seen + 1), -TWZ_ERR_INVALID_ARGUMENT);
		EXPECT_EQUAL(tree_advance(0), -TWZ_ERR_INVALID_ARGUMENT);
		EXPECT_EQUAL(tree_advance(taken), 1);
		EXPECT_EQUAL(tree_advance(1), -TWZ_ERR_INVALID_ARGUMENT);
		EXPECT(steps.key_length == tree_cursor.key_length &&
		       memcmp(steps.key, tree_cursor.key, steps.key_length) == 0);
		if (draw(4) == 0 && tree_next(NULL, 0) == 1) {
			EXPECT_EQUAL(twz_btree_next(&object, &content->at.tree, &steps, NULL, 0),
				     1);
			count++;
		}
	}
	EXPECT_EQUAL(seen, 0);
	EXPECT_EQUAL(count, model_count);
}

static void as_the_model(void)
{
	uint8_t key[64];

	make();
	whole();
	walk();
	for (int round = 0; round < 30; round++) {
		int range = draw(2) ? KEYS : 100;
		for (int n = 0; n < 400; n++)
			change((int)draw((uint64_t)range));
		whole();
		walk();
		walk_in_place(1 + draw(PEEKS));
	}
	for (int i = 0; i < KEYS; i++) {
		EXPECT_EQUAL(kind->get(key, key_of(i, key), NULL, 0),
			     model[i].there ? (long long)model[i].length : -TWZ_ERR_NOT_FOUND);
	}
}

static void cursors_under_change(void)
{
	uint8_t seen[KEYS] = {0}, stays[KEYS];
	int steps = 0;

	make();
	memset(model, 0, sizeof(model));
	model_count = 0;
	for (int i = 1; i < KEYS; i += 2)
		change(i);
	for (int i = 0; i < KEYS; i++)
		stays[i] = model[i].there && i % 2;
	kind->begin();
	while (kind->next(NULL, 0) == 1) {
		int i = step.key[step.key_length - 2] << 8 | step.key[step.key_length - 1];
		EXPECT(i < KEYS && !seen[i]);
		seen[i] = 1;
		/* the even keys come and go, the one just read among them */
		int other = steps++ % 3 ? (int)draw(KEYS / 2) * 2 : i;
		if (other % 2 == 0)
			change(other);
	}
	for (int i = 0; i < KEYS; i++)
		EXPECT(!stays[i] || seen[i]);
	whole();
}

static void seeks(void)
{
	uint8_t key[64];

	if (!kind->is_ordered)
		return;
	/* from a key on: that one, or the next greater */
	for (int i = 0; i < KEYS; i++) {
		size_t length = key_of(i, key);
		EXPECT_EQUAL(twz_btree_seek(&tree_cursor, key, length), TWZ_OK);
		if (tree_next(NULL, 0) != 1)
			continue;
		int order =
			memcmp(tree_cursor.key, key,
			       length < tree_cursor.key_length ? length : tree_cursor.key_length);
		EXPECT(order > 0 || (order == 0 && tree_cursor.key_length >= length));
		EXPECT(!model[i].there || (order == 0 && tree_cursor.key_length == length));
	}
	EXPECT_EQUAL(twz_btree_seek(&tree_cursor, key, TWZ_BTREE_KEY_MAX + 1),
		     -TWZ_ERR_INVALID_ARGUMENT);
}

/* What was looked at in place is void when anybody has changed the object since. */
static void peeks_under_change(void)
{
	uint8_t last[64];
	struct twz_tx tx;

	if (!kind->is_ordered)
		return;
	EXPECT_EQUAL(tree_peek(0), -TWZ_ERR_INVALID_ARGUMENT);
	tree_begin();
	EXPECT_EQUAL(tree_advance(1), -TWZ_ERR_INVALID_ARGUMENT);
	for (int round = 0; round < 200; round++) {
		twz_result seen = tree_peek(PEEKS);
		if (seen <= 0)
			break;
		uint32_t length = tree_cursor.key_length;
		memcpy(last, tree_cursor.key, length);
		change((int)draw(KEYS));
		EXPECT_EQUAL(tree_advance((size_t)seen), 0);
		EXPECT(length == tree_cursor.key_length &&
		       memcmp(last, tree_cursor.key, length) == 0);
		seen = tree_peek(PEEKS);
		if (seen <= 0)
			break;
		EXPECT(is_modelled(&peeked[0]) && is_modelled(&peeked[seen - 1]));
		EXPECT_EQUAL(tree_advance((size_t)seen), 1);
	}
	/* a transaction that has begun since, too; one around both holds everybody off */
	tree_begin();
	twz_result seen = tree_peek(PEEKS);
	TWZ_TX(&tx, &object)
	{
		EXPECT_EQUAL(tree_advance((size_t)seen), 0);
		for (int round = 0; round < 50; round++) {
			seen = tree_peek(PEEKS);
			EXPECT(seen > 0 && is_modelled(&peeked[seen - 1]));
			EXPECT_EQUAL(tree_advance((size_t)seen), 1);
		}
	}
	EXPECT_EQUAL(tx.result, TWZ_OK);
	whole();
}

static void joins_the_callers_transaction(void)
{
	struct content before = *content;
	struct twz_tx tx;
	uint8_t key[64];

	TWZ_TX(&tx, &object)
	{
		for (int i = 0; i < KEYS; i++) {
			size_t length = key_of(i, key);
			if (model[i].there)
				EXPECT_EQUAL(kind->remove(key, length), TWZ_OK);
			else
				EXPECT_EQUAL(kind->put(key, length, "new", 3), TWZ_OK);
		}
		EXPECT_EQUAL(kind->count(), KEYS - model_count);
		break;
	}
	EXPECT(memcmp(&before, content, sizeof(before)) == 0);
	whole();
	walk();
	/* a failure within does not undo what is around it */
	TWZ_TX(&tx, &object)
	{
		twz_tx_set(&tx, &content->other, 9);
		EXPECT_EQUAL(kind->remove("no such", 7), -TWZ_ERR_NOT_FOUND);
	}
	EXPECT(tx.result == TWZ_OK && content->other == 9);
	EXPECT_EQUAL(kind->put(key, TWZ_BTREE_KEY_MAX + 1, NULL, 0), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(kind->put(key, 2, NULL, TWZ_HEAP_LARGEST), -TWZ_ERR_TOO_MANY);
	for (int i = 0; i < KEYS; i++)
		if (model[i].there)
			EXPECT_EQUAL(kind->remove(key, key_of(i, key)), TWZ_OK);
	EXPECT(kind->count() == 0);
	model_count = 0;
	whole();
}

/* Goes on through the tree, which others change: what counts in the end is right. */
static void scan_on(struct twz_btree_cursor *cursor)
{
	struct twz_btree_pair pairs[PEEKS];
	twz_result seen = twz_btree_peek(&object, &content->at.tree, cursor, pairs, PEEKS);
	bool right = true;

	EXPECT(seen >= 0);
	if (seen <= 0) {
		EXPECT_EQUAL(twz_btree_seek(cursor, NULL, 0), TWZ_OK);
		return;
	}
	for (twz_result i = 0; i < seen; i++) {
		const uint8_t *key = pairs[i].key, *value = pairs[i].value;
		uint32_t length = pairs[i].key_length, size = pairs[i].value_length;
		right &= length >= 2 && size >= 1 && size <= 40 && value[0] == key[length - 1] &&
			 value[size - 1] == key[length - 1];
	}
	twz_result held =
		twz_btree_advance(&object, &content->at.tree, cursor, pairs, (size_t)seen);
	EXPECT(held >= 0 && (held == 0 || right));
}

/* Each thread has a third of the keys of its own, and looks at all. */
static void *work_on_keys(void *argument)
{
	uint64_t mine = (uint64_t)(uintptr_t)argument, random = mine + 77;
	uint8_t there[KEYS] = {0}, key[64], value[40];
	struct twz_btree_cursor cursor;

	EXPECT_EQUAL(twz_btree_seek(&cursor, NULL, 0), TWZ_OK);
	for (int n = 0; n < 20000; n++) {
		if (kind->is_ordered && n % 4 == 0)
			scan_on(&cursor);
		int i = (int)((test_random(&random) >> 33) % KEYS);
		size_t length = key_of(i, key);
		if ((uint64_t)i % THREADS != mine) {
			twz_result found = kind->get(key, length, value, sizeof(value));
			EXPECT(found == -TWZ_ERR_NOT_FOUND ||
			       (found >= 1 && value[0] == (uint8_t)i));
			continue;
		}
		memset(value, (uint8_t)i, sizeof(value));
		twz_result expected = there[i] ? TWZ_OK : -TWZ_ERR_NOT_FOUND;
		if (test_random(&random) >> 40 & 1) {
			EXPECT_EQUAL(kind->remove(key, length), expected);
			there[i] = 0;
		} else {
			size_t size = 1 + (test_random(&random) >> 40) % sizeof(value);
			EXPECT_EQUAL(kind->put(key, length, value, size), TWZ_OK);
			there[i] = 1;
		}
	}
	uint64_t count = 0;
	for (int i = 0; i < KEYS; i++)
		count += there[i];
	return (void *)(uintptr_t)count;
}

static void threads_change_it(void)
{
	pthread_t threads[THREADS];

	make();
	model_count = 0;
	for (uintptr_t i = 0; i < THREADS; i++)
		EXPECT_EQUAL(pthread_create(&threads[i], NULL, work_on_keys, (void *)i), 0);
	for (int i = 0; i < THREADS; i++) {
		void *count;
		pthread_join(threads[i], &count);
		model_count += (uint64_t)(uintptr_t)count;
	}
	whole();
}

/* Short keys and values are held by nodes and buckets, and change to items and back. */
static void sizes_change(void)
{
	static const size_t sizes[] = {0, 16, 17, 3, 200, 129, 128, 16, 1};
	uint8_t value[200], seen[200];

	make();
	model_count = 0;
	for (uint64_t round = 0; round < sizeof(sizes) / sizeof(sizes[0]); round++) {
		for (uint64_t i = 0; i < 500; i++) {
			uint64_t key = __builtin_bswap64(i * 0x9e3779b97f4a7c15ull);
			size_t length = 1 + i % 9; /* some are each other's beginning */
			uint8_t bytes[9] = {0};
			memcpy(bytes, &key, 8);
			memset(value, (int)(i + round), sizeof(value));
			twz_result was = kind->get(bytes, length, seen, sizeof(seen));
			model_count += was == -TWZ_ERR_NOT_FOUND;
			EXPECT_EQUAL(kind->put(bytes, length, value, sizes[round]), TWZ_OK);
			EXPECT_EQUAL(kind->get(bytes, length, seen, sizeof(seen)), sizes[round]);
			EXPECT(memcmp(seen, value, sizes[round]) == 0);
		}
		whole();
	}
}

static void other_formats_are_refused(void)
{
	if (kind->is_ordered)
		return;
	make();
	EXPECT_EQUAL(kind->put("key", 3, "value", 5), TWZ_OK);
	EXPECT_EQUAL(content->at.map.format, TWZ_HASHMAP_FORMAT);
	content->at.map.format = 0; /* as the first one's maps have it */
	EXPECT_EQUAL(kind->get("key", 3, NULL, 0), -TWZ_ERR_VERSION_MISMATCH);
	EXPECT_EQUAL(kind->put("key", 3, "value", 5), -TWZ_ERR_VERSION_MISMATCH);
	EXPECT_EQUAL(kind->remove("key", 3), -TWZ_ERR_VERSION_MISMATCH);
	kind->begin();
	EXPECT_EQUAL(kind->next(NULL, 0), -TWZ_ERR_VERSION_MISMATCH);
	content->at.map.format = TWZ_HASHMAP_FORMAT;
	EXPECT_EQUAL(kind->get("key", 3, NULL, 0), 5);
}

/* Reads the ends of what pairs say. */
static void peek_on(void)
{
	volatile uint8_t read = 0;
	twz_result seen;

	tree_begin();
	for (int steps = 0; steps < 200 && (seen = tree_peek(PEEKS)) > 0; steps++) {
		for (twz_result i = 0; i < seen; i++) {
			const struct twz_btree_pair *pair = &peeked[i];
			if (pair->key_length != 0)
				read = ((const uint8_t *)pair->key)[pair->key_length - 1];
			if (pair->value_length != 0)
				read = ((const uint8_t *)pair->value)[pair->value_length - 1];
		}
		EXPECT_EQUAL(tree_advance((size_t)seen), 1);
	}
	(void)read;
}

/* Bytes of nodes, items and the heap are changed at random: calls end, with an error or not, and
 * touch nothing outside the object, whose neighbours are not mapped. */
static void hostile_bytes(void)
{
	uint8_t key[64], value[64];

	for (int round = 0; round < 300; round++) {
		make();
		struct twz_heap *heap = (void *)(object.start + twz_object_meta(&object)->heap);
		for (int i = 0; i < 300; i++)
			EXPECT_EQUAL(kind->put(key, key_of(i, key), value, (size_t)i % 40), TWZ_OK);
		uint64_t used = heap->end - TWZ_BASE_OFFSET;
		for (int n = 0; n < 40; n++) {
			uint64_t *word = (uint64_t *)content + draw(used / 8);
			*word = draw(2) ? *word ^ 1ull << draw(64)
					: test_random(&random_state) >> draw(64);
			int i = (int)draw(400);
			kind->put(key, key_of(i, key), value, 5);
			kind->remove(key, key_of((int)draw(300), key));
			kind->get(key, key_of(i, key), value, 64);
			kind->begin();
			for (int steps = 0; steps < 600; steps++)
				if (kind->next(value, 64) != 1)
					break;
			if (kind->is_ordered)
				peek_on();
		}
		EXPECT_EQUAL(twz_object_delete(object.id), TWZ_OK);
		EXPECT_EQUAL(twz_object_close(&object), TWZ_OK);
	}
}

static const struct test tests[] = {
	{as_the_model, "random changes, as a sorted array"},
	{cursors_under_change, "cursors under change"},
	{seeks, "seeks"},
	{peeks_under_change, "peeks under change"},
	{joins_the_callers_transaction, "joins the caller's transaction"},
	{threads_change_it, "threads change it"},
	{sizes_change, "sizes change"},
	{other_formats_are_refused, "other formats are refused"},
	{hostile_bytes, "hostile bytes"},
};

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kind = &kinds[i];
		printf("%s:\n", kind->name);
		memset(model, 0, sizeof(model));
		model_count = 0;
		failed |= RUN_TESTS(tests);
	}
	return failed;
}
