/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The undo log of an object's transactions (<twz/tx.h>): before bytes of the object are changed,
 * what they are is written behind the log's end, durably; a log that is found with records is
 * undone. Records belong to the log's current sequence number and carry a checksum, so that neither
 * their count nor their end has to be written down, and raising the sequence drops them all. Each
 * recovery raises it.
 *
 * A *step* is the other way round, for a few bytes that are all known before any is changed: what
 * they will be is written down with a checksum, and one wait makes it true; then the bytes are
 * changed, and the next step's wait makes that durable. Two places take turns, so what is written
 * over is no longer needed. Recovery does the last steps of the current sequence again, the older
 * one first, before it undoes; steps come only where no record is.
 *
 * Pure: no system calls, no locks; shared with the build host. Who calls holds the log. Every field
 * is hostile until checked: CORRUPT, never an access outside the object.
 */
#ifndef TWZ_LOG_H
#define TWZ_LOG_H

#include <twizzler/object.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_LOG_MAGIC	0x474f4c5a5754ull /* "TWZLOG" */
#define TWZ_LOG_VERSION 3

/* An object's: in front of it lies the heap's limit, behind it the foreign object table. */
#define TWZ_LOG_PLACE	  (TWZ_LOG_PLACE_END - (64ull << 20))
#define TWZ_LOG_PLACE_END (TWZ_SLOT_SIZE - (16ull << 20))

/* What the records name, once more, at the log's end: never flushed, so that a commit need not read
 * records, which are. */
struct twz_log_span {
	uint32_t offset;
	uint32_t length; /* 0: a block to be freed */
};
#define TWZ_LOG_SPANS	   512
#define TWZ_LOG_SPAN_FRESH (1u << 31) /* in a length: of a TWZ_LOG_FRESH record */

#define TWZ_LOG_STEP_WORDS 62

/* Changes one behind the other: offset and length, 32 bits each, then the new bytes, padded to 8.
 */
struct twz_log_step {
	uint64_t check; /* of everything behind it, begun with the sequence */
	uint32_t turn;	/* one more than the step's before it */
	uint32_t words; /* of the changes; 0: none */
	uint64_t changes[TWZ_LOG_STEP_WORDS];
};

/*
 * In the object, 64-byte aligned; the records follow it. Only `sequence` and the steps are ever
 * flushed, and have lines of their own: what is flushed leaves the cache. The rest means nothing
 * after a power loss.
 */
struct twz_log_header {
	uint64_t magic;
	uint32_t version;
	uint32_t waiters;     /* lock.h */
	struct twz_id holder; /* lock.h */
	uint64_t thread;      /* which of the holder's threads, while it is held */
	uint64_t depth;	      /* of its nested transactions */
	uint64_t tail;	      /* offset behind the last record, while it is held */
	uint64_t last;	      /* offset of the last record, or 0 */
	uint64_t undone;      /* inner transactions undone, while it is held */
	uint64_t settled;     /* offset behind the records that are durable, while it is held */
	uint64_t turns;	      /* raised by each holder before it changes anything */
	uint64_t current;     /* the sequence, while it is held */
	uint64_t spans;	      /* of the records, at the log's end; ~0: not all of them */
	uint64_t by_sync;     /* 1: what a commit changed is durable by object_sync alone */
	uint32_t turn;	      /* of the next step */
	uint32_t changed; /* how many of these: what the last step changed, maybe not durable yet */
	struct twz_log_span changes[TWZ_LOG_STEP_WORDS / 2];
	uint64_t reserved[2];
	uint64_t sequence; /* of the records that count; raised by one 8-byte store */
	uint64_t reserved_too[7];
	struct twz_log_step steps[2];
};
TWZ_STATIC_ASSERT(sizeof(struct twz_log_header) == 448 + 1024, "log header layout");

/* In front of a copy of the bytes as they were, padded to 8. 8-byte aligned. */
struct twz_log_record {
	uint64_t check; /* of everything behind it, the bytes too */
	uint64_t sequence;
	uint32_t offset; /* of the bytes in the object */
	uint32_t length;
	uint32_t flags; /* TWZ_LOG_*; above them, the header's `undone` as it was */
	uint32_t back;	/* offset of the record before, 0: none */
};
TWZ_STATIC_ASSERT(sizeof(struct twz_log_record) == 32, "log record layout");

/* Kinds of records without a copy. */
#define TWZ_LOG_FRESH	     1u /* the bytes were nobody's; a commit makes them durable */
#define TWZ_LOG_FREE	     2u /* a block of the heap that a commit frees */
#define TWZ_LOG_UNDONE_SHIFT 2
#define TWZ_LOG_UNDONE_MAX   ((1u << 30) - 1)

/* Where a log is: the object's start; the offset of its header; the offset where it ends. */
struct twz_log {
	uint8_t *start;
	uint64_t offset, end;
};

static inline struct twz_log_header *twz_log_header(const struct twz_log *log)
{
	return (struct twz_log_header *)(log->start + log->offset);
}

/* Whether no record counts and none is being written: all behind the header means nothing then, as
 * nobody has the log and its last holder has dropped the records. */
static inline int twz_log_is_idle(const struct twz_log_header *header)
{
	return header->magic == TWZ_LOG_MAGIC && header->version == TWZ_LOG_VERSION &&
	       (header->holder.hi | header->holder.lo) == 0 && header->last == 0 &&
	       header->undone == 0;
}

/* Makes an empty log in zeroed memory, durable at return. */
void twz_log_format(const struct twz_log *log);

/* OK; NOT_FOUND: no log is here; VERSION_MISMATCH; CORRUPT. */
twz_result twz_log_check(const struct twz_log *log);

/* Begins an empty log after twz_log_recover or a commit: sets tail and last. */
void twz_log_begin(const struct twz_log *log);

/* Writes one record (kind: 0 or TWZ_LOG_FRESH or FREE), not yet durable: twz_log_settle follows
 * before the bytes are changed, once for several. INVALID_ARGUMENT for bytes outside the object's
 * data; NO_SPACE. */
twz_result twz_log_append(const struct twz_log *log, uint64_t offset, uint64_t length,
			  uint32_t kind);

/* Makes the records written so far durable: one wait, none when they are. */
void twz_log_settle(const struct twz_log *log);

/* Whether the newest records, those behind the one at `last`, hold these bytes already. A hint:
 * looks at a few. */
int twz_log_holds(const struct twz_log *log, uint64_t last, uint64_t offset, uint64_t length);

/* The block of the newest TWZ_LOG_FREE record before the one at `at` (0: of all), 0 when there is
 * none; *at becomes where it stands, whatever that means. CORRUPT. */
twz_result twz_log_next_free(const struct twz_log *log, uint64_t *at);

/* Makes durable what the recorded bytes are now, then drops the records. CORRUPT: changes nothing.
 */
twz_result twz_log_commit(const struct twz_log *log);

/*
 * Puts back what was recorded since the log's tail and last record were these, the newest first,
 * and shortens the log to that; durable at return. tail 0: all of it, and the records are dropped.
 * CORRUPT: puts back what it can.
 */
twz_result twz_log_undo(const struct twz_log *log, uint64_t tail, uint64_t last);

/*
 * Makes the step's changes with one wait: durable at return, with what the caller flushed before.
 * `words` and `changes` are given. INVALID_ARGUMENT, and nothing is changed: they are malformed, or
 * records are there or were undone.
 */
twz_result twz_log_step(const struct twz_log *log, struct twz_log_step *step);

/* A step may come: its place, which the flush of the one before the last took out of the cache, is
 * fetched meanwhile, and its wait is the shorter. */
static inline void twz_log_expect_step(const struct twz_log *log)
{
	const struct twz_log_header *header = twz_log_header(log);
	const uint8_t *place = (const uint8_t *)&header->steps[header->turn & 1];

	__builtin_prefetch(place, 1);
	__builtin_prefetch(place + 64, 1);
}

/* Does the last steps again, and undoes what a power loss or a dead program left. 1 when something
 * was undone; CORRUPT. Afterwards the sequence is one under which nothing was ever written. */
twz_result twz_log_recover(const struct twz_log *log);

#ifdef __cplusplus
}
#endif
#endif
