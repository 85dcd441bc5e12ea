/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile bytes in collections: B+tree, hash map, list, append-only log, queue. */
#include "object.h"

void use_tree(void)
{
	static struct twz_btree_cursor cursor;
	uint8_t key[8] = "key", value[16];

	for (int i = 0; i < STEPS; i++) {
		key[4] = (uint8_t)hostile_draw(256);
		switch (hostile_draw(4)) {
		case 0:
			twz_btree_put(&object, &content()->tree, key, 5, key, hostile_draw(8));
			break;
		case 1:
			twz_btree_remove(&object, &content()->tree, key, 5);
			break;
		case 2:
			twz_btree_get(&object, &content()->tree, key, 5, value, sizeof(value));
			break;
		default:
			twz_btree_seek(&cursor, key, 5);
			for (int n = 0; n < 300; n++)
				if (twz_btree_next(&object, &content()->tree, &cursor, value,
						   sizeof(value)) != 1)
					break;
		}
		free_locks();
	}
}

static void tree(const uint8_t *data, size_t size)
{
	start(data, size, PART_DATA);
	if (twz_tx_open(&object) >= 0)
		use_tree();
}

static void use_map(void)
{
	uint8_t key[8] = "key", value[16];

	for (int i = 0; i < STEPS; i++) {
		key[4] = (uint8_t)hostile_draw(256);
		switch (hostile_draw(3)) {
		case 0:
			twz_hashmap_put(&object, &content()->map, key, 5, key, hostile_draw(8));
			break;
		case 1:
			twz_hashmap_remove(&object, &content()->map, key, 5);
			break;
		default:
			twz_hashmap_get(&object, &content()->map, key, 5, value, sizeof(value));
		}
		free_locks();
	}
}

static void map(const uint8_t *data, size_t size)
{
	start(data, size, PART_DATA);
	if (twz_tx_open(&object) >= 0)
		use_map();
}

static void list(const uint8_t *data, size_t size)
{
	struct twz_list_cursor cursor = {0};
	uint8_t bytes[8];

	start(data, size, PART_DATA);
	if (twz_tx_open(&object) < 0)
		return;
	for (int i = 0; i < STEPS; i++) {
		switch (hostile_draw(4)) {
		case 0:
			twz_list_append(&object, &content()->list, data, hostile_draw(size + 1));
			break;
		case 1:
			twz_list_take(&object, &content()->list, bytes, sizeof(bytes));
			break;
		case 2:
			twz_list_remove(&object, &content()->list, &cursor);
			break;
		default:
			for (uint64_t n = hostile_draw(100); n > 0; n--)
				if (twz_list_next(&object, &content()->list, &cursor, bytes,
						  sizeof(bytes)) != 1)
					break;
		}
		free_locks();
	}
}

static void append_log(const uint8_t *data, size_t size)
{
	struct twz_append_log_cursor cursor = {0};
	uint8_t bytes[8];

	start(data, size, PART_DATA);
	if (twz_tx_open(&object) < 0)
		return;
	for (int i = 0; i < STEPS; i++) {
		switch (hostile_draw(4)) {
		case 0:
			twz_append_log_add(&object, &content()->log, data, hostile_draw(size + 1),
					   NULL);
			break;
		case 1:
			twz_append_log_truncate(&object, &content()->log, cursor.record);
			break;
		case 2:
			cursor.position = hostile_draw(4096) * 8;
			break;
		default:
			for (uint64_t n = hostile_draw(100); n > 0; n--)
				if (twz_append_log_next(&object, &content()->log, &cursor, bytes,
							sizeof(bytes)) != 1)
					break;
		}
		free_locks();
	}
}

static void queue(const uint8_t *data, size_t size)
{
	uint8_t entry[1024];

	start(data, size, PART_DATA);
	struct twz_queue *shared = (void *)content()->queue;
	for (int i = 0; i < STEPS; i++) {
		/* an entry is as large as the queue says, when its putter made it so */
		if (shared->entry_size > sizeof(entry))
			shared->entry_size = 24;
		if (hostile_draw(2))
			twz_queue_put(shared, entry, 0);
		else
			twz_queue_take(shared, entry, 0);
		free_locks();
	}
}

const struct target collection_targets[] = {
	{"btree", tree},  {"hashmap", map},
	{"list", list},	  {"append_log", append_log},
	{"queue", queue}, {0},
};
