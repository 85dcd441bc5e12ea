/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VFS "object": which files are databases in objects. Journals of large or several databases'
 * transactions, temporary files and databases that are plain files already go to the VFS "unix".
 */
#include "objectvfs.h"

#include <fcntl.h>
#include <twizzler/rt/object.h>
#include <twz/persist.h>
#include <twz/sys.h>
#include <unistd.h>

static sqlite3_vfs *lower; /* "unix" */

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
	*file = (struct db_file){.name = name,
				 .place = DB_NO_PLACE,
				 .map_limit = (sqlite3_int64)DB_LIMIT,
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
	base->pMethods = &db_methods;
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
