/* SPDX-License-Identifier: BSD-2-Clause */
/* The key-value store of bin/twzkv, on the host. */
#include "test.h"
#include <host/host.h>
#include <string.h>
#include <twz/name.h>
#include "kv.h"

static void make_names(void)
{
	struct twz_object object;
	struct twz_id root;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DIRECTORY, &root), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(root, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), TWZ_OK);
	EXPECT_EQUAL(twz_directory_format(object.start, TWZ_DIRECTORY_LIMIT, 1, root, 0, 0),
		     TWZ_OK);
	host_set_names(root);
}

static size_t key_at(char *key, int i)
{
	return (size_t)sprintf(key, "key-%0*d", i % 7 + 1, i);
}

/* Lengths from nothing to more than the place for a change in place. */
static size_t value_at(uint8_t *value, int i)
{
	size_t length = (size_t)(i * 37 % 300);

	memset(value, i, length);
	return length;
}

static void what_was_put_is_there_elsewhere(void)
{
	struct twzkv kv;
	char key[32];
	uint8_t value[300], held[300];

	EXPECT_EQUAL(twzkv_open(&kv, "/kv", false), -TWZ_ERR_NOT_FOUND);
	EXPECT_EQUAL(twzkv_open(&kv, "/kv", true), TWZ_OK);
	for (int i = 0; i < 3000; i++) {
		size_t length = key_at(key, i % 2000); /* the last 1000 replace */
		EXPECT_EQUAL(twzkv_put(&kv, key, length, value, value_at(value, i)), TWZ_OK);
	}
	EXPECT_EQUAL(twzkv_count(&kv), 2000);
	const uint8_t *before = kv.object.start;
	twzkv_close(&kv);
	host_set_next_slot(300);
	EXPECT_EQUAL(twzkv_open(&kv, "/kv", true), TWZ_OK);
	EXPECT(kv.object.start != before);
	for (int i = 0; i < 2000; i++) {
		size_t length = key_at(key, i), size = value_at(value, i < 1000 ? i + 2000 : i);
		EXPECT_EQUAL(twzkv_get(&kv, key, length, held, sizeof(held)), size);
		EXPECT(memcmp(held, value, size) == 0);
	}
	EXPECT_EQUAL(twzkv_remove(&kv, "key-5", 5), -TWZ_ERR_NOT_FOUND);
	size_t length = key_at(key, 5);
	EXPECT_EQUAL(twzkv_remove(&kv, key, length), TWZ_OK);
	EXPECT_EQUAL(twzkv_get(&kv, key, length, held, 0), -TWZ_ERR_NOT_FOUND);
	twzkv_close(&kv);
}

static void keys_come_in_order(void)
{
	static struct twz_btree_cursor cursor;
	struct twzkv kv;
	char last[64] = "";
	int count = 0;

	EXPECT_EQUAL(twzkv_open(&kv, "/kv", false), TWZ_OK);
	EXPECT_EQUAL(twz_btree_seek(&cursor, NULL, 0), TWZ_OK);
	while (twzkv_next(&kv, &cursor, NULL, 0) == 1) {
		char key[64] = "";
		memcpy(key, cursor.key, cursor.key_length);
		EXPECT(strcmp(last, key) < 0);
		strcpy(last, key);
		count++;
	}
	EXPECT_EQUAL(count, twzkv_count(&kv));
	/* the same in place */
	struct twz_btree_pair pairs[9];
	EXPECT_EQUAL(twz_btree_seek(&cursor, NULL, 0), TWZ_OK);
	for (last[0] = '\0'; count > 0;) {
		twz_result seen = twzkv_peek(&kv, &cursor, pairs, 9);
		EXPECT(seen > 0 && seen <= count);
		for (twz_result i = 0; i < seen; i++, count--) {
			char key[64] = "";
			memcpy(key, pairs[i].key, pairs[i].key_length);
			EXPECT(strcmp(last, key) < 0);
			strcpy(last, key);
		}
		EXPECT_EQUAL(twzkv_advance(&kv, &cursor, pairs, (size_t)seen), 1);
	}
	EXPECT_EQUAL(twzkv_peek(&kv, &cursor, pairs, 9), 0);
	twzkv_close(&kv);
}

static void other_objects_are_refused(void)
{
	struct twz_object object;
	struct twzkv kv;
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), TWZ_OK);
	*(uint64_t *)twz_object_base(&object) = 7;
	EXPECT_EQUAL(twzkv_open_object(&kv, id), -TWZ_ERR_BAD_FORMAT);
	*(uint64_t *)twz_object_base(&object) = TWZKV_MAGIC;
	EXPECT_EQUAL(twzkv_open_object(&kv, id), -TWZ_ERR_VERSION_MISMATCH);
	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_FILE, &id), TWZ_OK);
	EXPECT_EQUAL(twzkv_open_object(&kv, id), -TWZ_ERR_BAD_FORMAT);
}

static const struct test tests[] = {
	{what_was_put_is_there_elsewhere, "what was put is there, at another slot"},
	{keys_come_in_order, "keys come in order"},
	{other_objects_are_refused, "other objects are refused"},
};

int main(void)
{
	make_names();
	return RUN_TESTS(tests);
}
