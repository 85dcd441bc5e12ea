/* SPDX-License-Identifier: BSD-2-Clause */
/* The undo log of transactions; see <twz/log.h>. */
#include "log_internal.h"
#include <twz/alloc.h>
#include <twz/persist.h>

#define RECENT 8 /* records that twz_log_holds looks at */

/* A record as read once from the object, checked to lie in the log and to name data. */
struct seen {
	uint64_t offset, length, back;
	uint32_t undone, kind;
	struct twz_log_record *record;
};

#define SPANS_LOST ~0ull

/* Where the records' space ends. */
static uint64_t records_end(const struct twz_log *log)
{
	return log->end - TWZ_LOG_SPANS * sizeof(struct twz_log_span);
}

static struct twz_log_span *spans_of(const struct twz_log *log)
{
	return (struct twz_log_span *)(log->start + records_end(log));
}

static uint64_t first_record(const struct twz_log *log)
{
	return log->offset + sizeof(struct twz_log_header);
}

static uint64_t record_size(uint64_t length, uint32_t kind)
{
	return sizeof(struct twz_log_record) + (kind ? 0 : (length + 7) & ~7ull);
}

static uint64_t check_of(const struct twz_log_record *record, uint64_t size)
{
	return log_check(0, (const uint64_t *)record + 1, size / 8 - 1);
}

/* False when there is no record or when it is malformed. */
static bool look(const struct twz_log *log, uint64_t at, struct seen *seen)
{
	if (at < first_record(log) || at % 8 != 0 || at > records_end(log) ||
	    records_end(log) - at < sizeof(struct twz_log_record))
		return false;
	seen->record = (struct twz_log_record *)(log->start + at);
	seen->offset = __atomic_load_n(&seen->record->offset, __ATOMIC_RELAXED);
	seen->length = __atomic_load_n(&seen->record->length, __ATOMIC_RELAXED);
	seen->back = __atomic_load_n(&seen->record->back, __ATOMIC_RELAXED);
	uint32_t flags = __atomic_load_n(&seen->record->flags, __ATOMIC_RELAXED);
	seen->kind = flags & (TWZ_LOG_FRESH | TWZ_LOG_FREE);
	seen->undone = flags >> TWZ_LOG_UNDONE_SHIFT;
	return log_is_data(log, seen->offset, seen->length) && seen->back < at &&
	       record_size(seen->length, seen->kind) <= records_end(log) - at;
}

void twz_log_format(const struct twz_log *log)
{
	struct twz_log_header *header = twz_log_header(log);

	header->version = TWZ_LOG_VERSION;
	header->sequence = 1;
	twz_persist(header, sizeof(*header));
	twz_commit_word(&header->magic, TWZ_LOG_MAGIC);
}

twz_result twz_log_check(const struct twz_log *log)
{
	const struct twz_log_header *header = twz_log_header(log);
	uint64_t magic = __atomic_load_n(&header->magic, __ATOMIC_ACQUIRE);

	if (magic == 0)
		return -TWZ_ERR_NOT_FOUND;
	if (magic != TWZ_LOG_MAGIC)
		return -TWZ_ERR_CORRUPT;
	return header->version == TWZ_LOG_VERSION ? TWZ_OK : -TWZ_ERR_VERSION_MISMATCH;
}

static void begin(const struct twz_log *log, uint64_t sequence)
{
	struct twz_log_header *header = twz_log_header(log);

	header->current = sequence;
	header->spans = 0;
	header->tail = header->settled = first_record(log);
	header->last = 0;
	header->undone = 0;
}

void twz_log_begin(const struct twz_log *log)
{
	begin(log, twz_log_header(log)->sequence);
}

static void add_span(const struct twz_log *log, uint64_t offset, uint64_t length)
{
	struct twz_log_header *header = twz_log_header(log);
	uint64_t count = header->spans;

	if (count < TWZ_LOG_SPANS)
		spans_of(log)[count] = (struct twz_log_span){(uint32_t)offset, (uint32_t)length};
	header->spans = count < TWZ_LOG_SPANS ? count + 1 : SPANS_LOST;
}

twz_result twz_log_append(const struct twz_log *log, uint64_t offset, uint64_t length,
			  uint32_t kind)
{
	struct twz_log_header *header = twz_log_header(log);
	uint64_t size = record_size(length, kind), tail = header->tail;

	if (length == 0)
		return TWZ_OK;
	if (!log_is_data(log, offset, length))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (tail < first_record(log) || tail > records_end(log) || tail % 8 != 0)
		return -TWZ_ERR_CORRUPT;
	if (records_end(log) - tail < size || header->undone > TWZ_LOG_UNDONE_MAX)
		return -TWZ_ERR_NO_SPACE;
	struct twz_log_record *record = (struct twz_log_record *)(log->start + tail);
	record->sequence = header->current;
	record->offset = (uint32_t)offset;
	record->length = (uint32_t)length;
	record->flags = (uint32_t)header->undone << TWZ_LOG_UNDONE_SHIFT | kind;
	record->back = (uint32_t)header->last;
	if (kind == 0) {
		((uint64_t *)record)[size / 8 - 1] = 0; /* the padding */
		__builtin_memcpy(record + 1, log->start + offset, length);
	}
	record->check = check_of(record, size);
	add_span(log, offset,
		 kind == TWZ_LOG_FREE	 ? 0
		 : kind == TWZ_LOG_FRESH ? length | TWZ_LOG_SPAN_FRESH
					 : length);
	header->last = tail;
	header->tail = tail + size;
	return TWZ_OK;
}

void twz_log_settle(const struct twz_log *log)
{
	struct twz_log_header *header = twz_log_header(log);
	uint64_t from = header->settled, tail = header->tail;

	if (from < first_record(log) || from >= tail || tail > records_end(log))
		return;
	twz_flush(log->start + from, tail - from);
	twz_fence();
	header->settled = tail;
}

int twz_log_holds(const struct twz_log *log, uint64_t last, uint64_t offset, uint64_t length)
{
	const struct twz_log_header *header = twz_log_header(log);
	const struct twz_log_span *spans = spans_of(log);
	uint64_t count = header->spans;

	/* an inner transaction that is undone puts back what its own records hold */
	if (last != 0 || count > TWZ_LOG_SPANS)
		return false;
	for (uint64_t i = 0; i < RECENT && i < count; i++) {
		const struct twz_log_span *span = &spans[count - 1 - i];
		uint64_t whole = span->length & ~TWZ_LOG_SPAN_FRESH;
		/* a fresh block's header links the free blocks that it came from */
		uint64_t known = span->length & TWZ_LOG_SPAN_FRESH ? sizeof(struct twz_block) : 0;
		if (offset >= span->offset + known && offset + length <= span->offset + whole)
			return true;
	}
	return false;
}

static void drop_records(const struct twz_log *log)
{
	struct twz_log_header *header = twz_log_header(log);

	uint64_t sequence = header->current + 1;
	twz_commit_word(&header->sequence, sequence);
	begin(log, sequence);
}

/* False: they do not tell all, or not the truth. */
static bool flush_spans(const struct twz_log *log)
{
	uint64_t count = twz_log_header(log)->spans;

	for (uint64_t i = 0; i < count && count <= TWZ_LOG_SPANS; i++) {
		struct twz_log_span span = spans_of(log)[i];
		span.length &= ~TWZ_LOG_SPAN_FRESH;
		if (!log_is_data(log, span.offset, span.length ? span.length : 1))
			return false;
		if (span.length != 0)
			twz_flush(log->start + span.offset, span.length);
	}
	return count <= TWZ_LOG_SPANS;
}

twz_result twz_log_commit(const struct twz_log *log)
{
	uint64_t last = twz_log_header(log)->last;
	struct seen seen;

	/* Records of inner transactions that were undone are there still: behind a later
	 * transaction's first record they would count, without the ones that came first. */
	if (last == 0 && twz_log_header(log)->undone == 0)
		return TWZ_OK;
	if (!flush_spans(log)) {
		for (uint64_t at = last; at != 0; at = seen.back) {
			if (!look(log, at, &seen))
				return -TWZ_ERR_CORRUPT;
			twz_flush(log->start + seen.offset, seen.length);
		}
	}
	twz_log_flush_last(log, NULL);
	twz_fence();
	drop_records(log);
	return TWZ_OK;
}

/* By the spans; `at` counts them from 1. */
static twz_result next_free_span(const struct twz_log *log, uint64_t *at)
{
	uint64_t count = twz_log_header(log)->spans;

	if (*at == 0)
		*at = count + 1;
	while (--*at > 0) {
		struct twz_log_span span = spans_of(log)[*at - 1];
		if (span.length == 0)
			return log_is_data(log, span.offset, 1) ? (twz_result)span.offset
								: -TWZ_ERR_CORRUPT;
	}
	return 0;
}

twz_result twz_log_next_free(const struct twz_log *log, uint64_t *at)
{
	struct seen seen = {.back = twz_log_header(log)->last};

	/* freeing adds spans, maybe more than there is room for: the ones before it stay */
	if (*at != 0 ? *at <= TWZ_LOG_SPANS : twz_log_header(log)->spans <= TWZ_LOG_SPANS)
		return next_free_span(log, at);
	if (*at != 0 && !look(log, *at, &seen))
		return -TWZ_ERR_CORRUPT;
	for (*at = seen.back; *at != 0; *at = seen.back) {
		if (!look(log, *at, &seen))
			return -TWZ_ERR_CORRUPT;
		if (seen.kind == TWZ_LOG_FREE)
			return (twz_result)seen.offset;
	}
	return 0;
}

twz_result twz_log_undo(const struct twz_log *log, uint64_t tail, uint64_t last)
{
	struct twz_log_header *header = twz_log_header(log);
	twz_result result = TWZ_OK;
	struct seen seen;

	for (uint64_t at = header->last; at > last; at = seen.back) {
		if (!look(log, at, &seen)) {
			result = -TWZ_ERR_CORRUPT;
			break;
		}
		if (seen.kind)
			continue;
		__builtin_memcpy(log->start + seen.offset, seen.record + 1, seen.length);
		twz_flush(log->start + seen.offset, seen.length);
	}
	twz_log_flush_last(log, NULL);
	/* What comes now may overwrite these records, so what they put back has to be durable. */
	twz_fence();
	header->tail = header->settled = tail;
	header->last = last;
	header->spans = SPANS_LOST;
	header->undone++;
	if (tail == 0)
		drop_records(log);
	return result;
}

static bool is_complete(const struct twz_log *log, const struct seen *seen)
{
	return seen->record->sequence == twz_log_header(log)->sequence &&
	       seen->record->check == check_of(seen->record, record_size(seen->length, seen->kind));
}

/*
 * An inner transaction that was undone leaves records behind the end. Either all of them are still
 * there, and undoing them once more does no harm; or a newer record overwrote the first, and they
 * are told by their lower count of undone transactions.
 *
 * What does not count may stay: a record behind one that was lost with the power, a step that lacks
 * a line. Under its sequence it would count once a later transaction's record stood before it, or a
 * later step had that line in common. So each recovery raises the sequence, whatever it found; that
 * it is durable is known then, too, where the last holder died between its store and the wait.
 */
twz_result twz_log_recover(const struct twz_log *log)
{
	struct twz_log_header *header = twz_log_header(log);
	uint64_t at = first_record(log), last = 0;
	uint32_t undone = 0;
	struct seen seen;

	while (look(log, at, &seen) && is_complete(log, &seen) && seen.back == last &&
	       seen.undone >= undone) {
		undone = seen.undone;
		last = at;
		at += record_size(seen.length, seen.kind);
	}
	bool repeated = twz_log_repeat_steps(log);
	twz_log_begin(log);
	if (last == 0) {
		if (repeated)
			twz_fence();
		drop_records(log);
		return 0;
	}
	header->last = last;
	twz_result result = twz_log_undo(log, 0, 0);
	return result < 0 ? result : 1;
}
