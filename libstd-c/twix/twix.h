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
struct k_sigaction;
struct kstat;
struct rlimit;
struct rusage;
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

/* -errno for a negated enum twz_error; results >= 0 stay. The one place that knows both (errno.c).
 */
hidden long twix_result(twz_result result);

/*
 * The part of a thread that the translation keeps. It follows struct pthread in the trailing area
 * of the thread control block, zeroed at first.
 */
struct twix_thread {
	uint64_t mask;	   /* blocked signals: bit signal-1; written by the thread itself */
	uint64_t pending;  /* atomic: signals sent and not yet handled */
	uint32_t sequence; /* atomic: raised with every signal sent; what sigsuspend sleeps on */
	uint32_t depth;	   /* > 0 inside a call: handlers wait until it returns */
	stack_t alternate; /* as set by sigaltstack */
};

static inline struct twix_thread *twix_thread_of(struct pthread *thread)
{
	return (struct twix_thread *)(thread + 1);
}

static inline struct twix_thread *twix_self(void)
{
	return twix_thread_of(__pthread_self());
}

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

/* ---- time (time.c) ---- */

/* The monotonic time that is `span` from now; TWZ_FOREVER for NULL or a time too far away. */
hidden uint64_t twix_deadline(const struct timespec *span);

/* 0, or -EINVAL when it is no time: negative, or 10^9 and more nanoseconds. */
hidden long twix_check_time(const struct timespec *time);

/* ---- signals (signal.c) ---- */

/* Runs the handlers of signals that are pending and not blocked; returns TWIX_HANDLED_* bits. */
hidden unsigned twix_deliver(void);
#define TWIX_HANDLED 0x1u /* a handler has run */
#define TWIX_HANDLED_BREAK \
	0x2u /* and one of them wants an interrupted call to end, not to restart */

/* Sends a signal to the calling thread. Returns only when it does not end the program. */
hidden void twix_raise(int signal);

/*
 * Takes `mask` as the thread's own, for a call that waits with another mask; returns the former
 * one, which twix_mask_restore puts back after the handlers of signals that came meanwhile have
 * run.
 */
hidden uint64_t twix_mask_swap(const sigset_t *mask);
hidden void twix_mask_restore(uint64_t mask);

#endif
