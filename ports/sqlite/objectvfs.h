/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite's databases in objects: the VFS "object", the default one of this port. See README.md.
 *
 * A database is an object of its own kind; the name tree shows it as a regular file whose bytes are
 * the database. Layout, behind the object's base:
 *
 *	0 .. DB_LIMIT		the database; its size is meta.size
 *	DB_LIMIT		struct db_locks: who reads and who writes
 *	DB_INDEX_OFFSET		the index of the write-ahead log, where there is one
 *	behind the heap's end	the undo log of <twz/tx.h>
 */
#ifndef OBJECTVFS_H
#define OBJECTVFS_H

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <twz/object.h>
#include <twz/tx.h>

#define DB_KIND	    (TWZ_KIND_USER + 0x53514cu) /* "SQL" */
#define DB_LIMIT    ((896ull << 20) - TWZ_BASE_OFFSET)
#define DB_PLACES   2046u /* connections at a time */
#define DB_NO_PLACE UINT32_MAX

/* The index is mapped region by region, as SQLite asks for it. */
#define DB_INDEX_OFFSET	 (DB_LIMIT + (64ull << 10))
#define DB_INDEX_REGION	 (32 << 10)
#define DB_INDEX_LOCKS	 SQLITE_SHM_NLOCK
#define DB_INDEX_REGIONS 1400u /* to less than 940 MiB of the object: 5.7 million frames */

/* One connection. Means nothing once its program has ended. */
struct db_place {
	struct twz_id view;			/* of its program; none: free */
	uint32_t level;				/* SQLITE_LOCK_* */
	uint32_t index_shared, index_exclusive; /* of the eight locks of the log's index */
	uint32_t reserved;
};

/* Volatile by meaning: after a power loss no program of its places runs. Hostile until checked. */
struct db_locks {
	struct twz_id holder; /* lock.h, of what follows */
	uint32_t waiters;
	uint32_t used;	  /* places that were ever taken */
	uint32_t shared;  /* places at SHARED or above */
	uint32_t writer;  /* the place at RESERVED or above + 1, or 0 */
	uint32_t regions; /* of the log's index */
	/* Of the index's locks: how many hold each one shared; which somebody holds exclusively. */
	uint16_t index_shared[DB_INDEX_LOCKS];
	uint32_t index_exclusive;
	uint32_t beside; /* DB_JOURNAL, DB_LOG: there may be one; changes under the guard */
	uint32_t reserved;
	struct db_place places[DB_PLACES];
};

#define DB_JOURNAL 1u
#define DB_LOG	   2u

/* The name of a connection's journal or log, where SQLite keeps it. */
struct db_beside {
	const char *name;
	uint32_t which;
	struct db_beside *next;
	struct db_file *file;
};

struct db_file {
	sqlite3_file base;
	struct twz_object object;
	struct twz_tx tx;
	sqlite3_int64 map_limit; /* what xFetch may give, bytes */
	uint64_t size_at_begin;	 /* bytes, when the transaction began */
	struct twz_id self;	 /* this program's view */
	uint32_t place;		 /* in db_locks, or DB_NO_PLACE */
	int level;		 /* SQLITE_LOCK_* */
	bool is_persistent;
	bool is_written;  /* since it was synced */
	bool was_written; /* and so when the transaction began */
	int last_error;	  /* a twz_result, positive */
	const char *name; /* SQLite's, lives as long as the file is open */
	struct db_beside beside[2];
};

static inline struct twz_object_meta *db_meta(const struct db_file *file)
{
	return twz_object_meta(&file->object);
}

static inline uint8_t *db_bytes(const struct db_file *file)
{
	return twz_object_base(&file->object);
}

static inline struct db_locks *db_locks(const struct db_file *file)
{
	return (struct db_locks *)(db_bytes(file) + DB_LIMIT);
}

static_assert(sizeof(struct db_locks) <= DB_INDEX_OFFSET - DB_LIMIT, "the locks' part");

/* What SQLite does with a database that is open. */
extern const sqlite3_io_methods db_methods;

/* Around every use of the locks. SQLITE_IOERR_LOCK. */
int db_guard(struct db_file *file);
void db_unguard(struct db_file *file);
/* Counts all locks anew, without the dead. The guard is held. */
void db_rebuild(struct db_file *file);

/* Takes and gives back a place. SQLITE_CANTOPEN: there is none. */
int db_place_take(struct db_file *file);
void db_place_leave(struct db_file *file);

/* xLock, xUnlock, xCheckReservedLock. */
int db_lock(sqlite3_file *base, int level);
int db_unlock(sqlite3_file *base, int level);
int db_is_reserved(sqlite3_file *base, int *out);

/* From xOpen to xClose: what is beside the database, and that this connection's names mean it. */
int db_beside_enter(struct db_file *file, sqlite3_vfs *lower);
void db_beside_leave(struct db_file *file);
/* What a name that SQLite passes to the VFS means; NULL: no journal or log of an open database. */
struct db_beside *db_beside_find(const char *name);
/* Whether it may be there; else it is not. */
bool db_beside_may_be(const struct db_beside *beside);
/* Around making or after deleting one. The guard is held. */
void db_beside_set(struct db_file *file, uint32_t which, bool there);

/* xShmMap, xShmLock, xShmBarrier, xShmUnmap. */
int db_index_map(sqlite3_file *base, int region, int size, int extend, void volatile **out);
int db_index_lock(sqlite3_file *base, int first, int count, int flags);
void db_index_barrier(sqlite3_file *base);
int db_index_unmap(sqlite3_file *base, int delete);
/* Lets go those of the index's locks that this connection holds. The guard is held. */
void db_index_release(struct db_file *file, uint32_t mask);
/* Empties the index: nobody has the database open. The guard is held. */
void db_index_clear(struct db_file *file);

#endif
