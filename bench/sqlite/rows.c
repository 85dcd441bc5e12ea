/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inserts, an index and selects by SQLite, the same for every system: argv[1] the database, argv[2]
 * how many rows, argv[3] a PRAGMA's value for journal_mode or "-", argv[4] for synchronous or "-".
 * Prints nanoseconds of wall time an operation, and what SQLite says of both.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 100 /* rows of a transaction, where several share one */

static sqlite3 *db;

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "rows: %s: %s\n", what, db ? sqlite3_errmsg(db) : "no database");
	exit(1);
}

static void execute(const char *text)
{
	need(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static sqlite3_stmt *prepare(const char *text)
{
	sqlite3_stmt *statement;

	need(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK, text);
	return statement;
}

/* A bijection of 64 bits (the end of MurmurHash3): keys that come once, in no order. */
static uint64_t key_of(uint64_t i)
{
	i = (i ^ i >> 33) * 0xff51afd7ed558ccdull;
	i = (i ^ i >> 33) * 0xc4ceb9fe1a85ec53ull;
	return i ^ i >> 33;
}

static void key_text(uint64_t i, char text[32])
{
	snprintf(text, 32, "key-%016llx", (unsigned long long)key_of(i));
}

static void insert(sqlite3_stmt *statement, uint64_t i)
{
	char key[32], value[101];

	key_text(i, key);
	memset(value, 'a' + (int)(i % 26), 100);
	value[100] = '\0';
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)i);
	sqlite3_bind_text(statement, 3, value, 100, SQLITE_TRANSIENT);
	need(sqlite3_step(statement) == SQLITE_DONE, "insert");
	sqlite3_reset(statement);
}

static void report(const char *what, double begin, uint64_t count)
{
	printf("result\t%s\t%.1f\n", what, (now_ns() - begin) / (double)count);
	fflush(stdout);
}

static void insert_rows(uint64_t rows)
{
	sqlite3_stmt *statement = prepare("INSERT INTO t(name, number, value) VALUES(?, ?, ?)");
	double begin = now_ns();

	for (uint64_t i = 0; i < rows; i++)
		insert(statement, i);
	report("insert", begin, rows);
	begin = now_ns();
	for (uint64_t i = 0; i < 10 * rows; i++) {
		if (i % BATCH == 0)
			execute("BEGIN");
		insert(statement, rows + i);
		if (i % BATCH == BATCH - 1 || i == 10 * rows - 1)
			execute("COMMIT");
	}
	report("insert, 100 a commit", begin, 10 * rows);
	sqlite3_finalize(statement);
}

static void select_rows(uint64_t rows)
{
	sqlite3_stmt *statement = prepare("SELECT number FROM t WHERE name = ?");
	double begin = now_ns();
	char key[32];

	for (uint64_t i = 0; i < rows; i++) {
		uint64_t which = key_of(i) % rows;
		key_text(which, key);
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_TRANSIENT);
		need(sqlite3_step(statement) == SQLITE_ROW &&
			     sqlite3_column_int64(statement, 0) == (sqlite3_int64)which,
		     "select");
		sqlite3_reset(statement);
	}
	report("select by index", begin, rows);
	sqlite3_finalize(statement);
}

static void scan_rows(uint64_t rows)
{
	sqlite3_stmt *statement = prepare("SELECT sum(number), max(value) FROM t");
	double begin = now_ns();

	for (int i = 0; i < 3; i++) {
		need(sqlite3_step(statement) == SQLITE_ROW &&
			     sqlite3_column_int64(statement, 0) ==
				     (sqlite3_int64)(rows * (rows - 1) / 2),
		     "scan");
		sqlite3_reset(statement);
	}
	report("scan", begin, 3 * rows);
	sqlite3_finalize(statement);
}

static void update_rows(uint64_t rows, uint64_t count)
{
	sqlite3_stmt *statement = prepare("UPDATE t SET value = ? WHERE name = ?");
	double begin = now_ns();
	char key[32];

	for (uint64_t i = 0; i < count; i++) {
		key_text(key_of(i + 7) % rows, key);
		sqlite3_bind_text(statement, 1, "changed", -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, key, -1, SQLITE_TRANSIENT);
		need(sqlite3_step(statement) == SQLITE_DONE && sqlite3_changes(db) == 1, "update");
		sqlite3_reset(statement);
	}
	report("update", begin, count);
	sqlite3_finalize(statement);
}

static void pragma(const char *name, const char *value)
{
	char text[64];

	if (strcmp(value, "-") != 0) {
		snprintf(text, sizeof(text), "PRAGMA %s=%s", name, value);
		execute(text);
	}
	snprintf(text, sizeof(text), "PRAGMA %s", name);
	sqlite3_stmt *statement = prepare(text);
	need(sqlite3_step(statement) == SQLITE_ROW, text);
	printf("pragma\t%s\t%s\n", name, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: rows DATABASE ROWS JOURNAL_MODE SYNCHRONOUS\n");
		return 2;
	}
	uint64_t rows = strtoull(argv[2], NULL, 0);
	need(rows > 0 && sqlite3_open(argv[1], &db) == SQLITE_OK, "open");
	pragma("journal_mode", argv[3]);
	pragma("synchronous", argv[4]);
	execute("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, number INTEGER, value TEXT)");
	insert_rows(rows);
	double begin = now_ns();
	execute("CREATE INDEX by_name ON t(name)");
	report("index", begin, 11 * rows);
	select_rows(11 * rows);
	scan_rows(11 * rows);
	update_rows(11 * rows, rows);
	need(sqlite3_close(db) == SQLITE_OK, "close");
	return 0;
}
