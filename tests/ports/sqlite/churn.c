/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A database under changes that never end, told one by one when they are committed: "change N" goes
 * on from row N; "check N" wants all rows up to N, and each transaction whole.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *db;

static void run(const char *text)
{
	char *message = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &message) == SQLITE_OK)
		return;
	printf("%s: %s\n", text, message);
	exit(1);
}

static long number(const char *text)
{
	sqlite3_stmt *query;
	long value = -1;

	if (sqlite3_prepare_v2(db, text, -1, &query, NULL) == SQLITE_OK &&
	    sqlite3_step(query) == SQLITE_ROW)
		value = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return value;
}

static bool is_whole(void)
{
	sqlite3_stmt *query;
	bool whole =
		sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &query, NULL) == SQLITE_OK &&
		sqlite3_step(query) == SQLITE_ROW &&
		!strcmp((const char *)sqlite3_column_text(query, 0), "ok");

	sqlite3_finalize(query);
	return whole && number("SELECT sum(n) FROM row") == number("SELECT sum FROM total") &&
	       number("SELECT count(*) FROM row") == number("SELECT max(n) FROM row");
}

/* Row n, within one transaction with the total; now and then one that is larger than the cache, and
 * one that is taken back. */
static void change(long n)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "BEGIN; INSERT INTO row VALUES(%ld, hex(randomblob(%ld))); UPDATE total SET sum = "
		 "sum + %ld; "
		 "UPDATE row SET text = hex(randomblob(40)) WHERE n %% 7 = %ld; COMMIT",
		 n, n * 37 % 900, n, n % 7);
	run(text);
	printf("said %ld\n", n);
	if (n % 16 == 0)
		run("PRAGMA cache_size = 4; BEGIN; UPDATE row SET text = hex(randomblob(300)); "
		    "COMMIT; "
		    "PRAGMA cache_size = 2000");
	if (n % 16 == 8)
		run("BEGIN; DELETE FROM row WHERE n > 3; UPDATE total SET sum = 0; ROLLBACK");
}

int main(int argc, char **argv)
{
	if (argc != 4 || sqlite3_open(argv[1], &db) != SQLITE_OK)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sqlite3_busy_timeout(db, 5000);
	long n = atol(argv[3]);
	run("BEGIN; CREATE TABLE IF NOT EXISTS row(n INTEGER PRIMARY KEY, text); "
	    "CREATE TABLE IF NOT EXISTS total(sum); INSERT INTO total SELECT 0 WHERE NOT EXISTS "
	    "(SELECT * FROM total); COMMIT");
	long there = n > 0 ? number("SELECT max(n) FROM row") : number("SELECT count(*) FROM row");
	if (there < n || (n > 0 && !is_whole())) {
		printf("lost: %ld rows of %ld are there, or they are not whole\n", there, n);
		return 1;
	}
	printf("checked %ld\n", there);
	if (!strcmp(argv[2], "change")) {
		for (;;)
			change(++there);
	}
	return 0;
}
