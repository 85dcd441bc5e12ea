/* SPDX-License-Identifier: BSD-2-Clause */
/* What the translation from Linux system calls to the Runtime ABI shares. Internal to libstd-c. */
#ifndef TWIX_H
#define TWIX_H

#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/types.h>
#include <twizzler/rt.h>

#include "pthread_impl.h"

struct iovec;
struct flock;
struct itimerspec;
struct itimerval;
struct k_sigaction;
struct kstat;
struct mq_attr;
struct sigevent;
struct ksigevent;
struct rlimit;
struct statx;
struct sched_param;
struct rusage;
struct statfs;
struct sysinfo;
struct tms;
struct utsname;

/*
 * A call returns >= 0, or an errno negated, as musl's __syscall expects of Linux. A parameter's
 * type is the one musl passes; every call's declaration comes from calls.def.
 */
#define TWIX_CALL(name, arguments, state, note) hidden long twix_##name arguments;
#include "calls.def"
#undef TWIX_CALL

/*
 * The dispatcher behind __twix_syscall. The caller has raised the thread's depth; this lowers it at
 * the end, when the handlers of signals that came meanwhile run.
 */
hidden long __twix_syscall_entered(long a, long b, long c, long d, long e, long f, long n);

/* -errno for a negated enum twz_error; results >= 0 stay. The one place that knows both (errno.c).
 */
hidden long twix_result(twz_result result);

/* Signals sent and not yet taken, under the signals lock (signal_queue.c). */
struct twix_signals {
	uint64_t set;			  /* bit signal-1 */
	struct twix_signal *first, *last; /* what they carry, in the order they were sent */
};

/*
 * The part of a thread that the translation keeps. It follows struct pthread in the trailing area
 * of the thread control block, zeroed at first.
 */
struct twix_thread {
	struct twz_interrupt_words words; /* blocked: the mask; pending: reasons to look */
	uint64_t foreign;  /* atomic: came from another program, not yet taken over */
	uint64_t waiting;  /* what sigtimedwait is waiting for; under the signals lock */
	uint32_t sequence; /* atomic: raised with every signal sent; what sigsuspend sleeps on */
	uint32_t depth;	   /* > 0 inside a call: handlers wait until it returns */
	uint32_t handled;  /* TWIX_HANDLED_* since the current call began, by upcalls too */
	uint32_t mail;	   /* atomic: messages of other programs are to be fetched */
	uint64_t deadline; /* of the current call, once it is known; 0: not yet */
	struct twix_signals own;
	struct twix_thread *next, *previous; /* all threads, under the signals lock */
	stack_t alternate;		     /* as set by sigaltstack */
	int (*entry)(void *);		     /* what the thread begins with */
	void *argument;
	void *stack_map; /* of the thread that this one makes, and its guard's length (stack.c) */
	size_t stack_guard;
};

static inline struct twix_thread *twix_thread_of(struct pthread *thread)
{
	return (struct twix_thread *)(thread + 1);
}

static inline struct twix_thread *twix_self(void)
{
	return twix_thread_of(__pthread_self());
}

/* ---- stacks of threads (stack.c), in the place of __mmap, __mprotect and __munmap ---- */

hidden void *twix_stack_map(void *address, size_t size, int protection, int flags, int fd,
			    off_t offset);
hidden int twix_stack_protect(void *start, size_t length, int protection);
hidden int twix_stack_unmap(void *map, size_t size);
#define TWIX_STACK_HEAD 64 /* bytes before a new thread's block, of its alignment */

/* ---- paths (file.c, mode.c, descriptor.c) ---- */

/* Checks a path that must not be empty and stores its length: 0, -EFAULT, -ENOENT or -ENAMETOOLONG.
 */
hidden long twix_path(const char *path, size_t *length);

/*
 * Stat by path, or of `at` itself where the path is empty and AT_EMPTY_PATH allows it. flags: AT_*.
 * 0, or -errno.
 */
hidden long twix_stat_at(int at, const char *path, int flags, struct twz_rt_stat *out);

/* The bits that a new file's mode loses. */
hidden uint32_t twix_creation_mask(void);

/* TWZ_OPEN_* of O_*; -EINVAL when it asks for what does not exist. */
hidden long twix_open_flags(int flags);

/* ---- record locks (record_lock.c) ---- */

/* F_GETLK, F_SETLK, F_SETLKW; 0 or -errno (EAGAIN, EBADF, EINTR, EINVAL, ENOLCK, EOVERFLOW).
 * Deadlocks are not found. */
hidden long twix_record_lock(int fd, int command, struct flock *lock);

/* Before a descriptor is closed: gives up all locks of this program on its file, as POSIX wants. */
hidden void twix_record_close(int fd);

/* ---- time (time.c) ---- */

/*
 * The monotonic time that is `span` from now; TWZ_FOREVER for NULL or a time too far away. A call
 * has one deadline: where it begins again after an interruption this is what it was before.
 */
hidden uint64_t twix_deadline(const struct timespec *span);

/* The same of a point in time by `clock`, TWZ_CLOCK_MONOTONIC or TWZ_CLOCK_REALTIME. */
hidden uint64_t twix_deadline_at(long clock, const struct timespec *point);

/* 0, or -EINVAL when it is no time: negative, or 10^9 and more nanoseconds. */
hidden long twix_check_time(const struct timespec *time);

/* Nanoseconds of a valid time, at most TWZ_FOREVER; and back. */
hidden uint64_t twix_nanoseconds(const struct timespec *time);
hidden struct timespec twix_timespec(uint64_t time);

/* TWZ_CLOCK_* of a POSIX clock, or -EINVAL. */
hidden long twix_clock_of(clockid_t clock);

/* ---- signals (signal.c) ---- */

/* Runs the handlers of signals that are pending and not blocked. */
hidden void twix_deliver(void);
#define TWIX_HANDLED 0x1u /* a handler has run */
#define TWIX_HANDLED_BREAK \
	0x2u /* and one of them wants an interrupted call to end, not to restart */

/*
 * Entering and leaving what a handler must not interrupt, on this thread. Whoever leaves looks
 * afterwards whether a signal has come meanwhile; an upcall must see the order, hence the fences.
 */
static inline void twix_enter(struct twix_thread *self)
{
	self->depth++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline uint32_t twix_leave(struct twix_thread *self)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	uint32_t depth = --self->depth;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return depth;
}

/* Whether a signal waits that the thread's mask lets through. */
static inline int twix_is_signalled(const struct twix_thread *self)
{
	return (__atomic_load_n(&self->words.pending, __ATOMIC_SEQ_CST) & ~self->words.blocked) !=
	       0;
}

/* Sends a signal to the calling thread, from a call whose end delivers it. */
hidden void twix_raise(int signal);

/*
 * A thread, from before it begins until its end, is among those that get signals. True when it was
 * the last one.
 */
hidden void twix_thread_enter(struct twix_thread *thread);
hidden int twix_thread_leave(struct twix_thread *thread);

/* Around the runtime's fork; child: in the child. */
hidden void twix_signals_fork(void);
hidden void twix_signals_forked(int child);
hidden void twix_timers_fork(void);
hidden void twix_timers_forked(int child);

/* While a program is being replaced no timer of it expires. */
hidden void twix_timers_pause(int pause);

/*
 * Takes `mask` as the thread's own, for a call that waits with another mask; returns the former
 * one, which twix_mask_restore puts back after the handlers of signals that came meanwhile have
 * run.
 */
hidden uint64_t twix_mask_swap(const sigset_t *mask);
hidden void twix_mask_restore(uint64_t mask);

#endif
