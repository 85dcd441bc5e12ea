/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite's five lock levels among the connections of all programs of a boot, in the database's
 * object; a connection whose program has ended counts no more, and what it left half written is
 * undone first. Two counts answer the usual case; the places are looked at when they say no.
 */
#include "objectvfs.h"

#include <string.h>
#include <twz/lock.h>

static uint32_t used_places(const struct db_locks *locks)
{
	uint32_t used = __atomic_load_n(&locks->used, __ATOMIC_RELAXED);

	return used <= DB_PLACES ? used : DB_PLACES;
}

void db_rebuild(struct db_file *file)
{
	struct db_locks *locks = db_locks(file);
	uint32_t used = used_places(locks), last = 0;

	locks->shared = 0;
	locks->writer = 0;
	memset(locks->index_shared, 0, sizeof(locks->index_shared));
	locks->index_exclusive = 0;
	for (uint32_t i = 0; i < used; i++) {
		struct db_place *place = &locks->places[i];
		if (twz_id_is_none(place->view))
			continue;
		if (!twz_id_equal(place->view, file->self) && twz_lock_holder_ended(place->view)) {
			memset(place, 0, sizeof(*place));
			continue;
		}
		last = i + 1;
		locks->shared += place->level >= SQLITE_LOCK_SHARED;
		if (place->level >= SQLITE_LOCK_RESERVED)
			locks->writer = last;
		for (uint32_t lock = 0; lock < DB_INDEX_LOCKS; lock++)
			locks->index_shared[lock] += place->index_shared >> lock & 1;
		locks->index_exclusive |= place->index_exclusive;
	}
	locks->used = last;
	if (last == 0)
		db_index_clear(file);
	/* undoes what a dead writer left, if there was one */
	twz_tx_open(&file->object);
}

int db_guard(struct db_file *file)
{
	struct db_locks *locks = db_locks(file);
	twz_result result = twz_lock_take(&locks->holder, &locks->waiters);

	if (result < 0) {
		file->last_error = (int)-result;
		return SQLITE_IOERR_LOCK;
	}
	if (result == 1)
		db_rebuild(file);
	return SQLITE_OK;
}

void db_unguard(struct db_file *file)
{
	struct db_locks *locks = db_locks(file);

	twz_lock_release(&locks->holder, &locks->waiters);
}

int db_place_take(struct db_file *file)
{
	struct db_locks *locks = db_locks(file);
	int code = db_guard(file);

	if (code != SQLITE_OK)
		return code;
	db_rebuild(file);
	uint32_t place = 0, used = locks->used;
	while (place < used && !twz_id_is_none(locks->places[place].view))
		place++;
	if (place < DB_PLACES) {
		locks->places[place] = (struct db_place){.view = file->self};
		if (place == used)
			locks->used = place + 1;
		file->place = place;
	}
	db_unguard(file);
	return place < DB_PLACES ? SQLITE_OK : SQLITE_CANTOPEN;
}

void db_place_leave(struct db_file *file)
{
	if (file->place == DB_NO_PLACE)
		return;
	db_unlock(&file->base, SQLITE_LOCK_NONE);
	if (db_guard(file) == SQLITE_OK) {
		db_index_release(file, (1u << DB_INDEX_LOCKS) - 1);
		memset(&db_locks(file)->places[file->place], 0, sizeof(struct db_place));
		db_unguard(file);
	}
	file->place = DB_NO_PLACE;
}

/* Whether the level may be had now; PENDING is what EXCLUSIVE leaves behind when it may not. */
static bool may_have(struct db_file *file, int level, uint32_t *now)
{
	struct db_locks *locks = db_locks(file);
	uint32_t mine = file->place + 1, writer = locks->writer;

	*now = (uint32_t)file->level;
	if (writer > DB_PLACES)
		return false;
	if (level == SQLITE_LOCK_SHARED) {
		if (writer != 0 && writer != mine &&
		    locks->places[writer - 1].level >= SQLITE_LOCK_PENDING)
			return false;
	} else {
		if (writer != 0 && writer != mine)
			return false;
		if (level == SQLITE_LOCK_EXCLUSIVE && locks->shared > 1) {
			*now = SQLITE_LOCK_PENDING;
			return false;
		}
	}
	*now = (uint32_t)level;
	return true;
}

int db_lock(sqlite3_file *base, int level)
{
	struct db_file *file = (struct db_file *)base;
	struct db_locks *locks = db_locks(file);
	uint32_t now;

	if (file->level >= level)
		return SQLITE_OK;
	int code = db_guard(file);
	if (code != SQLITE_OK)
		return code;
	bool done = may_have(file, level, &now);
	if (!done) {
		db_rebuild(file);
		done = may_have(file, level, &now);
	}
	if (file->level < SQLITE_LOCK_SHARED && now >= SQLITE_LOCK_SHARED)
		locks->shared++;
	if (now >= SQLITE_LOCK_RESERVED)
		locks->writer = file->place + 1;
	__atomic_store_n(&locks->places[file->place].level, now, __ATOMIC_RELAXED);
	file->level = (int)now;
	db_unguard(file);
	return done ? SQLITE_OK : SQLITE_BUSY;
}

int db_unlock(sqlite3_file *base, int level)
{
	struct db_file *file = (struct db_file *)base;
	struct db_locks *locks = db_locks(file);

	if (file->level <= level)
		return SQLITE_OK;
	int code = db_guard(file);
	if (code != SQLITE_OK)
		return SQLITE_IOERR_UNLOCK;
	if (file->level >= SQLITE_LOCK_RESERVED && locks->writer == file->place + 1)
		locks->writer = 0;
	if (level < SQLITE_LOCK_SHARED && locks->shared != 0)
		locks->shared--;
	__atomic_store_n(&locks->places[file->place].level, (uint32_t)level, __ATOMIC_RELAXED);
	file->level = level;
	db_unguard(file);
	return SQLITE_OK;
}

int db_is_reserved(sqlite3_file *base, int *out)
{
	struct db_file *file = (struct db_file *)base;
	int code = db_guard(file);

	if (code != SQLITE_OK)
		return SQLITE_IOERR_CHECKRESERVEDLOCK;
	if (db_locks(file)->writer != 0)
		db_rebuild(file);
	*out = db_locks(file)->writer != 0;
	db_unguard(file);
	return SQLITE_OK;
}
