/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What README.md says a database in an object cannot do: be opened by who may not write it, and
 * change more in one commit than the undo log holds, of which nothing is left then.
 */
#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <twz/name.h>
#include <twz/object.h>

#define ROWS	 80
#define ROW_SIZE (1 << 20) /* so that all rows are more than 64 MiB */

static int checks, failures;

#define CHECK_EQUAL(a, b)                                                                    \
	do {                                                                                 \
		long a_ = (a), b_ = (b);                                                     \
		checks++;                                                                    \
		if (a_ != b_) {                                                              \
			failures++;                                                          \
			printf("FAIL: line %d: %s is %ld, not %ld\n", __LINE__, #a, a_, b_); \
		}                                                                            \
	} while (0)

static int run(sqlite3 *db, const char *text)
{
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static long number(sqlite3 *db, const char *text)
{
	sqlite3_stmt *query;
	long value = -1;

	if (sqlite3_prepare_v2(db, text, -1, &query, NULL) == SQLITE_OK &&
	    sqlite3_step(query) == SQLITE_ROW)
		value = (long)sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return value;
}

/* An object whose protections let nobody write, with a database's name and kind. */
static void is_refused(const char *name, int flags)
{
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(name, &db, flags, NULL);

	if (code == SQLITE_OK) /* the first statement opens the file */
		code = run(db, "SELECT count(*) FROM sqlite_schema");
	CHECK_EQUAL(code == SQLITE_CANTOPEN || code == SQLITE_READONLY, 1);
	sqlite3_close(db);
}

static void refuses_who_may_not_write(const char *database, const char *name)
{
	struct twz_directory_entry entry;
	struct twz_object object;
	struct twz_id root, id;
	sqlite3 *db;

	CHECK_EQUAL(sqlite3_open(database, &db), SQLITE_OK);
	CHECK_EQUAL(run(db, "CREATE TABLE t(x); INSERT INTO t VALUES(42)"), SQLITE_OK);
	sqlite3_close(db);
	CHECK_EQUAL(twz_name_root(&root), TWZ_OK);
	CHECK_EQUAL(twz_name_lookup(root, strrchr(database, '/'), &entry), TWZ_OK);
	CHECK_EQUAL(twz_object_open(entry.id, TWZ_RIGHT_READ, &object), TWZ_OK);
	struct twz_object_source pages = {.id = entry.id,
					  .src = TWZ_BASE_OFFSET,
					  .dst = TWZ_BASE_OFFSET,
					  .len = 2 * TWZ_PAGE_SIZE};
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_PERSISTENT,
				       .kind = twz_object_meta(&object)->kind,
				       .protections = TWZ_RIGHT_READ,
				       .sources = &pages,
				       .source_count = 1};
	CHECK_EQUAL(twz_object_create_from(&spec, &id), TWZ_OK);
	CHECK_EQUAL(twz_name_insert(root, strrchr(name, '/'), id, spec.kind), TWZ_OK);
	is_refused(name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	is_refused(name, SQLITE_OPEN_READWRITE);
	is_refused(name, SQLITE_OPEN_READONLY);
	/* the one that it was made of is as before */
	CHECK_EQUAL(sqlite3_open(database, &db), SQLITE_OK);
	CHECK_EQUAL(number(db, "SELECT x FROM t"), 42);
	sqlite3_close(db);
}

static int fill(sqlite3 *db, const char *text, int byte)
{
	static char bytes[ROW_SIZE];
	sqlite3_stmt *change;

	memset(bytes, byte, sizeof(bytes));
	if (sqlite3_prepare_v2(db, text, -1, &change, NULL) != SQLITE_OK)
		return SQLITE_ERROR;
	sqlite3_bind_blob(change, 1, bytes, sizeof(bytes), SQLITE_STATIC);
	int code = sqlite3_step(change);
	sqlite3_finalize(change);
	return code;
}

/* All rows at once are more than the log holds; a cache that holds them all keeps the journal out.
 */
static void refuses_too_much(const char *name)
{
	sqlite3 *db;

	CHECK_EQUAL(sqlite3_open(name, &db), SQLITE_OK);
	CHECK_EQUAL(
		run(db, "PRAGMA cache_size = -400000; CREATE TABLE t(n INTEGER PRIMARY KEY, b)"),
		SQLITE_OK);
	for (int i = 0; i < ROWS; i++)
		CHECK_EQUAL(fill(db, "INSERT INTO t(b) VALUES(?)", 'a'), SQLITE_DONE);
	CHECK_EQUAL(fill(db, "UPDATE t SET b = ?", 'b'), SQLITE_FULL);
	CHECK_EQUAL(number(db, "SELECT count(*) FROM t WHERE substr(b, 1, 1) = x'61' "
			       "AND substr(b, -1) = x'61'"),
		    ROWS);
	sqlite3_close(db);
	/* another connection finds it as it was, and less goes well; so does all by a journal */
	CHECK_EQUAL(sqlite3_open(name, &db), SQLITE_OK);
	CHECK_EQUAL(fill(db, "UPDATE t SET b = ? WHERE n <= 20", 'c'), SQLITE_DONE);
	CHECK_EQUAL(number(db, "SELECT count(*) FROM t WHERE substr(b, -1) = x'61'"), ROWS - 20);
	CHECK_EQUAL(run(db, "PRAGMA cache_size = -2000"), SQLITE_OK);
	CHECK_EQUAL(fill(db, "UPDATE t SET b = ?", 'd'), SQLITE_DONE);
	CHECK_EQUAL(number(db, "SELECT count(*) FROM t WHERE substr(b, -1) = x'64'"), ROWS);
	sqlite3_close(db);
}

int main(int argc, char **argv)
{
	assert(argc == 3);
	if (!strcmp(argv[1], "read-only"))
		refuses_who_may_not_write("/store/may.db", argv[2]);
	else
		refuses_too_much(argv[2]);
	printf("limits: %d checks, %d failed\n", checks, failures);
	return failures != 0;
}
