/* SPDX-License-Identifier: BSD-2-Clause */
/* Record locks of fcntl: a table that all programs share, in a volatile file; a dead program's
 * locks are nobody's. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <twz/lock.h>
#include <twz/sys.h>

#include "twix.h"

#define TABLE_FOLDER "/run"
#define TABLE_FILE   "/run/record-locks"
#define TABLE_BYTES  (1u << 20)
#define PATIENCE_NS \
	10000000ull /* how long a waiter sleeps before it looks whether the holder lives */

/* One program's lock on the bytes [start, end) of a file. kind: F_RDLCK + 1, F_WRLCK + 1; 0 is a
 * free place. */
struct record {
	uint64_t device, inode, start, end;
	struct twz_id owner; /* its view */
	uint32_t kind, pid;
	uint64_t reserved;
};

/*
 * The lock guards the rest. A program that dies under it leaves at worst some records of its own
 * undone, and those are dropped with the others that it has.
 */
struct table {
	struct twz_id holder;
	uint32_t waiters;
	uint32_t generation; /* futex: raised when a lock has gone */
	uint32_t count;	     /* places that were ever used */
	uint32_t reserved;
	struct record records[];
};
#define PLACES ((TABLE_BYTES - sizeof(struct table)) / sizeof(struct record))

static struct table *_Atomic shared;
static atomic_bool has_locked; /* this program: closing has something to look for */

static long map_table(struct table **out)
{
	struct table *table = atomic_load(&shared), *none = NULL;
	void *address;

	if (table) {
		*out = table;
		return 0;
	}
	twz_rt_path_mkdir(TWZ_RT_AT_CWD, TABLE_FOLDER, sizeof(TABLE_FOLDER) - 1, 0755);
	twz_result fd = twz_rt_fd_open(
		TWZ_RT_AT_CWD, TABLE_FILE, sizeof(TABLE_FILE) - 1,
		TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE | TWZ_OPEN_CLOEXEC, 0666);
	if (fd < 0)
		return -ENOLCK;
	twz_result result = twz_rt_fd_command((int)fd, TWZ_FD_TRUNCATE, TABLE_BYTES);
	if (result >= 0)
		result = twz_rt_range_map(NULL, TABLE_BYTES, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE,
					  TWZ_RANGE_SHARED, (int)fd, 0, &address);
	twz_rt_fd_close((int)fd);
	if (result < 0)
		return -ENOLCK;
	if (!atomic_compare_exchange_strong(&shared, &none, address)) {
		twz_rt_range_unmap(address, TABLE_BYTES);
		address = none;
	}
	*out = address;
	return 0;
}

static bool same_file(const struct record *a, const struct record *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static bool overlap(const struct record *a, const struct record *b)
{
	return same_file(a, b) && a->start < b->end && b->start < a->end;
}

/* A lock of another living program that stands against `wanted`, or NULL. */
static struct record *conflict(struct table *table, const struct record *wanted)
{
	for (uint32_t i = 0; i < table->count; i++) {
		struct record *other = &table->records[i];
		if (other->kind == 0 || twz_id_equal(other->owner, wanted->owner) ||
		    !overlap(other, wanted) ||
		    (other->kind != F_WRLCK + 1 && wanted->kind != F_WRLCK + 1))
			continue;
		if (!twz_lock_holder_ended(other->owner))
			return other;
		other->kind = 0;
	}
	return NULL;
}

/* Whether two more records have a place: one is taken in two, and one added, at most. */
static bool has_room(const struct table *table)
{
	unsigned room = 0;

	if (table->count + 2 <= PLACES)
		return true;
	for (uint32_t i = 0; i < table->count && room < 2; i++)
		room += table->records[i].kind == 0;
	return room + (PLACES - table->count) >= 2;
}

static void add(struct table *table, const struct record *record)
{
	uint32_t i = 0;

	while (i < table->count && table->records[i].kind != 0)
		i++;
	table->records[i] = *record;
	if (i == table->count)
		table->count++;
}

/* Takes the bytes of `range` out of its owner's locks; true when there were any. */
static bool take_out(struct table *table, const struct record *range)
{
	bool any = false;

	for (uint32_t i = 0; i < table->count; i++) {
		struct record *own = &table->records[i];
		if (own->kind == 0 || !twz_id_equal(own->owner, range->owner) ||
		    !overlap(own, range))
			continue;
		any = true;
		if (own->start < range->start && own->end > range->end) {
			struct record rest = *own;
			rest.start = range->end;
			own->end = range->start;
			add(table, &rest);
			break; /* a program's locks do not overlap each other */
		}
		if (own->start < range->start)
			own->end = range->start;
		else if (own->end > range->end)
			own->start = range->end;
		else
			own->kind = 0;
	}
	return any;
}

static void set(struct table *table, const struct record *wanted)
{
	bool freed = take_out(table, wanted);

	if (wanted->kind != 0)
		add(table, wanted);
	if (freed) {
		__atomic_add_fetch(&table->generation, 1, __ATOMIC_RELEASE);
		twz_rt_futex_wake(&table->generation, UINT32_MAX);
	}
}

/* Sets `wanted`, waiting for it if asked. */
static long set_or_wait(struct table *table, const struct record *wanted, bool wait)
{
	for (;;) {
		twz_result result = twz_lock_take(&table->holder, &table->waiters);
		if (result < 0)
			return -ENOLCK;
		uint32_t seen = __atomic_load_n(&table->generation, __ATOMIC_ACQUIRE);
		bool free = wanted->kind == 0 || !conflict(table, wanted);
		bool room = has_room(table);
		if (free && room)
			set(table, wanted);
		twz_lock_release(&table->holder, &table->waiters);
		if (free)
			return room ? 0 : -ENOLCK;
		if (!wait)
			return -EAGAIN;
		result = twz_rt_futex_wait(&table->generation, seen,
					   twz_rt_clock(TWZ_CLOCK_MONOTONIC) + PATIENCE_NS);
		if (result == -TWZ_ERR_INTERRUPTED)
			return -EINTR;
	}
}

static long get(struct table *table, const struct record *wanted, struct flock *lock)
{
	if (twz_lock_take(&table->holder, &table->waiters) < 0)
		return -ENOLCK;
	const struct record *other = conflict(table, wanted);
	if (other) {
		lock->l_type = (short)(other->kind - 1);
		lock->l_whence = SEEK_SET;
		lock->l_start = (off_t)other->start;
		lock->l_len = other->end > INT64_MAX ? 0 : (off_t)(other->end - other->start);
		lock->l_pid = (pid_t)other->pid;
	} else {
		lock->l_type = F_UNLCK;
	}
	twz_lock_release(&table->holder, &table->waiters);
	return 0;
}

/* The bytes that a struct flock means; end is past INT64_MAX where it means to the end of all. */
static long bytes_of(int fd, const struct flock *lock, uint64_t size, struct record *out)
{
	int64_t from = 0, start, end;

	if (lock->l_whence == SEEK_CUR)
		from = twix_lseek(fd, 0, SEEK_CUR);
	else if (lock->l_whence == SEEK_END)
		from = (int64_t)size;
	else if (lock->l_whence != SEEK_SET)
		return -EINVAL;
	if (from < 0)
		return from;
	if (__builtin_add_overflow(from, lock->l_start, &start) ||
	    __builtin_add_overflow(start, lock->l_len, &end))
		return -EOVERFLOW;
	out->start = (uint64_t)(lock->l_len < 0 ? end : start);
	out->end = lock->l_len == 0 ? UINT64_MAX : (uint64_t)(lock->l_len < 0 ? start : end);
	return start < 0 || (int64_t)out->start < 0 ? -EINVAL : 0;
}

/* The record without range and kind. */
static long of_file(int fd, struct record *out, uint64_t *size)
{
	struct twz_rt_stat stat;
	twz_result result = twz_rt_fd_stat(fd, &stat);

	if (result < 0)
		return twix_result(result);
	if (stat.kind != TWZ_FILE_REGULAR)
		return -EINVAL;
	*size = stat.size;
	*out = (struct record){.device = stat.device, .inode = stat.inode};
	out->pid = (uint32_t)twix_getpid();
	return twix_result(twz_sys_thread_control(TWZ_THREAD_VIEW, (uintptr_t)&out->owner));
}

long twix_record_lock(int fd, int command, struct flock *lock)
{
	struct record wanted;
	struct table *table;
	uint64_t size;

	if (!lock)
		return -EFAULT;
	twz_result flags = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);
	if (flags < 0)
		return twix_result(flags);
	long result = of_file(fd, &wanted, &size);
	if (result >= 0)
		result = bytes_of(fd, lock, size, &wanted);
	if (result < 0)
		return result;
	switch (lock->l_type) {
	case F_RDLCK:
	case F_WRLCK:
		wanted.kind = (uint32_t)lock->l_type + 1;
		if (command != F_GETLK &&
		    !(flags & (lock->l_type == F_RDLCK ? TWZ_OPEN_READ : TWZ_OPEN_WRITE)))
			return -EBADF;
		break;
	case F_UNLCK:
		if (command == F_GETLK)
			return -EINVAL;
		if (!atomic_load(&has_locked))
			return 0;
		break;
	default:
		return -EINVAL;
	}
	result = map_table(&table);
	if (result < 0)
		return result;
	if (command == F_GETLK)
		return get(table, &wanted, lock);
	atomic_store(&has_locked, true);
	return set_or_wait(table, &wanted, command == F_SETLKW);
}

void twix_record_close(int fd)
{
	struct record all;
	struct table *table;
	uint64_t size;

	if (!atomic_load(&has_locked) || of_file(fd, &all, &size) < 0 || map_table(&table) < 0)
		return;
	all.end = UINT64_MAX;
	set_or_wait(table, &all, false);
}
