/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue between programs: entries of one size in a ring in an object that both have mapped. Who
 * finds it empty, or full, sleeps on a word of it. Any number of threads and programs put and take;
 * the lock is one that survives its holder (lock.h), and every change becomes true by one 8-byte
 * store, so that a program that is killed, or a power loss, leaves the queue whole: an entry whose
 * put has returned is there; one whose take was interrupted comes again. (On a disk entries are
 * durable with the next sync, of anybody.)
 *
 * A queue is the struct below with its entries behind it, anywhere in an object, 16-byte aligned.
 * Every field is hostile until checked: CORRUPT.
 */
#ifndef TWZ_QUEUE_H
#define TWZ_QUEUE_H

#include <twizzler/object.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_QUEUE_MAGIC 0x4555455551545754ull

struct twz_queue {
	uint64_t magic;
	uint32_t entry_size, capacity;
	struct twz_id holder; /* lock.h */
	uint32_t waiters;     /* for the lock */
	uint32_t sleepers;    /* on put and taken; a hint */
	uint64_t reserved[3];
	uint64_t put;	/* entries ever put; the word that takers sleep on */
	uint64_t taken; /* entries ever taken; the word that putters sleep on */
	uint64_t reserved_too[6];
	uint8_t entries[]; /* the ring */
};

/* Bytes of a queue of that many entries. */
#define TWZ_QUEUE_SIZE(entry_size, capacity) \
	(sizeof(struct twz_queue) + (uint64_t)(entry_size) * (capacity))

/* Makes an empty queue in zeroed memory, durable at return. INVALID_ARGUMENT: nothing of a size, or
 * it would leave the object's data. EXISTS. */
twz_result twz_queue_make(struct twz_queue *queue, uint32_t entry_size, uint32_t capacity);

/* Puts an entry in, or takes the oldest. deadline: by the monotonic clock, 0: does not wait
 * (WOULD_BLOCK), TWZ_FOREVER. TIMED_OUT. */
twz_result twz_queue_put(struct twz_queue *queue, const void *entry, uint64_t deadline);
twz_result twz_queue_take(struct twz_queue *queue, void *entry, uint64_t deadline);

#ifdef __cplusplus
}
#endif
#endif
