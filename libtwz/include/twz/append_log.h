/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An append-only log of byte strings in an object: records lie one behind the other in segments
 * that are linked by invariant pointers. Any number of threads and programs append; a record that
 * an append has returned for is there after a power loss, one whose append was interrupted is there
 * whole or not at all. An append waits for the medium once: the record carries a checksum by which
 * it is known to be whole, so nothing else has to be written down.
 *
 *	uint64_t position;
 *	twz_append_log_add(&object, &root->events, "boot", 4, &position);
 *	struct twz_append_log_cursor cursor = {.position = position};
 *	while (twz_append_log_next(&object, &root->events, &cursor, text, sizeof(text)) == 1)
 *		...
 *
 * A record's position is its place in all that was ever appended, in bytes (a log sequence number,
 * as in ARIES: Mohan et al., TODS 1992); it never changes. To find one takes O(log n) steps: a
 * segment also points far back (Myers, An applicative random-access stack, IPL 1983).
 *
 * A log is the struct below anywhere in an object with a heap (alloc.h) that has been opened by
 * twz_tx_open; all zero is an empty log. Calls take turns with the object's transactions and join
 * the caller's on the same object, with which their records are undone. Every field is hostile
 * until checked: CORRUPT.
 */
#ifndef TWZ_APPEND_LOG_H
#define TWZ_APPEND_LOG_H

#include <twz/ptr.h>
#include <twz/tx.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest record. */
#define TWZ_APPEND_LOG_LONGEST (TWZ_HEAP_LARGEST - 4096)

/* 8-byte aligned in a segment, its bytes padded with zeros to 8. */
struct twz_append_log_record {
	uint64_t check; /* of salt, position, length and bytes */
	uint32_t length;
	uint32_t mark; /* of salt and position: most of what is no record shows by it */
	uint8_t bytes[];
};

struct twz_append_log_segment {
	twz_ptr(struct twz_append_log_segment) next;
	twz_ptr(struct twz_append_log_segment) previous; /* meaningless in the first one */
	twz_ptr(struct twz_append_log_segment) jump;	 /* further back; may be gone */
	uint64_t jump_position;				 /* of the first record there */
	uint64_t span;					 /* segments that it leads back */
	uint64_t position;				 /* of the first record here */
	uint64_t size;					 /* bytes that there are for records */
	uint64_t used; /* bytes of records; in the last segment, of those known to be durable */
	uint64_t salt; /* of the records' checks: what lay here before is none of them */
	uint8_t records[];
};

struct twz_append_log {
	twz_ptr(struct twz_append_log_segment) first;
	twz_ptr(struct twz_append_log_segment) last;
	uint64_t begin;	 /* position of the first record that is kept */
	uint64_t losses; /* truncations ever: a cursor sees by it whether its segment is there */
};

/* Appends a record, durable at return; *position, unless NULL, says where it is. TOO_MANY: longer
 * than TWZ_APPEND_LOG_LONGEST; NO_SPACE. */
twz_result twz_append_log_add(const struct twz_object *object, struct twz_append_log *log,
			      const void *bytes, size_t length, uint64_t *position);

/* The records in order. A zeroed cursor begins at the first one; one with only the position set,
 * at that record. What is appended meanwhile comes, what is dropped before its turn does not. */
struct twz_append_log_cursor {
	uint64_t position; /* where the next record begins */
	uint64_t record;   /* position of the one that came last */
	uint64_t length;   /* of that one */
	uint64_t segment;  /* offset of the one that it was in, while `losses` holds; or 0 */
	uint64_t losses;
};

/* 1: up to `size` bytes of the next record are copied, whose length is cursor->length. 0: no more
 * yet. CORRUPT: no whole record begins at cursor->position. */
twz_result twz_append_log_next(const struct twz_object *object, struct twz_append_log *log,
			       struct twz_append_log_cursor *cursor, void *bytes, size_t size);

/* Where the next record will be. */
twz_result twz_append_log_end(const struct twz_object *object, struct twz_append_log *log,
			      uint64_t *position);

/* Drops the records before a position that append, a cursor or twz_append_log_end gave, and frees
 * the segments that held nothing else; nothing to do when they are gone. INVALID_ARGUMENT: no
 * record begins there. */
twz_result twz_append_log_truncate(const struct twz_object *object, struct twz_append_log *log,
				   uint64_t position);

#ifdef __cplusplus
}
#endif
#endif
