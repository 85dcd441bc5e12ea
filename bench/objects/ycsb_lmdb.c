/* SPDX-License-Identifier: BSD-2-Clause */
/* YCSB's store: LMDB, each change a transaction, durable at its commit; readers keep their
 * transaction and cursor. */
#include "ycsb.h"
#include <lmdb.h>

/* As it comes: written and synced; MDB_WRITEMAP: changed in the map, and msync. Neither leaves a
 * sync out. */
#ifndef LMDB_FLAGS
#define LMDB_FLAGS 0
#endif

static MDB_env *env;
static MDB_dbi table;
static MDB_txn *reader;
static MDB_cursor *cursor;

void store_open(const char *directory)
{
	char path[4096];
	MDB_txn *tx;

	snprintf(path, sizeof(path), "%s/lmdb", directory);
	need(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, 4ul << 30) == 0 &&
		     mdb_env_open(env, path, MDB_NOSUBDIR | LMDB_FLAGS, 0600) == 0,
	     "open");
	need(mdb_txn_begin(env, NULL, 0, &tx) == 0 && mdb_dbi_open(tx, NULL, 0, &table) == 0 &&
		     mdb_txn_commit(tx) == 0,
	     "table");
	need(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader) == 0 &&
		     mdb_cursor_open(reader, table, &cursor) == 0,
	     "reader");
	mdb_txn_reset(reader);
}

void store_close(void)
{
	mdb_cursor_close(cursor);
	mdb_txn_abort(reader);
	mdb_env_close(env);
}

void store_put(const char *key, const uint8_t *value)
{
	MDB_val k = {KEY_SIZE, (void *)key}, v = {VALUE_SIZE, (void *)value};
	MDB_txn *tx;

	need(mdb_txn_begin(env, NULL, 0, &tx) == 0 && mdb_put(tx, table, &k, &v, 0) == 0 &&
		     mdb_txn_commit(tx) == 0,
	     "put");
}

void store_get(const char *key, uint8_t *value)
{
	MDB_val k = {KEY_SIZE, (void *)key}, v;

	need(mdb_txn_renew(reader) == 0 && mdb_get(reader, table, &k, &v) == 0, "get");
	memcpy(value, v.mv_data, v.mv_size);
	mdb_txn_reset(reader);
}

int store_scan(const char *key, int count, uint8_t *value)
{
	MDB_val k = {KEY_SIZE, (void *)key}, v;
	int found = 0;

	need(mdb_txn_renew(reader) == 0 && mdb_cursor_renew(reader, cursor) == 0, "renew");
	int result = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	while (result == 0) {
		memcpy(value, v.mv_data, v.mv_size);
		if (++found == count)
			break;
		result = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
	}
	mdb_txn_reset(reader);
	return found;
}
