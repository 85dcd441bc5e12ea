/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI, threads: the thread control block, TLS, spawn, exit, futex, sleep. */
#ifndef TWIZZLER_RT_THREAD_H
#define TWIZZLER_RT_THREAD_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The thread control block. FS base points at it; static TLS blocks lie below it (variant II of
 * "ELF Handling for Thread-Local Storage", Drepper, section 3.4.6); above it lies the trailing
 * area, whose size libstd-c publishes in twz_libc_thread_area (bytes after this structure, zeroed).
 * libstd-c's struct pthread begins with this structure.
 */
struct twz_rt_tcb {
	struct twz_rt_tcb *self;
	uintptr_t
		*dtv;  /* dtv[0] = highest module; dtv[n] = module n's block in this thread, or 0 */
	void *libc[2]; /* libstd-c's thread list links */
	uintptr_t sysinfo;
	uintptr_t canary; /* fs:0x28: stack protector */
};
TWZ_STATIC_ASSERT(sizeof(struct twz_rt_tcb) == 0x30, "the canary is at fs:0x28");

/* Defined (weak-referenced) by libstd-c; the runtime-ref loader looks it up in libstd-c.so. */
extern const size_t twz_libc_thread_area;

/* Bytes that one thread's static TLS, thread control block and trailing area need; a multiple
 * of 64. */
size_t twz_rt_tls_size(void);

/* Makes a thread's block in zeroed memory of twz_rt_tls_size() bytes, 64-byte aligned. Returns its
 * TCB. */
struct twz_rt_tcb *twz_rt_tls_init(void *memory);

/* Frees what dynamic TLS the block's thread had got. The memory stays the caller's. */
void twz_rt_tls_fini(struct twz_rt_tcb *tcb);

struct twz_rt_tls_index {
	uintptr_t module;
	uintptr_t offset;
};
/* The general-dynamic access: allocates the block of a dlopened module on first use. */
void *twz_rt_tls_get_addr(struct twz_rt_tls_index *index);

struct twz_rt_thread_args {
	void (*entry)(void *argument); /* must end in twz_rt_thread_exit */
	void *argument;
	void *stack; /* top, 16-byte aligned */
	struct twz_rt_tcb *tcb;
	uint32_t *clear_word;	 /* zeroed and woken when the thread has ended; may be NULL */
	uint32_t *parent_number; /* receives the thread's number before this returns; may be NULL */
	uint32_t *child_number;	 /* receives it before entry runs; may be NULL */
};
/* Starts a thread. Returns its number (>= 1, unique among living threads). INVALID_ARGUMENT,
 * OUT_OF_MEMORY: nothing is left of it. */
twz_result twz_rt_thread_spawn(const struct twz_rt_thread_args *args);

/* Ends this thread; frees [stack, stack + length) when length is not 0. */
void twz_rt_thread_exit(void *stack, size_t length) __attribute__((noreturn));

/* Replaces the clear word given at spawn (the set_tid_address of Linux). Returns the thread's
 * number. */
twz_result twz_rt_thread_set_clear_word(uint32_t *word);

/* This thread's number. */
uint32_t twz_rt_thread_number(void);
/* Names this thread, NUL-ended; 31 bytes are kept. BAD_ADDRESS. */
twz_result twz_rt_thread_set_name(const char *name);
/* Lets others of its priority run. */
twz_result twz_rt_thread_yield(void);
/*
 * The priority of a thread of this program (number 0: the caller), TWZ_PRIORITY_FIFO with it; and
 * giving it one. NO_SUCH_THREAD; INVALID_ARGUMENT; ACCESS_DENIED above a ceiling.
 */
twz_result twz_rt_thread_priority(uint32_t number);
twz_result twz_rt_thread_set_priority(uint32_t number, uint32_t priority);
/* Waits until the thread that has this clear word is gone. deadline: monotonic ns or TWZ_FOREVER.
 */
twz_result twz_rt_thread_join(uint32_t *clear_word, uint64_t deadline);
/* Names this thread's struct robust_list_head (as Linux has it), walked when it ends; NULL: none.
 */
twz_result twz_rt_thread_robust_list(void *head);
/*
 * Delivers an interrupt upcall with `code` (1 to 64, kept as a set until the upcall) to a thread of
 * this program. A call of that thread that sleeps, or would before the upcall, returns INTERRUPTED.
 */
twz_result twz_rt_thread_interrupt(uint32_t number, uint64_t code);
/*
 * Names the words (struct twz_interrupt_words) that say what waits for the calling thread: while
 * pending & ~blocked is not 0, its calls that would sleep return INTERRUPTED. NULL: none. A fork's
 * child keeps them.
 */
twz_result twz_rt_thread_interrupt_words(struct twz_interrupt_words *words);
/*
 * Where upcalls of the calling thread put their frames unless it stands there already; length 0: on
 * the stack that was interrupted. At least the frame and the extended state fit, or the program
 * ends.
 */
twz_result twz_rt_thread_set_upcall_stack(void *base, size_t length);
/* Sets this thread's FS base (libstd-c has built its own block). */
twz_result twz_rt_thread_set_tcb(struct twz_rt_tcb *tcb);

/*
 * Sleeps while *word == expected, until a wake, the deadline (TIMED_OUT) or an interrupt
 * (INTERRUPTED). Returns 0 when woken, WOULD_BLOCK when the word differs already.
 */
twz_result twz_rt_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline);
/* Wakes up to count waiters; returns how many. */
twz_result twz_rt_futex_wake(uint32_t *word, uint32_t count);
/*
 * Wakes `wake` waiters of word and moves up to `move` others to target; returns how many together.
 * With wake 0 one of those to be moved is woken instead.
 */
twz_result twz_rt_futex_requeue(uint32_t *word, uint32_t wake, uint32_t move, uint32_t *target);

/* Sleeps until a monotonic time; INTERRUPTED may end it early. */
twz_result twz_rt_sleep_until(uint64_t deadline);

/* Bounds of this thread's stack, where the runtime knows them (the first thread). */
twz_result twz_rt_stack_bounds(void **base, size_t *size);
/* What a thread's stack should have, in bytes. */
size_t twz_rt_default_stack_size(void);

#ifdef __cplusplus
}
#endif
#endif
