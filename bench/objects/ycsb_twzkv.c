/* SPDX-License-Identifier: BSD-2-Clause */
/* YCSB's store: twzkv. */
#include "ycsb.h"
#include <kv.h>

#define BATCH 8 /* pairs that are looked at between two looks whether they hold */

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

/* As LMDB's cursor does, it shows values in place; each is copied once, as LMDB's are. */
int store_scan(const char *key, int count, uint8_t *value)
{
	struct twz_btree_pair pairs[BATCH];
	struct twz_btree_cursor cursor;
	twz_result seen = 1;
	int found = 0;

	need(twz_btree_seek(&cursor, key, KEY_SIZE) >= 0, "seek");
	while (found < count && seen > 0) {
		int wanted = count - found < BATCH ? count - found : BATCH;
		seen = twzkv_peek(&kv, &cursor, pairs, (size_t)wanted);
		for (twz_result i = 0; i < seen; i++)
			memcpy(value, pairs[i].value,
			       pairs[i].value_length < VALUE_SIZE ? pairs[i].value_length
								  : VALUE_SIZE);
		if (seen > 0 && twzkv_advance(&kv, &cursor, pairs, (size_t)seen) == 1)
			found += (int)seen;
	}
	need(seen >= 0, "scan");
	return found;
}
