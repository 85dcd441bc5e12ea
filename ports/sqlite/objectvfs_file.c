/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A database as SQLite's file: pages are read where they lie in the object and committed by an undo
 * log of the lines that changed (SQLITE_IOCAP_BATCH_ATOMIC), so that neither a page cache of the
 * system nor a journal file is between them.
 */
#include "objectvfs.h"

#include <string.h>
#include <time.h>
#include <twz/persist.h>
#include <twz/sys.h>
#include <unistd.h>

#define LINE	    64u
#define RANGES	    32u /* that are logged with one wait for the medium */
#define SECTOR_SIZE 512

static int failed(struct db_file *file, twz_result result, int code)
{
	file->last_error = (int)-result;
	return result == -TWZ_ERR_NO_SPACE || result == -TWZ_ERR_OUT_OF_MEMORY ? SQLITE_FULL : code;
}

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
	file->is_written = true;
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
	file->is_written = true;
	if ((uint64_t)size > old)
		memset(db_bytes(file) + old, 0, (uint64_t)size - old);
	twz_commit_word(&db_meta(file)->size, (uint64_t)size);
	return SQLITE_OK;
}

/* Without a system call. */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void set_time(struct db_file *file)
{
	__atomic_store_n(&db_meta(file)->mtime, now_ns(), __ATOMIC_RELAXED);
}

/*
 * Lines are flushed when they are written, so that persistent memory has only to be waited for. On
 * a disk all objects become durable at once, as they are now (docs/store.md). SQLite syncs once
 * more after a batch: then nothing is left to do.
 */
static int db_sync(sqlite3_file *base, int flags)
{
	struct db_file *file = (struct db_file *)base;

	(void)flags;
	if (!file->is_written)
		return SQLITE_OK;
	twz_fence();
	set_time(file);
	twz_result result = TWZ_OK;
	if (file->is_persistent) /* no bytes by name: in memory there is nothing left to do */
		result = twz_sys_object_sync(file->object.id.hi, file->object.id.lo, 0, 0);
	file->is_written = result < 0;
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
	file->was_written = file->is_written;
	return result < 0 ? failed(file, result, SQLITE_IOERR_BEGIN_ATOMIC) : SQLITE_OK;
}

/* Durable at return on either medium (docs/decisions/0014-a-commit-on-a-disk-ends-with-a-sync.md),
 * the time with it. */
static int commit(struct db_file *file)
{
	set_time(file);
	twz_result result = twz_tx_commit(&file->tx);

	if (result < 0)
		return failed(file, result, SQLITE_IOERR_COMMIT_ATOMIC);
	file->is_written = file->was_written;
	return SQLITE_OK;
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

const sqlite3_io_methods db_methods = {
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
