/* SPDX-License-Identifier: BSD-2-Clause */
/* The append-only log: appending and truncating; see <twz/append_log.h>. */
#include "append_log.h"
#include <twz/persist.h>

#define FIRST_BLOCK   1024u	  /* of the heap, for the first segment; each next one doubles */
#define LARGEST_BLOCK (64u << 10) /* unless a record is longer */
#define HEADERS	      (sizeof(struct twz_block) + sizeof(struct twz_append_log_segment))
#define FREED_AT_ONCE 64 /* segments, in one transaction */
#define LINE	      64u

void append_log_settle(struct append_log_seen *last)
{
	uint64_t used = last->used;
	struct twz_append_log_record *record;
	struct bytes held;

	while ((record = append_log_record(last, used, &held))) {
		twz_flush(record, append_log_padded(held.length));
		used += append_log_padded(held.length);
	}
	if (used == last->used)
		return;
	twz_fence();
	last->used = used;
	__atomic_store_n(&last->at->used, used, __ATOMIC_RELEASE);
}

static twz_result last_of(const uint8_t *start, const struct twz_append_log *log,
			  struct append_log_seen *last)
{
	twz_iptr word = load64(&log->last.word);

	*last = (struct append_log_seen){0};
	if (word == 0)
		return load64(&log->first.word) == 0 ? TWZ_OK : -TWZ_ERR_CORRUPT;
	twz_result result = append_log_look(start, word, last);
	if (result >= 0)
		append_log_settle(last);
	return result;
}

static void fill(struct twz_append_log_record *record, uint64_t salt, uint64_t position,
		 struct bytes bytes)
{
	uint64_t size = append_log_padded(bytes.length);

	if (bytes.length % 8 != 0)
		((uint64_t *)record)[size / 8 - 1] = 0;
	copy_bytes(record->bytes, bytes.length, bytes);
	record->length = (uint32_t)bytes.length;
	record->mark = append_log_mark(salt, position);
	/* the last: where it is on its line, the mark is */
	__atomic_store_n(&record->check, append_log_check(salt, position, record, bytes.length),
			 __ATOMIC_RELEASE);
}

/*
 * What a power loss left of another record here would be whole again, were it to get the line that
 * it lacks from one that has it in common: its check goes before. The mark tells of it, unless the
 * check ends a line and what is behind it has more than one.
 */
static void clear_place(struct twz_append_log_record *record, uint64_t salt, uint64_t position,
			uint64_t need)
{
	bool apart = ((uintptr_t)&record->length & (LINE - 1)) == 0;

	if (load64(&record->check) != 0 &&
	    (load32(&record->mark) == append_log_mark(salt, position) ||
	     (apart && need > sizeof(record->check) + LINE)))
		twz_commit_word(&record->check, 0);
}

/* A jump back over as much as the last two jumps together, when these were equal, else one. */
static void set_jump(const uint8_t *start, const struct twz_append_log *log,
		     struct twz_append_log_segment *segment, const struct append_log_seen *last)
{
	uint64_t first = load64(&log->begin), span = load64(&last->at->span);
	struct append_log_seen over = {0};

	segment->jump.word = (uint64_t)((uint8_t *)last->at - start);
	segment->jump_position = last->position;
	segment->span = 1;
	if (span == 0 || load64(&last->at->jump_position) < first ||
	    append_log_look(start, load64(&last->at->jump.word), &over) < 0 ||
	    over.at->span != span)
		return;
	segment->jump.word = load64(&over.at->jump.word);
	segment->jump_position = load64(&over.at->jump_position);
	segment->span = 1 + 2 * span;
}

static uint64_t capacity_behind(const struct append_log_seen *last, uint64_t need)
{
	uint64_t block = last->at ? 2 * (last->size + HEADERS) : FIRST_BLOCK;

	if (block > LARGEST_BLOCK)
		block = LARGEST_BLOCK;
	return block - HEADERS < need ? need : block - HEADERS;
}

/* A new last segment with the record in it, all in the transaction. */
static twz_result add_segment(struct twz_tx *tx, uint8_t *start, struct twz_append_log *log,
			      const struct append_log_seen *last, struct bytes bytes)
{
	uint64_t size = capacity_behind(last, append_log_padded(bytes.length));
	uint64_t position = last->at ? last->position + last->used : 0;
	twz_iptr *outer = last->at ? &last->at->next.word : &log->first.word;
	const struct twz_object_meta *meta = (void *)(start + TWZ_META_OFFSET);
	const struct twz_log_header *header = twz_log_header(&tx->log);
	struct twz_heap_plan plan;
	twz_result result =
		twz_internal_plan_alloc(tx, sizeof(*last->at) + size, outer, false, &plan);

	if (result >= 0)
		result = twz_internal_name(tx, &log->last, sizeof(log->last));
	if (result >= 0 && last->at) /* known to be so, from now on */
		result = twz_internal_name(tx, &last->at->used, sizeof(last->at->used));
	if (result < 0)
		return result;
	struct twz_append_log_segment *segment =
		(void *)(start + plan.fresh + sizeof(struct twz_block));
	*segment = (struct twz_append_log_segment){.position = position, .size = size};
	if (last->at) {
		segment->previous.word = (uint64_t)((uint8_t *)last->at - start);
		set_jump(start, log, segment, last);
	}
	/* unlike that of any other attempt to continue this log */
	segment->salt = append_log_mix(
		append_log_mix(append_log_mix(meta->nonce.hi, meta->nonce.lo), header->current),
		header->undone + 1);
	segment->used = append_log_padded(bytes.length);
	fill((void *)segment->records, segment->salt, position, bytes);
	twz_internal_settle(tx);
	twz_internal_carry_out(tx, &plan);
	log->last.word = plan.fresh + sizeof(struct twz_block);
	return TWZ_OK;
}

/* Within the caller's transaction: what undoes it makes the record none. */
static twz_result add_undoable(struct twz_tx *tx, struct append_log_seen *last,
			       struct twz_append_log_record *record, struct bytes bytes)
{
	twz_result result = twz_internal_name(tx, &record->check, sizeof(record->check));

	if (result >= 0)
		result = twz_internal_name(tx, &last->at->used, sizeof(last->at->used));
	if (result >= 0)
		result = twz_tx_fresh(tx, record, append_log_padded(bytes.length));
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	fill(record, load64(&last->at->salt), last->position + last->used, bytes);
	return TWZ_OK;
}

static twz_result add(struct twz_tx *tx, uint8_t *start, struct twz_append_log *log,
		      struct bytes bytes, uint64_t *position)
{
	struct append_log_seen last;
	twz_result result = last_of(start, log, &last);
	uint64_t need = append_log_padded(bytes.length), at = last.position + last.used;

	if (result < 0)
		return result;
	if (position)
		*position = at;
	if (!last.at || last.size - last.used < need)
		return add_segment(tx, start, log, &last, bytes);
	struct twz_append_log_record *record = (void *)(last.at->records + last.used);
	clear_place(record, load64(&last.at->salt), at, need);
	if (tx->outermost) {
		/* the one wait: the record is whole or it is none */
		fill(record, load64(&last.at->salt), at, bytes);
		twz_persist(record, need);
		tx->wrote = true;
	} else {
		result = add_undoable(tx, &last, record, bytes);
	}
	if (result >= 0)
		__atomic_store_n(&last.at->used, last.used + need, __ATOMIC_RELEASE);
	return result;
}

twz_result twz_append_log_add(const struct twz_object *object, struct twz_append_log *log,
			      const void *bytes, size_t length, uint64_t *position)
{
	struct twz_tx tx;

	if (length > TWZ_APPEND_LOG_LONGEST)
		return -TWZ_ERR_TOO_MANY;
	TWZ_TX(&tx, object)
	end_change(&tx, add(&tx, object->start, log, (struct bytes){bytes, length}, position));
	return tx.result;
}

twz_result twz_append_log_end(const struct twz_object *object, struct twz_append_log *log,
			      uint64_t *position)
{
	struct append_log_seen last = {0};
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	end_change(&tx, last_of(object->start, log, &last));
	*position = last.position + last.used;
	return tx.result;
}

/* Frees segments before `begin`, the last one never. 1: there are more. */
static twz_result free_segments(struct twz_tx *tx, const uint8_t *start, struct twz_append_log *log)
{
	twz_iptr word = load64(&log->first.word), last = load64(&log->last.word), after;
	struct append_log_seen seen = {0}, next;
	twz_result result = TWZ_OK;
	int count = 0;

	for (; word != last && count < FREED_AT_ONCE; word = after, count++) {
		result = append_log_look(start, word, &seen);
		if (result < 0)
			return result;
		after = load64(&seen.at->next.word);
		result = append_log_look(start, after, &next);
		if (result < 0 || next.position != seen.position + seen.used || seen.used == 0)
			return -TWZ_ERR_CORRUPT;
		if (next.position > log->begin)
			break;
		result = twz_internal_name_free(tx, word, NULL);
		if (result < 0)
			return result;
	}
	if (count == 0)
		return 0;
	result = twz_internal_name(tx, &log->first, sizeof(log->first));
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	log->first.word = word;
	return count == FREED_AT_ONCE;
}

static twz_result truncate(struct twz_tx *tx, const uint8_t *start, struct twz_append_log *log,
			   uint64_t position)
{
	const struct twz_append_log_cursor anywhere = {0};
	struct append_log_place place;
	struct bytes held;
	struct append_log_seen last;
	twz_result result = last_of(start, log, &last);

	if (result >= 0 && position > log->begin && position != last.position + last.used) {
		result = append_log_find(start, log, &anywhere, position, &place);
		if (result >= 0 &&
		    (!place.segment.at || !append_log_record(&place.segment, place.offset, &held)))
			result = -TWZ_ERR_INVALID_ARGUMENT;
	}
	if (result >= 0)
		result = twz_internal_name(tx, &log->begin, 2 * sizeof(uint64_t));
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	if (position > log->begin)
		log->begin = position;
	log->losses++;
	return free_segments(tx, start, log);
}

twz_result twz_append_log_truncate(const struct twz_object *object, struct twz_append_log *log,
				   uint64_t position)
{
	twz_result more = 1;
	struct twz_tx tx;

	while (more == 1) {
		TWZ_TX(&tx, object)
		{
			more = truncate(&tx, object->start, log, position);
			end_change(&tx, more);
		}
		if (tx.result < 0)
			return tx.result;
	}
	return TWZ_OK;
}
