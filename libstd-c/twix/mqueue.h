/* SPDX-License-Identifier: BSD-2-Clause */
/* A POSIX message queue as it stands in its object (mqueue.c), which every program can write. */
#ifndef TWIX_MQUEUE_H
#define TWIX_MQUEUE_H

#include <pthread.h>
#include "twix.h"

#define TWIX_MQ_MAGIC 0x3171736d7a777431ull

struct twix_mq {
	uint64_t magic;	      /* stored last, when the rest is there */
	pthread_mutex_t lock; /* shared, robust: over all that follows */
	uint32_t arrivals;    /* atomic, raised with each message: what receivers sleep on */
	uint32_t departures;  /* the same for each one taken: senders */
	uint32_t receivers;   /* asleep now */
	uint32_t count;	      /* messages */
	uint32_t capacity;
	uint32_t size;	   /* of a message at most */
	uint64_t sequence; /* of messages */
	/* Who hears of the next message to the empty queue: its program's number, or 0 */
	uint32_t program;
	uint32_t serial; /* raised when a registration ends; what SIGEV_THREAD's threads sleep on */
	int32_t how;	 /* SIGEV_* */
	int32_t signal;
	uint64_t value;
	uint32_t fired; /* SIGEV_THREAD: the last serial that a message ended */
	uint32_t reserved;
	/*
	 * Slots in use come first, as a heap: the highest priority and of those the oldest on top;
	 * the free ones follow. The slots stand behind it.
	 */
	uint32_t heap[];
};

struct twix_mq_slot {
	uint64_t sequence;
	uint32_t priority;
	uint32_t length;
	uint32_t seen; /* while a dead holder's heap is checked */
	uint32_t reserved;
	char bytes[];
};

/* An open queue, mapped: geometry copied and checked. */
struct twix_mq_view {
	struct twz_rt_object object;
	struct twix_mq *queue;
	char *slots;
	uint32_t capacity, size, flags; /* flags: TWZ_OPEN_* of the descriptor */
};

/* ---- mqueue_heap.c: with the lock held ---- */

/* All slots free. */
hidden void twix_mq_reset(const struct twix_mq_view *view);
/* After a holder has died in between: what it left, made whole again. */
hidden void twix_mq_mend(const struct twix_mq_view *view);
/* Enters a message in a queue that is not full; copies it. -EIO for a heap that is none. */
hidden long twix_mq_put(const struct twix_mq_view *view, const void *bytes, uint32_t length,
			uint32_t priority);
/* Takes the first one of a queue that is not empty: its length, or -EIO. */
hidden long twix_mq_take(const struct twix_mq_view *view, void *bytes, uint32_t *priority);

/* ---- mqueue.c ---- */

/* Sleeps until the registration with this serial has ended: 1 when by a message, 0 otherwise. */
hidden long twix_mq_await(int fd, uint32_t serial);

/* A descriptor is about to be closed: a registration made by it ends. */
hidden void twix_mq_closing(int fd);

#endif
