/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VFS "object": SQLite reads a database's pages where they lie in the object and commits by an
 * undo log of the lines that changed (SQLITE_IOCAP_BATCH_ATOMIC), so that neither a page cache of
 * the system nor a journal file is between them. Journals of large or several databases'
 * transactions, temporary files and databases that are plain files already go to the VFS "unix".
 */
#include "objectvfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <twizzler/rt/object.h>
#include <twz/persist.h>
#include <twz/sys.h>
#include <unistd.h>

#define LINE	    64u
#define RANGES	    32u /* that are logged with one wait for the medium */
#define SECTOR_SIZE 512

static sqlite3_vfs *lower; /* "unix" */

static int failed(struct db_file *file, twz_result result, int code)
{
	file->last_error = (int)-result;
	return result == -TWZ_ERR_NO_SPACE || result == -TWZ_ERR_OUT_OF_MEMORY ? SQLITE_FULL : code;
}

/* ---- a database ---- */

static uint64_t size_of(const struct db_file *file)
{
	uint64_t size = __atomic_load_n(&db_meta(file)->size, __ATOMIC_ACQUIRE);

	return size <= DB_LIMIT ? size : DB_LIMIT;
}

static int db_close(sqlite3_file *base)
{
	struct db_file *file = (struct db_file *)base;

	db_beside_leave(file);
	db_place_leave(file);
	twz_object_close(&file->object);
	return SQLITE_OK;
}

static int db_read(sqlite3_file *base, void *to, int amount, sqlite3_int64 offset)
{
	struct db_file *file = (struct db_file *)base;
	uint64_t size = size_of(file), there;

	there = (uint64_t)offset < size ? size - (uint64_t)offset : 0;
	if (there > (uint64_t)amount)
		there = (uint64_t)amount;
	memcpy(to, db_bytes(file) + offset, there);
	if (there == (uint64_t)amount)
		return SQLITE_OK;
	memset((char *)to + there, 0, (uint64_t)amount - there);
	return SQLITE_IOERR_SHORT_READ;
}

typedef uint64_t word __attribute__((may_alias, aligned(1)));

/* Whether two lines are alike. The library's memcmp goes byte by byte, as musl's. */
static bool is_same(const uint8_t *a, const uint8_t *b)
{
	const word *x = (const word *)a, *y = (const word *)b;
	uint64_t difference = 0;

	for (size_t i = 0; i < LINE / sizeof(word); i++)
		difference |= x[i] ^ y[i];
	return difference == 0;
}

/*
 * Logs the lines that differ, then writes them. A page is mostly what it was: its header, a few
 * cells and their pointers change, so that little is logged and written back.
 */
static int write_changed(struct db_file *file, uint8_t *place, const uint8_t *from, uint64_t length)
{
	struct twz_tx_range ranges[RANGES];
	uint64_t at = 0;

	while (at < length) {
		size_t count = 0;
		for (; at < length && count < RANGES; at += LINE) {
			uint64_t step = length - at < LINE ? length - at : LINE;
			if (step == LINE && is_same(place + at, from + at))
				continue;
			struct twz_tx_range *last = &ranges[count - (count != 0)];
			if (count != 0 && (uint8_t *)last->address + last->length == place + at)
				last->length += step;
			else
				ranges[count++] = (struct twz_tx_range){place + at, step};
		}
		twz_result result = twz_tx_add_ranges(&file->tx, ranges, count);
		if (result < 0)
			return failed(file, result, SQLITE_IOERR_WRITE);
		for (size_t i = 0; i < count; i++) {
			uint8_t *to = (uint8_t *)ranges[i].address;
			memcpy(to, from + (to - place), ranges[i].length);
		}
	}
	return SQLITE_OK;
}

static int db_write(sqlite3_file *base, const void *from, int amount, sqlite3_int64 offset)
{
	struct db_file *file = (struct db_file *)base;
	uint64_t start = (uint64_t)offset, length = (uint64_t)amount, old = 0;
	uint8_t *place = db_bytes(file) + start;

	if (start > DB_LIMIT || length > DB_LIMIT - start)
		return SQLITE_FULL;
	if (file->tx.state == TWZ_TX_OPEN) {
		if (start < file->size_at_begin)
			old = file->size_at_begin - start < length ? file->size_at_begin - start
								   : length;
		int code = write_changed(file, place, from, old);
		if (code != SQLITE_OK)
			return code;
		/* behind the end nothing is to be kept */
		if (old < length) {
			twz_result result = twz_tx_fresh(&file->tx, place + old, length - old);
			if (result < 0)
				return failed(file, result, SQLITE_IOERR_WRITE);
			memcpy(place + old, (const uint8_t *)from + old, length - old);
		}
	} else {
		memcpy(place, from, length);
		twz_flush(place, length);
	}
	if (start + length > size_of(file)) {
		/* A size that a transaction leaves behind when it is undone does no harm: the
		 * database's first page says how much of it counts. */
		__atomic_store_n(&db_meta(file)->size, start + length, __ATOMIC_RELEASE);
		twz_flush(&db_meta(file)->size, sizeof(uint64_t));
	}
	return SQLITE_OK;
}

static int db_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct db_file *file = (struct db_file *)base;
	uint64_t old = size_of(file);

	if ((uint64_t)size > DB_LIMIT)
		return SQLITE_FULL;
	if ((uint64_t)size > old)
		memset(db_bytes(file) + old, 0, (uint64_t)size - old);
	twz_commit_word(&db_meta(file)->size, (uint64_t)size);
	return SQLITE_OK;
}

/*
 * Lines are flushed when they are written, so that persistent memory has only to be waited for. On
 * a disk all objects become durable at once, as they are now (docs/store.md).
 */
static int db_sync(sqlite3_file *base, int flags)
{
	struct db_file *file = (struct db_file *)base;

	(void)flags;
	twz_fence();
	__atomic_store_n(&db_meta(file)->mtime, (uint64_t)twz_sys_clock_read(TWZ_CLOCK_REALTIME),
			 __ATOMIC_RELAXED);
	if (!file->is_persistent)
		return SQLITE_OK;
	/* no bytes by name: in memory there is nothing left to do */
	twz_result result = twz_sys_object_sync(file->object.id.hi, file->object.id.lo, 0, 0);
	return result < 0 ? failed(file, result, SQLITE_IOERR_FSYNC) : SQLITE_OK;
}

static int db_size(sqlite3_file *base, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)size_of((struct db_file *)base);
	return SQLITE_OK;
}

static int begin(struct db_file *file)
{
	twz_result result = twz_tx_begin(&file->tx, &file->object);

	file->size_at_begin = size_of(file);
	return result < 0 ? failed(file, result, SQLITE_IOERR_BEGIN_ATOMIC) : SQLITE_OK;
}

static int commit(struct db_file *file)
{
	twz_result result = twz_tx_commit(&file->tx);

	if (result < 0)
		return failed(file, result, SQLITE_IOERR_COMMIT_ATOMIC);
	return db_sync(&file->base, 0);
}

static int db_control(sqlite3_file *base, int operation, void *argument)
{
	struct db_file *file = (struct db_file *)base;
	sqlite3_int64 *number = argument, old;

	switch (operation) {
	case SQLITE_FCNTL_BEGIN_ATOMIC_WRITE:
		return begin(file);
	case SQLITE_FCNTL_COMMIT_ATOMIC_WRITE:
		return commit(file);
	case SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE:
		twz_tx_abort(&file->tx);
		return SQLITE_OK;
	case SQLITE_FCNTL_MMAP_SIZE:
		old = file->map_limit;
		if (*number >= 0)
			file->map_limit = *number;
		*number = old;
		return SQLITE_OK;
	case SQLITE_FCNTL_LOCKSTATE:
		*(int *)argument = file->level;
		return SQLITE_OK;
	case SQLITE_FCNTL_LAST_ERRNO:
		*(int *)argument = file->last_error;
		return SQLITE_OK;
	case SQLITE_FCNTL_HAS_MOVED:
		*(int *)argument = file->name != NULL && access(file->name, F_OK) != 0;
		return SQLITE_OK;
	case SQLITE_FCNTL_VFSNAME:
		*(char **)argument = sqlite3_mprintf("object");
		return SQLITE_OK;
	}
	return SQLITE_NOTFOUND;
}

static int db_sector_size(sqlite3_file *base)
{
	(void)base;
	return SECTOR_SIZE;
}

static int db_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_BATCH_ATOMIC | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* The page where it lies. */
static int db_fetch(sqlite3_file *base, sqlite3_int64 offset, int amount, void **out)
{
	struct db_file *file = (struct db_file *)base;
	uint64_t end = (uint64_t)offset + (uint64_t)amount;

	*out = NULL;
	if (end <= size_of(file) && end <= (uint64_t)file->map_limit)
		*out = db_bytes(file) + offset;
	return SQLITE_OK;
}

static int db_unfetch(sqlite3_file *base, sqlite3_int64 offset, void *page)
{
	(void)base, (void)offset, (void)page;
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 3,
	.xClose = db_close,
	.xRead = db_read,
	.xWrite = db_write,
	.xTruncate = db_truncate,
	.xSync = db_sync,
	.xFileSize = db_size,
	.xLock = db_lock,
	.xUnlock = db_unlock,
	.xCheckReservedLock = db_is_reserved,
	.xFileControl = db_control,
	.xSectorSize = db_sector_size,
	.xDeviceCharacteristics = db_characteristics,
	.xShmMap = db_index_map,
	.xShmLock = db_index_lock,
	.xShmBarrier = db_index_barrier,
	.xShmUnmap = db_index_unmap,
	.xFetch = db_fetch,
	.xUnfetch = db_unfetch,
};

/* ---- the VFS ---- */

/*
 * The object behind a path, made when it is not there and may be. SQLITE_NOTFOUND: none, the name
 * is another file system's.
 */
static int find_object(const char *name, int flags, struct twz_id *id)
{
	int how = O_CLOEXEC | (flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY);

	if (flags & SQLITE_OPEN_CREATE)
		how |= O_CREAT | (flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL : 0);
	int fd = open(name, how, 0644);
	if (fd < 0)
		return SQLITE_CANTOPEN;
	twz_result result = twz_rt_fd_object(fd, id);
	close(fd);
	return result < 0 ? SQLITE_NOTFOUND : SQLITE_OK;
}

/* An empty file becomes a database; who comes at once does the same. SQLITE_NOTFOUND: it is a file
 * with content. */
static int adopt(struct db_file *file)
{
	struct twz_object_meta *meta = db_meta(file);

	if (meta->magic != TWZ_META_MAGIC)
		return SQLITE_NOTFOUND;
	if (meta->kind == DB_KIND)
		return SQLITE_OK;
	if (meta->kind != TWZ_KIND_FILE || meta->size != 0)
		return SQLITE_NOTFOUND;
	__atomic_store_n(&meta->kind, DB_KIND, __ATOMIC_RELEASE);
	twz_persist(&meta->kind, sizeof(meta->kind));
	return SQLITE_OK;
}

static int open_database(struct db_file *file, const char *name, int flags)
{
	struct twz_object_stat status;
	struct twz_id id;
	int code = find_object(name, flags, &id);

	if (code != SQLITE_OK)
		return code;
	if (twz_object_stat(id, &status) < 0)
		return SQLITE_CANTOPEN;
	*file = (struct db_file){
		.name = name, .place = DB_NO_PLACE, .map_limit = (sqlite3_int64)DB_LIMIT,
		.is_persistent = status.flags & TWZ_OBJECT_PERSISTENT};
	/* who only reads leaves word of it too */
	twz_result result = twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &file->object);
	if (result < 0)
		return result == -TWZ_ERR_ACCESS_DENIED ? SQLITE_READONLY_CANTLOCK
							: SQLITE_CANTOPEN;
	code = adopt(file);
	if (code == SQLITE_OK) {
		if (twz_tx_open(&file->object) < 0)
			code = SQLITE_CORRUPT;
		else if (twz_sys_thread_control(TWZ_THREAD_VIEW, (uintptr_t)&file->self) < 0)
			code = SQLITE_CANTOPEN;
		else
			code = db_place_take(file);
	}
	if (code == SQLITE_OK) {
		code = db_beside_enter(file, lower);
		if (code != SQLITE_OK)
			db_place_leave(file);
	}
	if (code != SQLITE_OK)
		twz_object_close(&file->object);
	return code;
}

/* A journal, a log, or a temporary file. */
static int open_other(sqlite3_filename name, sqlite3_file *base, int flags, int *flags_out)
{
	struct db_beside *beside = NULL;
	int code = SQLITE_OK;

	if ((flags & SQLITE_OPEN_CREATE) && name)
		beside = db_beside_find(name);
	if (beside)
		code = db_guard(beside->file);
	if (code != SQLITE_OK)
		return SQLITE_CANTOPEN;
	if (beside)
		db_beside_set(beside->file, beside->which, true);
	code = lower->xOpen(lower, name, base, flags, flags_out);
	if (beside)
		db_unguard(beside->file);
	return code;
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags,
		    int *flags_out)
{
	struct db_file *file = (struct db_file *)base;

	(void)vfs;
	base->pMethods = NULL;
	if (!(flags & SQLITE_OPEN_MAIN_DB) || name == NULL)
		return open_other(name, base, flags, flags_out);
	int code = open_database(file, name, flags);
	if (code == SQLITE_NOTFOUND)
		return lower->xOpen(lower, name, base, flags, flags_out);
	if (code != SQLITE_OK)
		return code;
	base->pMethods = &methods;
	if (flags_out)
		*flags_out = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct db_beside *beside = db_beside_find(name);

	(void)vfs;
	if (beside && db_guard(beside->file) != SQLITE_OK)
		return SQLITE_IOERR_DELETE;
	int code = lower->xDelete(lower, name, sync);
	if (beside) {
		if (code == SQLITE_OK || code == SQLITE_IOERR_DELETE_NOENT)
			db_beside_set(beside->file, beside->which, false);
		db_unguard(beside->file);
	}
	return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct db_beside *beside = flags == SQLITE_ACCESS_EXISTS ? db_beside_find(name) : NULL;

	(void)vfs;
	*out = 0;
	return beside && !db_beside_may_be(beside) ? SQLITE_OK
						   : lower->xAccess(lower, name, flags, out);
}

/* The rest is the file system's. */

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int length, char *out)
{
	(void)vfs;
	return lower->xFullPathname(lower, name, length, out);
}

static int vfs_random(sqlite3_vfs *vfs, int length, char *out)
{
	(void)vfs;
	return lower->xRandomness(lower, length, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return lower->xSleep(lower, microseconds);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	return lower->xCurrentTime(lower, out);
}

static int vfs_last_error(sqlite3_vfs *vfs, int length, char *out)
{
	(void)vfs;
	return lower->xGetLastError(lower, length, out);
}

static int vfs_time64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	return lower->xCurrentTimeInt64(lower, out);
}

static sqlite3_vfs object_vfs = {
	.iVersion = 2,
	.zName = "object",
	.xOpen = vfs_open,
	.xDelete = vfs_delete,
	.xAccess = vfs_access,
	.xFullPathname = vfs_full_name,
	.xRandomness = vfs_random,
	.xSleep = vfs_sleep,
	.xCurrentTime = vfs_time,
	.xGetLastError = vfs_last_error,
	.xCurrentTimeInt64 = vfs_time64,
};

/* SQLITE_EXTRA_INIT: called by sqlite3_initialize. */
int twz_sqlite_init(const char *unused)
{
	(void)unused;
	lower = sqlite3_vfs_find("unix");
	if (lower == NULL)
		return SQLITE_ERROR;
	object_vfs.szOsFile = lower->szOsFile > (int)sizeof(struct db_file)
				      ? lower->szOsFile
				      : (int)sizeof(struct db_file);
	object_vfs.mxPathname = lower->mxPathname;
	return sqlite3_vfs_register(&object_vfs, 1);
}
