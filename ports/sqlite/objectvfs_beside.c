/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a database has a journal or a write-ahead log beside it. SQLite asks the file system at
 * the beginning of each transaction; here a word in the object answers, which whoever makes or
 * deletes such a file keeps true, and each connection sets right when it opens the database.
 */
#include "objectvfs.h"

#include <pthread.h>

#define BUCKETS 256u

/* Of the databases that this program has open, by the addresses of the names. */
static struct db_beside *names[BUCKETS];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static struct db_beside **bucket_of(const char *name)
{
	return &names[((uintptr_t)name * 0x9e3779b97f4a7c15u) >> 56];
}

struct db_beside *db_beside_find(const char *name)
{
	pthread_mutex_lock(&guard);
	struct db_beside *at = *bucket_of(name);
	while (at && at->name != name)
		at = at->next;
	pthread_mutex_unlock(&guard);
	return at; /* as long as its connection, whose own call this is */
}

static void enter(struct db_file *file, struct db_beside *beside, const char *name, uint32_t which)
{
	*beside = (struct db_beside){name, which, *bucket_of(name), file};
	*bucket_of(name) = beside;
}

static void leave(const struct db_beside *beside)
{
	struct db_beside **link = bucket_of(beside->name);

	while (*link && *link != beside)
		link = &(*link)->next;
	if (*link)
		*link = beside->next;
}

static int note(struct db_file *file, sqlite3_vfs *lower, const char *name, uint32_t which)
{
	int there = 0, code = lower->xAccess(lower, name, SQLITE_ACCESS_EXISTS, &there);

	if (code == SQLITE_OK)
		db_beside_set(file, which, there);
	return code;
}

int db_beside_enter(struct db_file *file, sqlite3_vfs *lower)
{
	const char *journal = sqlite3_filename_journal(file->name);
	const char *log = sqlite3_filename_wal(file->name);
	int code = db_guard(file);

	if (code != SQLITE_OK)
		return code;
	code = note(file, lower, journal, DB_JOURNAL);
	if (code == SQLITE_OK)
		code = note(file, lower, log, DB_LOG);
	db_unguard(file);
	if (code != SQLITE_OK)
		return code;
	pthread_mutex_lock(&guard);
	enter(file, &file->beside[0], journal, DB_JOURNAL);
	enter(file, &file->beside[1], log, DB_LOG);
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

void db_beside_leave(struct db_file *file)
{
	pthread_mutex_lock(&guard);
	for (size_t i = 0; i < sizeof(file->beside) / sizeof(file->beside[0]); i++)
		if (file->beside[i].file)
			leave(&file->beside[i]);
	pthread_mutex_unlock(&guard);
}

void db_beside_set(struct db_file *file, uint32_t which, bool there)
{
	uint32_t *beside = &db_locks(file)->beside;

	if (there)
		__atomic_or_fetch(beside, which, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(beside, ~which, __ATOMIC_SEQ_CST);
}

bool db_beside_may_be(const struct db_beside *beside)
{
	return __atomic_load_n(&db_locks(beside->file)->beside, __ATOMIC_SEQ_CST) & beside->which;
}
