/* SPDX-License-Identifier: BSD-2-Clause */
/* YCSB's store: SQLite with a write-ahead log and prepared statements, each change durable at its
 * commit. */
#include "ycsb.h"
#include <sqlite3.h>

static sqlite3 *db;
static sqlite3_stmt *put, *get, *scan;

static void prepare(const char *text, sqlite3_stmt **statement)
{
	need(sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) ==
		     SQLITE_OK,
	     text);
}

void store_open(const char *directory)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/sqlite", directory);
	need(sqlite3_open(path, &db) == SQLITE_OK, "open");
	need(sqlite3_exec(db,
			  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
			  "mmap_size=1073741824; "
			  "CREATE TABLE t(k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID",
			  NULL, NULL, NULL) == SQLITE_OK,
	     "table");
	prepare("INSERT OR REPLACE INTO t VALUES(?, ?)", &put);
	prepare("SELECT v FROM t WHERE k = ?", &get);
	prepare("SELECT v FROM t WHERE k >= ? ORDER BY k LIMIT ?", &scan);
}

void store_close(void)
{
	sqlite3_finalize(put);
	sqlite3_finalize(get);
	sqlite3_finalize(scan);
	sqlite3_close(db);
}

void store_put(const char *key, const uint8_t *value)
{
	sqlite3_bind_text(put, 1, key, KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(put, 2, value, VALUE_SIZE, SQLITE_STATIC);
	need(sqlite3_step(put) == SQLITE_DONE, "put");
	sqlite3_reset(put);
}

void store_get(const char *key, uint8_t *value)
{
	sqlite3_bind_text(get, 1, key, KEY_SIZE, SQLITE_STATIC);
	need(sqlite3_step(get) == SQLITE_ROW && sqlite3_column_bytes(get, 0) == VALUE_SIZE, "get");
	memcpy(value, sqlite3_column_blob(get, 0), VALUE_SIZE);
	sqlite3_reset(get);
}

int store_scan(const char *key, int count, uint8_t *value)
{
	int found = 0;

	sqlite3_bind_text(scan, 1, key, KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_int(scan, 2, count);
	for (; sqlite3_step(scan) == SQLITE_ROW; found++)
		memcpy(value, sqlite3_column_blob(scan, 0), VALUE_SIZE);
	sqlite3_reset(scan);
	return found;
}
