/* SPDX-License-Identifier: BSD-2-Clause */
/* What the log's records (log.c) and steps (step.c) share. */
#ifndef LAYOUT_LOG_INTERNAL_H
#define LAYOUT_LOG_INTERNAL_H

#include <stdbool.h>
#include <twz/log.h>

/* Bytes that a record or a step may name: of the object's data, outside the log. */
static inline bool log_is_data(const struct twz_log *log, uint64_t offset, uint64_t length)
{
	return length != 0 && offset >= TWZ_BASE_OFFSET && offset <= TWZ_META_OFFSET &&
	       length <= TWZ_META_OFFSET - offset &&
	       (offset + length <= log->offset || offset >= log->end);
}

/*
 * Over whole words. Each step is a bijection of the state, so one word that differs always shows;
 * several show but for a chance of 2^-64.
 */
static inline uint64_t log_check(uint64_t check, const uint64_t *words, uint64_t count)
{
	check ^= 0x9e3779b97f4a7c15ull;
	for (uint64_t i = 0; i < count; i++) {
		check = (check ^ words[i]) * 0xff51afd7ed558ccdull;
		check ^= check >> 32;
	}
	return check;
}

/* Makes the last steps' changes again; durable after a fence. False: there are none. */
bool twz_log_repeat_steps(const struct twz_log *log);

/* Flushes what the last step changed, but what `next`, which may be NULL, changes too; a fence
 * follows. */
void twz_log_flush_last(const struct twz_log *log, const struct twz_log_step *next);

#endif
