/* SPDX-License-Identifier: BSD-2-Clause */
/* What ports/sqlite's VFS uses of SQLite's interface, for a build of it without SQLite; the numbers
 * are SQLite's (sqlite.org/c3ref). */
#ifndef CRASH_SQLITE3_H
#define CRASH_SQLITE3_H

#define SQLITE_OK			 0
#define SQLITE_FULL			 13
#define SQLITE_NOTFOUND			 12
#define SQLITE_IOERR_SHORT_READ		 (10 | 2 << 8)
#define SQLITE_IOERR_WRITE		 (10 | 3 << 8)
#define SQLITE_IOERR_FSYNC		 (10 | 4 << 8)
#define SQLITE_IOERR_BEGIN_ATOMIC	 (10 | 29 << 8)
#define SQLITE_IOERR_COMMIT_ATOMIC	 (10 | 30 << 8)
#define SQLITE_IOCAP_POWERSAFE_OVERWRITE 0x1000
#define SQLITE_IOCAP_BATCH_ATOMIC	 0x4000

#define SQLITE_SHM_NLOCK 8

#define SQLITE_FCNTL_LOCKSTATE		   1
#define SQLITE_FCNTL_LAST_ERRNO		   4
#define SQLITE_FCNTL_VFSNAME		   12
#define SQLITE_FCNTL_MMAP_SIZE		   18
#define SQLITE_FCNTL_HAS_MOVED		   20
#define SQLITE_FCNTL_BEGIN_ATOMIC_WRITE	   31
#define SQLITE_FCNTL_COMMIT_ATOMIC_WRITE   32
#define SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE 33

typedef long long sqlite3_int64;
typedef const char *sqlite3_filename;
typedef struct sqlite3_vfs sqlite3_vfs;
typedef struct sqlite3_io_methods sqlite3_io_methods;
typedef struct {
	const sqlite3_io_methods *pMethods;
} sqlite3_file;

struct sqlite3_io_methods {
	int iVersion;
	int (*xClose)(sqlite3_file *);
	int (*xRead)(sqlite3_file *, void *, int, sqlite3_int64);
	int (*xWrite)(sqlite3_file *, const void *, int, sqlite3_int64);
	int (*xTruncate)(sqlite3_file *, sqlite3_int64);
	int (*xSync)(sqlite3_file *, int);
	int (*xFileSize)(sqlite3_file *, sqlite3_int64 *);
	int (*xLock)(sqlite3_file *, int);
	int (*xUnlock)(sqlite3_file *, int);
	int (*xCheckReservedLock)(sqlite3_file *, int *);
	int (*xFileControl)(sqlite3_file *, int, void *);
	int (*xSectorSize)(sqlite3_file *);
	int (*xDeviceCharacteristics)(sqlite3_file *);
	int (*xShmMap)(sqlite3_file *, int, int, int, void volatile **);
	int (*xShmLock)(sqlite3_file *, int, int, int);
	void (*xShmBarrier)(sqlite3_file *);
	int (*xShmUnmap)(sqlite3_file *, int);
	int (*xFetch)(sqlite3_file *, sqlite3_int64, int, void **);
	int (*xUnfetch)(sqlite3_file *, sqlite3_int64, void *);
};

char *sqlite3_mprintf(const char *format, ...);

#endif
