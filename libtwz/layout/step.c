/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps: changes of a few known bytes that one wait makes true; see <twz/log.h>. */
#include "log_internal.h"
#include <twz/persist.h>

#define FIRST_WORDS 2 /* check; turn and words */

/* The change at word `at`, and where the next one begins; false: malformed. */
static bool look(const struct twz_log *log, const struct twz_log_step *step, uint64_t *at,
		 uint64_t *offset, uint64_t *length)
{
	uint64_t place = step->changes[*at];

	*offset = (uint32_t)place;
	*length = place >> 32;
	if (!log_is_data(log, *offset, *length) ||
	    (*length + 7) / 8 > (uint64_t)step->words - *at - 1)
		return false;
	*at += 1 + (*length + 7) / 8;
	return true;
}

static bool is_whole(const struct twz_log *log, const struct twz_log_step *step)
{
	uint64_t at = 0, offset, length;

	while (at < step->words)
		if (!look(log, step, &at, &offset, &length))
			return false;
	return true;
}

/* The sequence is mixed in before the turn: a sum of both may be that of an older step. */
static uint64_t check_of(const struct twz_log *log, const struct twz_log_step *step)
{
	uint64_t sequence = twz_log_header(log)->sequence;

	return log_check(log_check(0, &sequence, 1), (const uint64_t *)step + 1,
			 FIRST_WORDS - 1 + step->words);
}

/* A step as read once; false: none, or of another sequence, or torn. */
static bool read_step(const struct twz_log *log, uint32_t turn, struct twz_log_step *step)
{
	const struct twz_log_step *from = &twz_log_header(log)->steps[turn & 1];

	__builtin_memcpy(step, from, sizeof(*step));
	return step->words != 0 && step->words <= TWZ_LOG_STEP_WORDS &&
	       step->check == check_of(log, step) && is_whole(log, step);
}

static bool changes_too(const struct twz_log *log, const struct twz_log_step *step,
			struct twz_log_span span)
{
	uint64_t at = 0, offset, length;

	while (step && at < step->words && look(log, step, &at, &offset, &length))
		if (offset == span.offset && length == span.length)
			return true;
	return false;
}

/*
 * A range that the next step names as a whole is in its record, which is durable before this one's
 * is written over. So a counter that every step changes stays in the cache.
 */
void twz_log_flush_last(const struct twz_log *log, const struct twz_log_step *next)
{
	struct twz_log_header *header = twz_log_header(log);
	uint32_t count = header->changed;

	for (uint32_t i = 0; i < count && i < TWZ_LOG_STEP_WORDS / 2; i++) {
		struct twz_log_span span = header->changes[i];
		if (log_is_data(log, span.offset, span.length) &&
		    span.length <= sizeof(next->changes) && !changes_too(log, next, span))
			twz_flush(log->start + span.offset, span.length);
	}
	header->changed = 0;
}

/* Not durable before twz_log_flush_last and a fence. */
static void make_changes(const struct twz_log *log, const struct twz_log_step *step)
{
	struct twz_log_header *header = twz_log_header(log);
	uint32_t count = 0;
	uint64_t at = 0, offset, length;

	while (at < step->words) {
		const uint64_t *bytes = &step->changes[at + 1];
		if (!look(log, step, &at, &offset, &length))
			return;
		if (length == 8 && offset % 8 == 0) /* a word that others read is never torn */
			__atomic_store_n((uint64_t *)(log->start + offset), *bytes,
					 __ATOMIC_RELEASE);
		else
			__builtin_memcpy(log->start + offset, bytes, length);
		header->changes[count++] =
			(struct twz_log_span){(uint32_t)offset, (uint32_t)length};
	}
	header->changed = count;
}

twz_result twz_log_step(const struct twz_log *log, struct twz_log_step *step)
{
	struct twz_log_header *header = twz_log_header(log);
	struct twz_log_step *place = &header->steps[header->turn & 1];
	uint64_t size = (FIRST_WORDS + step->words) * sizeof(uint64_t);

	if (step->words == 0 || step->words > TWZ_LOG_STEP_WORDS || header->last != 0 ||
	    header->undone != 0 || !is_whole(log, step))
		return -TWZ_ERR_INVALID_ARGUMENT;
	step->turn = header->turn++;
	step->check = check_of(log, step);
	__builtin_memcpy(place, step, size);
	twz_flush(place, size);
	twz_log_flush_last(log, step);
	twz_fence();
	make_changes(log, step);
	return TWZ_OK;
}

bool twz_log_repeat_steps(const struct twz_log *log)
{
	struct twz_log_step steps[2];
	bool there[] = {read_step(log, 0, &steps[0]), read_step(log, 1, &steps[1])};
	/* the older one first */
	int first = there[0] && there[1] && (int32_t)(steps[0].turn - steps[1].turn) > 0;

	twz_log_header(log)->changed = 0;
	if (!there[0] && !there[1])
		return false;
	/* who wrote the last one may have died before it was durable */
	twz_flush(twz_log_header(log)->steps, sizeof(steps));
	twz_fence();
	for (int i = 0; i < 2; i++) {
		if (there[first ^ i])
			make_changes(log, &steps[first ^ i]);
		twz_log_flush_last(log, NULL);
	}
	return true;
}
