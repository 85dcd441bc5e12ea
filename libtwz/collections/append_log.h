/* SPDX-License-Identifier: BSD-2-Clause */
/* What appending to the log and reading it share. */
#ifndef LIBTWZ_APPEND_LOG_INTERNAL_H
#define LIBTWZ_APPEND_LOG_INTERNAL_H

#include "bytes.h"
#include <twz/append_log.h>

/* A segment, its fields read once and checked. */
struct append_log_seen {
	struct twz_append_log_segment *at; /* NULL: there is none */
	uint64_t position, size, used;
};

/* A place in a segment, and where that is in all that was appended. */
struct append_log_place {
	struct append_log_seen segment;
	uint64_t offset;
};

/* What a record of so many bytes takes. */
static inline uint64_t append_log_padded(uint64_t length)
{
	return sizeof(struct twz_append_log_record) + ((length + 7) & ~7ull);
}

/* A bijection of either argument. */
static inline uint64_t append_log_mix(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0xd6e8feb86659fd93ull;
	return state ^ state >> 32;
}

/* What a record at a position of a segment with this salt carries. */
uint64_t append_log_check(uint64_t salt, uint64_t position,
			  const struct twz_append_log_record *record, uint64_t length);
uint32_t append_log_mark(uint64_t salt, uint64_t position);

/* The segment that a word leads to. CORRUPT. */
twz_result append_log_look(const uint8_t *start, twz_iptr word, struct append_log_seen *seen);

/* The whole record at an offset of a segment's records; NULL: there is none. */
struct twz_append_log_record *append_log_record(const struct append_log_seen *seen, uint64_t offset,
						struct bytes *bytes);

/* Where the position is, looked for from the cursor's segment on; `place->segment.at` NULL: the log
 * is empty. CORRUPT. */
twz_result append_log_find(const uint8_t *start, const struct twz_append_log *log,
			   const struct twz_append_log_cursor *cursor, uint64_t position,
			   struct append_log_place *place);

/* Records behind the known ones are of a program that ended, or from before a power loss: they are
 * made durable and known. The lock is held. */
void append_log_settle(struct append_log_seen *last);

#endif
