/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One database, several programs and connections: they take turns, a reader keeps what it sees, one
 * that is killed within a transaction is undone and holds nobody up.
 */
#include <assert.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAMS 3
#define ROUNDS	 60

static int checks, failures;

#define CHECK(what)                                                     \
	do {                                                            \
		checks++;                                               \
		if (!(what)) {                                          \
			failures++;                                     \
			printf("FAIL: line %d: %s\n", __LINE__, #what); \
		}                                                       \
	} while (0)

static sqlite3 *connect(const char *name)
{
	sqlite3 *db = NULL;
	sqlite3_vfs *vfs = NULL;

	CHECK(sqlite3_open(name, &db) == SQLITE_OK);
	sqlite3_busy_timeout(db, 20000);
	CHECK(sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) == SQLITE_OK);
	CHECK(vfs != NULL && !strcmp(vfs->zName, "object"));
	return db;
}

static int run(sqlite3 *db, const char *text)
{
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static int number(sqlite3 *db, const char *text)
{
	sqlite3_stmt *query;
	int value = -1;

	if (sqlite3_prepare_v2(db, text, -1, &query, NULL) == SQLITE_OK &&
	    sqlite3_step(query) == SQLITE_ROW)
		value = sqlite3_column_int(query, 0);
	sqlite3_finalize(query);
	return value;
}

static void takes_turns(const char *name)
{
	int status;

	for (int i = 0; i < PROGRAMS; i++) {
		pid_t child = fork();
		CHECK(child >= 0);
		if (child != 0)
			continue;
		sqlite3 *db = connect(name);
		for (int round = 0; round < ROUNDS; round++)
			CHECK(run(db, "BEGIN IMMEDIATE; UPDATE counter SET n = n + 1; COMMIT") ==
			      SQLITE_OK);
		sqlite3_close(db);
		_exit(failures != 0);
	}
	for (int i = 0; i < PROGRAMS; i++)
		CHECK(wait(&status) > 0 && status == 0);
	sqlite3 *db = connect(name);
	CHECK(number(db, "SELECT n FROM counter") == PROGRAMS * ROUNDS);
	sqlite3_close(db);
}

/* A program that stays in the middle of a transaction: what = statements that leave a lock. */
static pid_t stays_after(const char *name, const char *what)
{
	int ready[2];
	char byte;

	CHECK(pipe(ready) == 0);
	pid_t child = fork();
	if (child == 0) {
		sqlite3 *db = connect(name);
		CHECK(run(db, what) == SQLITE_OK);
		write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	return child;
}

static void is_killed(const char *name, const char *what)
{
	int status;
	pid_t child = stays_after(name, what);

	sqlite3 *db = connect(name);
	sqlite3_busy_timeout(db, 0);
	CHECK(run(db, "UPDATE counter SET n = 0") == SQLITE_BUSY);
	kill(child, SIGKILL);
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	CHECK(run(db, "UPDATE counter SET n = 17") == SQLITE_OK);
	CHECK(number(db, "SELECT count(*) FROM counter") == 1);
	CHECK(number(db, "SELECT n FROM counter") == 17);
	sqlite3_close(db);
}

/* ---- dies in the middle of a commit ---- */

static const sqlite3_io_methods *real;
static int writes_left;

static int dying_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
	int code = real->xWrite(file, from, amount, offset);

	if (--writes_left == 0)
		raise(SIGKILL);
	return code;
}

/* After `writes` pages of a transaction that changes three were changed in place. */
static void dies_committing(const char *name, int writes)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		static sqlite3_io_methods methods;
		sqlite3_file *file = NULL;
		sqlite3 *db = connect(name);
		/* the first statement opens the file */
		CHECK(number(db, "SELECT n FROM counter") == 17);
		CHECK(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) ==
		      SQLITE_OK);
		real = file->pMethods;
		methods = *real;
		methods.xWrite = dying_write;
		file->pMethods = &methods;
		writes_left = writes;
		run(db, "BEGIN; UPDATE counter SET n = n + 1; UPDATE other SET n = n + 1; COMMIT");
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	sqlite3 *db = connect(name);
	CHECK(number(db, "SELECT counter.n + other.n FROM counter, other") == 17);
	sqlite3_close(db);
}

static void readers_keep_writers_out(const char *name)
{
	sqlite3 *reader = connect(name), *writer = connect(name);

	sqlite3_busy_timeout(writer, 0);
	CHECK(run(reader, "BEGIN") == SQLITE_OK);
	CHECK(number(reader, "SELECT n FROM counter") == 17);
	CHECK(run(writer, "BEGIN IMMEDIATE; UPDATE counter SET n = 18") == SQLITE_OK);
	CHECK(run(writer, "COMMIT") == SQLITE_BUSY);
	/* the writer waits, so nobody else begins to read */
	sqlite3 *third = connect(name);
	sqlite3_busy_timeout(third, 0);
	CHECK(number(third, "SELECT n FROM counter") == -1);
	CHECK(number(reader, "SELECT n FROM counter") == 17);
	CHECK(run(reader, "COMMIT") == SQLITE_OK);
	CHECK(run(writer, "COMMIT") == SQLITE_OK);
	CHECK(number(third, "SELECT n FROM counter") == 18);
	sqlite3_close(reader);
	sqlite3_close(writer);
	sqlite3_close(third);
}

#define IS_BUSY "PRAGMA wal_checkpoint(TRUNCATE)"

/* With a write-ahead log: a checkpoint that empties it wants the log's readers gone, each of them,
 * and one that was killed counts no more. */
static void log_has_readers(const char *name)
{
	sqlite3 *writer = connect(name), *readers[2] = {connect(name), connect(name)};
	int status;

	CHECK(run(writer, "PRAGMA journal_mode = wal") == SQLITE_OK);
	sqlite3_busy_timeout(writer, 0);
	for (int i = 0; i < 2; i++) {
		CHECK(run(writer, "UPDATE counter SET n = n + 1") == SQLITE_OK);
		CHECK(run(readers[i], "BEGIN") == SQLITE_OK);
		CHECK(number(readers[i], "SELECT n FROM counter") == 19 + i);
	}
	CHECK(run(writer, "UPDATE counter SET n = 21") == SQLITE_OK);
	CHECK(number(writer, IS_BUSY) == 1);
	CHECK(number(readers[0], "SELECT n FROM counter") == 19);
	CHECK(run(readers[0], "COMMIT") == SQLITE_OK);
	CHECK(number(writer, IS_BUSY) == 1);
	CHECK(run(readers[1], "COMMIT") == SQLITE_OK);
	CHECK(number(writer, IS_BUSY) == 0);
	CHECK(run(writer, "BEGIN IMMEDIATE") == SQLITE_OK);
	sqlite3_busy_timeout(readers[0], 0);
	CHECK(run(readers[0], "BEGIN IMMEDIATE") == SQLITE_BUSY);
	CHECK(run(writer, "UPDATE counter SET n = 22; COMMIT") == SQLITE_OK);
	CHECK(run(readers[0], "BEGIN IMMEDIATE; COMMIT") == SQLITE_OK);

	CHECK(number(writer, "SELECT n FROM counter") == 22);
	pid_t child = stays_after(name, "BEGIN; SELECT n FROM counter");
	CHECK(run(writer, "UPDATE counter SET n = 23") == SQLITE_OK);
	CHECK(number(writer, IS_BUSY) == 1);
	kill(child, SIGKILL);
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	CHECK(number(writer, IS_BUSY) == 0);
	for (int i = 0; i < 2; i++)
		sqlite3_close(readers[i]);
	CHECK(run(writer, "PRAGMA journal_mode = delete") == SQLITE_OK);
	CHECK(number(writer, "SELECT n FROM counter") == 23);
	sqlite3_close(writer);
}

int main(int argc, char **argv)
{
	assert(argc == 2);
	sqlite3 *db = connect(argv[1]);
	CHECK(run(db, "CREATE TABLE counter(n); INSERT INTO counter VALUES(0); "
		      "CREATE TABLE other(n); INSERT INTO other VALUES(0)") == SQLITE_OK);
	sqlite3_close(db);
	takes_turns(argv[1]);
	is_killed(argv[1], "BEGIN IMMEDIATE; UPDATE counter SET n = 1000");
	is_killed(argv[1], "BEGIN EXCLUSIVE; UPDATE counter SET n = 1000");
	for (int writes = 1; writes <= 3; writes++)
		dies_committing(argv[1], writes);
	readers_keep_writers_out(argv[1]);
	log_has_readers(argv[1]);
	printf("programs: %d checks, %d failed\n", checks, failures);
	return failures != 0;
}
