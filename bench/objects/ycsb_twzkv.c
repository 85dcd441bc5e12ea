/* SPDX-License-Identifier: BSD-2-Clause */
/* YCSB's store: twzkv. */
#include "ycsb.h"
#include <kv.h>

static struct twzkv kv;

void store_open(const char *directory)
{
	struct twz_id id;

	(void)directory;
	need(twz_object_create(OBJECT_FLAGS, TWZ_KIND_DATA, &id) >= 0 &&
		     twzkv_open_object(&kv, id) >= 0,
	     "open");
}

void store_close(void)
{
	twzkv_close(&kv);
}

void store_put(const char *key, const uint8_t *value)
{
	need(twzkv_put(&kv, key, KEY_SIZE, value, VALUE_SIZE) >= 0, "put");
}

void store_get(const char *key, uint8_t *value)
{
	need(twzkv_get(&kv, key, KEY_SIZE, value, VALUE_SIZE) == VALUE_SIZE, "get");
}

int store_scan(const char *key, int count, uint8_t *value)
{
	struct twz_btree_cursor cursor;
	int found = 0;

	need(twz_btree_seek(&cursor, key, KEY_SIZE) >= 0, "seek");
	while (found < count && twzkv_next(&kv, &cursor, value, VALUE_SIZE) == 1)
		found++;
	return found;
}
