/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every file of the runtimes shares: system call stubs, address checks, locks, bytes.
 *
 * The files of this folder go into both runtimes (static/ only into the minimal one). They use no
 * libc, no thread-local storage and no stack protector, and export nothing but twz_rt_*: every
 * internal header stands between RT_BEGIN and RT_END, which make its declarations hidden.
 */
#ifndef RT_INTERNAL_H
#define RT_INTERNAL_H

#include <stdbool.h>
#include <twizzler/rt.h>

#define RT_BEGIN _Pragma("GCC visibility push(hidden)")
#define RT_END	 _Pragma("GCC visibility pop")

/* The system call stubs of libtwz. */
#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) \
	twz_result twz_sys_##name arguments;
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL

RT_BEGIN

#define RT_PAGE_MASK   (TWZ_PAGE_SIZE - 1)
#define RT_SLOT_MASK   (TWZ_SLOT_SIZE - 1)
#define RT_USER_TOP    (TWZ_SLOT_COUNT << TWZ_SLOT_SHIFT)
#define RT_ERROR(name) (-(twz_result)TWZ_ERR_##name)

static inline uint64_t rt_round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

/* True when [address, address + length) lies in the user half and above the first page. */
static inline bool rt_user_range(uint64_t address, uint64_t length)
{
	return length == 0 || (address >= TWZ_PAGE_SIZE && address < RT_USER_TOP &&
			       length <= RT_USER_TOP - address);
}

static inline bool rt_user_pointer(const void *pointer, uint64_t length)
{
	return rt_user_range((uint64_t)pointer, length);
}

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);

/*
 * Copies where a side may turn out not to be there: a caller's buffer, or a file's page. Returns
 * how many bytes are left uncopied, 0 for none; else *error is why: BAD_ADDRESS where nothing is
 * mapped or that must not be done, OUT_OF_MEMORY, NO_SPACE in the store, CORRUPT of a damaged page.
 */
size_t rt_copy(void *to, const void *from, size_t length, twz_result *error);
/* 0 when every byte can be read, else why not, as rt_copy. */
twz_result rt_readable(const void *at, size_t length);
/* In an upcall: a fault of rt_copy, whose frame now goes on behind it. */
bool rt_guard_fault(struct twz_upcall_frame *frame);
/* From here on faults come to the runtime, with or without a handler of the program's. */
void rt_upcall_want(void);

static inline size_t rt_string_length(const char *string)
{
	size_t n = 0;
	while (string[n] != 0)
		n++;
	return n;
}

/* A lock of this program: 0 free, 1 held, 2 held with waiters. Not recursive. */
struct rt_lock {
	uint32_t word;
};

void rt_lock_slow(struct rt_lock *lock);
void rt_lock_wake(struct rt_lock *lock);

/* False where it is held. */
static inline bool rt_try_lock(struct rt_lock *lock)
{
	uint32_t expected = 0;
	return __atomic_compare_exchange_n(&lock->word, &expected, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void rt_lock(struct rt_lock *lock)
{
	if (!rt_try_lock(lock))
		rt_lock_slow(lock);
}

static inline void rt_unlock(struct rt_lock *lock)
{
	if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
		rt_lock_wake(lock);
}

/* This program's view; after rt_self_forget, in a fork's child, asked of the kernel anew. */
struct twz_id rt_self_view(void);
void rt_self_forget(void);

/* Ends the program with exit code 127 after one line on its error stream or the console. */
void rt_fatal(const char *message) __attribute__((noreturn));

/*
 * Locks of single files. Those before RT_LOCK_LONG are held for a moment only and are taken over a
 * fork; the others may be held by a thread that sleeps, and are free in the child, whose one thread
 * is another.
 */
enum rt_lock_name {
	RT_LOCK_PASSING,
	RT_LOCK_CWD,
	RT_LOCK_MOUNT,
	RT_LOCK_HOST,
	RT_LOCK_HOST_BUFFER,
	RT_LOCK_RANDOM,
	RT_LOCK_DIRECTORIES,
	RT_LOCK_LONG,
	RT_LOCK_TERMINAL = RT_LOCK_LONG,
	RT_LOCK_EXIT_STACK,
	RT_LOCKS,
};
extern struct rt_lock rt_locks[RT_LOCKS];

/* Locks of the runtime, held over fork so that the child finds its structures whole. */
void rt_before_fork(void);
/* clone: in the parent, the child's view; NULL where there is none. */
void rt_after_fork(bool child, const struct twz_id *clone);
void rt_range_before_fork(void);
void rt_range_after_fork(void);
void rt_malloc_before_fork(void);
void rt_malloc_after_fork(void);
void rt_random_forked(void);
void rt_fd_before_fork(void);
void rt_fd_after_fork(bool child);
void rt_object_before_fork(void);
void rt_object_after_fork(void);

RT_END

#endif
