/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a write-ahead log's readers and writers share (SQLite's "shared memory" methods): the log's
 * index in the database's object, and its eight locks. The index means nothing to who comes when
 * nobody has the database open: it is emptied then, and SQLite makes it anew from the log.
 */
#include "objectvfs.h"

#include <string.h>

static uint32_t regions_of(const struct db_locks *locks)
{
	uint32_t regions = __atomic_load_n(&locks->regions, __ATOMIC_ACQUIRE);

	return regions <= DB_INDEX_REGIONS ? regions : DB_INDEX_REGIONS;
}

static uint8_t *region_at(const struct db_file *file, uint32_t region)
{
	return db_bytes(file) + DB_INDEX_OFFSET + (uint64_t)region * DB_INDEX_REGION;
}

void db_index_clear(struct db_file *file)
{
	struct db_locks *locks = db_locks(file);

	memset(region_at(file, 0), 0, (size_t)regions_of(locks) * DB_INDEX_REGION);
	__atomic_store_n(&locks->regions, 0, __ATOMIC_RELEASE);
}

int db_index_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
	struct db_file *file = (struct db_file *)base;
	struct db_locks *locks = db_locks(file);
	int code = SQLITE_OK;

	*out = NULL;
	if (size != DB_INDEX_REGION || region < 0 || (uint32_t)region >= DB_INDEX_REGIONS)
		return SQLITE_IOERR_SHMSIZE;
	if ((uint32_t)region >= regions_of(locks)) {
		if (!extend)
			return SQLITE_OK;
		code = db_guard(file);
		if (code != SQLITE_OK)
			return code;
		if ((uint32_t)region >= regions_of(locks))
			__atomic_store_n(&locks->regions, (uint32_t)region + 1, __ATOMIC_RELEASE);
		db_unguard(file);
	}
	*out = region_at(file, (uint32_t)region);
	return code;
}

/* Whether others hold one of the locks of the mask in a way that excludes what is wanted. */
static bool is_excluded(const struct db_file *file, uint32_t mask, bool exclusive)
{
	const struct db_locks *locks = db_locks(file);
	const struct db_place *mine = &locks->places[file->place];

	if (mask & locks->index_exclusive & ~mine->index_exclusive)
		return true;
	for (uint32_t lock = 0; exclusive && lock < DB_INDEX_LOCKS; lock++)
		if ((mask >> lock & 1) &&
		    locks->index_shared[lock] > (mine->index_shared >> lock & 1))
			return true;
	return false;
}

static void hold(struct db_file *file, uint32_t mask, bool exclusive)
{
	struct db_locks *locks = db_locks(file);
	struct db_place *mine = &locks->places[file->place];

	if (exclusive) {
		mine->index_exclusive |= mask;
		locks->index_exclusive |= mask;
		return;
	}
	for (uint32_t lock = 0; lock < DB_INDEX_LOCKS; lock++)
		locks->index_shared[lock] += (mask & ~mine->index_shared) >> lock & 1;
	mine->index_shared |= mask;
}

void db_index_release(struct db_file *file, uint32_t mask)
{
	struct db_locks *locks = db_locks(file);
	struct db_place *mine = &locks->places[file->place];
	uint32_t shared = mask & mine->index_shared;

	for (uint32_t lock = 0; lock < DB_INDEX_LOCKS; lock++)
		locks->index_shared[lock] -= (shared >> lock & 1) && locks->index_shared[lock] != 0;
	locks->index_exclusive &= ~(mask & mine->index_exclusive);
	mine->index_shared &= ~mask;
	mine->index_exclusive &= ~mask;
}

int db_index_lock(sqlite3_file *base, int first, int count, int flags)
{
	struct db_file *file = (struct db_file *)base;
	uint32_t mask = ((1u << count) - 1) << first;
	bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
	int code = db_guard(file);

	if (code != SQLITE_OK)
		return code;
	if (flags & SQLITE_SHM_UNLOCK) {
		db_index_release(file, mask);
	} else {
		bool excluded = is_excluded(file, mask, exclusive);
		if (excluded) {
			db_rebuild(file);
			excluded = is_excluded(file, mask, exclusive);
		}
		if (excluded)
			code = SQLITE_BUSY;
		else
			hold(file, mask, exclusive);
	}
	db_unguard(file);
	return code;
}

void db_index_barrier(sqlite3_file *base)
{
	(void)base;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int db_index_unmap(sqlite3_file *base, int delete)
{
	struct db_file *file = (struct db_file *)base;

	(void)delete;
	if (file->place == DB_NO_PLACE || db_guard(file) != SQLITE_OK)
		return SQLITE_OK;
	db_index_release(file, (1u << DB_INDEX_LOCKS) - 1);
	db_unguard(file);
	return SQLITE_OK;
}
