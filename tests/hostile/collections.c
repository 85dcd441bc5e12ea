/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile bytes in collections: B+tree, hash map, list, append-only log, queue. */
#include "object.h"

/* A call, or a few, of a collection; the input's bytes are what it puts. */
typedef void step(const uint8_t *data, size_t size);

static void play(step *step, const uint8_t *data, size_t size)
{
	for (int i = 0; i < STEPS; i++) {
		step(data, size);
		free_locks();
	}
}

static void spoil_and_play(step *step, const uint8_t *data, size_t size)
{
	start(data, size, PART_DATA);
	if (twz_tx_open(&object) >= 0)
		play(step, data, size);
}

/* One of a few keys. */
static const uint8_t *draw_key(void)
{
	static uint8_t key[8] = "key";

	key[4] = (uint8_t)hostile_draw(256);
	return key;
}

#define KEY 5 /* bytes of it */

/* Keys and values in place: the ends of what they say. */
static void peek_at_tree(struct twz_btree *tree, struct twz_btree_cursor *cursor)
{
	struct twz_btree_pair pairs[5];
	volatile uint8_t read = 0;
	twz_result seen;

	for (int left = 100; left > 0; left--) {
		seen = twz_btree_peek(&object, tree, cursor, pairs, 5);
		for (twz_result i = 0; i < seen; i++) {
			if (pairs[i].key_length != 0)
				read = ((const uint8_t *)pairs[i].key)[pairs[i].key_length - 1];
			if (pairs[i].value_length != 0)
				read = ((const uint8_t *)pairs[i].value)[pairs[i].value_length - 1];
		}
		if (seen <= 0 || twz_btree_advance(&object, tree, cursor, pairs, (size_t)seen) != 1)
			break;
	}
	(void)read;
}

/* A call of the B+tree's or of the hash map's, which are the same but for their types. */
static void map_or_tree(bool is_map)
{
	static struct twz_btree_cursor tree_cursor;
	static struct twz_hashmap_cursor map_cursor;
	struct twz_btree *tree = &content()->tree;
	struct twz_hashmap *map = &content()->map;
	const uint8_t *key = draw_key();
	uint8_t value[16];
	uint64_t length;
	twz_result more = 1;

	switch (hostile_draw(5)) {
	case 0:
		length = hostile_draw(8);
		if (is_map)
			twz_hashmap_put(&object, map, key, KEY, key, length);
		else
			twz_btree_put(&object, tree, key, KEY, key, length);
		break;
	case 1:
		if (is_map)
			twz_hashmap_remove(&object, map, key, KEY);
		else
			twz_btree_remove(&object, tree, key, KEY);
		break;
	case 2:
		if (is_map)
			twz_hashmap_get(&object, map, key, KEY, value, sizeof(value));
		else
			twz_btree_get(&object, tree, key, KEY, value, sizeof(value));
		break;
	case 3:
		twz_btree_seek(&tree_cursor, key, KEY);
		if (!is_map) {
			peek_at_tree(tree, &tree_cursor);
			break;
		}
		/* fall through */
	default:
		map_cursor = (struct twz_hashmap_cursor){0};
		twz_btree_seek(&tree_cursor, key, KEY);
		for (int left = 300; left > 0 && more == 1; left--)
			more = is_map ? twz_hashmap_next(&object, map, &map_cursor, value,
							 sizeof(value))
				      : twz_btree_next(&object, tree, &tree_cursor, value,
						       sizeof(value));
	}
}

static void tree_step(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	map_or_tree(false);
}

static void map_step(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	map_or_tree(true);
}

void use_tree(void)
{
	play(tree_step, NULL, 0);
}

static void tree(const uint8_t *data, size_t size)
{
	spoil_and_play(tree_step, data, size);
}

static void map(const uint8_t *data, size_t size)
{
	spoil_and_play(map_step, data, size);
}

static struct twz_list_cursor list_cursor;

static void list_step(const uint8_t *data, size_t size)
{
	struct twz_list *list = &content()->list;
	uint8_t bytes[8];
	uint64_t left;

	switch (hostile_draw(4)) {
	case 0:
		twz_list_append(&object, list, data, hostile_draw(size + 1));
		break;
	case 1:
		twz_list_take(&object, list, bytes, sizeof(bytes));
		break;
	case 2:
		twz_list_remove(&object, list, &list_cursor);
		break;
	default:
		left = hostile_draw(100);
		while (left-- > 0 &&
		       twz_list_next(&object, list, &list_cursor, bytes, sizeof(bytes)) == 1)
			;
	}
}

static void list(const uint8_t *data, size_t size)
{
	list_cursor = (struct twz_list_cursor){0};
	spoil_and_play(list_step, data, size);
}

static struct twz_append_log_cursor log_cursor;

static void append_log_step(const uint8_t *data, size_t size)
{
	struct twz_append_log *log = &content()->log;
	uint8_t bytes[8];
	uint64_t left;

	switch (hostile_draw(4)) {
	case 0:
		twz_append_log_add(&object, log, data, hostile_draw(size + 1), NULL);
		break;
	case 1:
		twz_append_log_truncate(&object, log, log_cursor.record);
		break;
	case 2:
		log_cursor.position = hostile_draw(4096) * 8;
		break;
	default:
		left = hostile_draw(100);
		while (left-- > 0 &&
		       twz_append_log_next(&object, log, &log_cursor, bytes, sizeof(bytes)) == 1)
			;
	}
}

static void append_log(const uint8_t *data, size_t size)
{
	log_cursor = (struct twz_append_log_cursor){0};
	spoil_and_play(append_log_step, data, size);
}

static void queue_step(const uint8_t *data, size_t size)
{
	struct twz_queue *shared = (void *)content()->queue;
	uint8_t entry[1024];

	(void)data;
	(void)size;
	/* an entry is as large as the queue says, when its putter made it so */
	if (shared->entry_size > sizeof(entry))
		shared->entry_size = 24;
	if (hostile_draw(2))
		twz_queue_put(shared, entry, 0);
	else
		twz_queue_take(shared, entry, 0);
}

static void queue(const uint8_t *data, size_t size)
{
	start(data, size, PART_DATA);
	play(queue_step, data, size);
}

const struct target collection_targets[] = {
	{"btree", tree},  {"hashmap", map},
	{"list", list},	  {"append_log", append_log},
	{"queue", queue}, {0},
};
