/* SPDX-License-Identifier: BSD-2-Clause */
/* The append-only log; see <twz/append_log.h>. */
#include "bytes.h"
#include <twz/append_log.h>
#include <twz/persist.h>

#define FIRST_BLOCK   1024u	  /* of the heap, for the first segment; each next one doubles */
#define LARGEST_BLOCK (64u << 10) /* unless a record is longer */
#define HEADERS	      (sizeof(struct twz_block) + sizeof(struct twz_append_log_segment))
#define FREED_AT_ONCE 64 /* segments, in one transaction */

/* A segment, its fields read once and checked. */
struct seen {
	struct twz_append_log_segment *at; /* NULL: there is none */
	uint64_t position, size, used;
};

/* A place in a segment, and where that is in all that was appended. */
struct place {
	struct seen segment;
	uint64_t offset;
};

static uint64_t padded(uint64_t length)
{
	return sizeof(struct twz_append_log_record) + ((length + 7) & ~7ull);
}

/* A bijection of either argument. */
static uint64_t mix(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0xd6e8feb86659fd93ull;
	return state ^ state >> 32;
}

static uint64_t check_of(uint64_t salt, uint64_t position,
			 const struct twz_append_log_record *record, uint64_t length)
{
	const uint64_t *words = (const uint64_t *)record->bytes;
	uint64_t check = mix(mix(salt, position), length);

	for (uint64_t i = 0; i < (length + 7) / 8; i++)
		check = mix(check, words[i]);
	return check;
}

static uint32_t mark_of(uint64_t salt, uint64_t position)
{
	return (uint32_t)mix(salt + 1, position);
}

static twz_result look(const uint8_t *start, twz_iptr word, struct seen *seen)
{
	seen->at = part_of(start, word, sizeof(*seen->at));
	if (!seen->at)
		return -TWZ_ERR_CORRUPT;
	seen->position = load64(&seen->at->position);
	seen->size = load64(&seen->at->size);
	seen->used = load64(&seen->at->used);
	return seen->size % 8 == 0 && seen->size <= HEAP_LIMIT - word - sizeof(*seen->at) &&
			       seen->used % 8 == 0 && seen->used <= seen->size
		       ? TWZ_OK
		       : -TWZ_ERR_CORRUPT;
}

/* The whole record at an offset of a segment's records; NULL: there is none. */
static struct twz_append_log_record *record_at(const struct seen *seen, uint64_t offset,
					       struct bytes *bytes)
{
	uint64_t left = seen->size - offset, salt = load64(&seen->at->salt);
	struct twz_append_log_record *record =
		(struct twz_append_log_record *)(seen->at->records + offset);

	if (left < sizeof(*record) ||
	    load32(&record->mark) != mark_of(salt, seen->position + offset))
		return NULL;
	bytes->data = record->bytes;
	bytes->length = load32(&record->length);
	if (padded(bytes->length) > left ||
	    load64(&record->check) !=
		    check_of(salt, seen->position + offset, record, bytes->length))
		return NULL;
	return record;
}

/* Records behind the known ones are of a program that ended, or from before a power loss: they are
 * made durable and known. The lock is held. */
static void settle(struct seen *last)
{
	uint64_t used = last->used;
	struct twz_append_log_record *record;
	struct bytes held;

	while ((record = record_at(last, used, &held))) {
		twz_flush(record, padded(held.length));
		used += padded(held.length);
	}
	if (used == last->used)
		return;
	twz_fence();
	last->used = used;
	__atomic_store_n(&last->at->used, used, __ATOMIC_RELEASE);
}

static twz_result last_of(const uint8_t *start, const struct twz_append_log *log, struct seen *last)
{
	twz_iptr word = load64(&log->last.word);

	*last = (struct seen){0};
	if (word == 0)
		return load64(&log->first.word) == 0 ? TWZ_OK : -TWZ_ERR_CORRUPT;
	twz_result result = look(start, word, last);
	if (result >= 0)
		settle(last);
	return result;
}

/* ---- append ---- */

static void fill(struct twz_append_log_record *record, uint64_t salt, uint64_t position,
		 struct bytes bytes)
{
	uint64_t size = padded(bytes.length);

	if (bytes.length % 8 != 0)
		((uint64_t *)record)[size / 8 - 1] = 0;
	copy_bytes(record->bytes, bytes.length, bytes);
	record->length = (uint32_t)bytes.length;
	record->mark = mark_of(salt, position);
	record->check = check_of(salt, position, record, bytes.length);
}

/* A jump back over as much as the last two jumps together, when these were equal, else one. */
static void set_jump(const uint8_t *start, const struct twz_append_log *log,
		     struct twz_append_log_segment *segment, const struct seen *last)
{
	uint64_t first = load64(&log->begin), span = load64(&last->at->span);
	struct seen over = {0};

	segment->jump.word = (uint64_t)((uint8_t *)last->at - start);
	segment->jump_position = last->position;
	segment->span = 1;
	if (span == 0 || load64(&last->at->jump_position) < first ||
	    look(start, load64(&last->at->jump.word), &over) < 0 || over.at->span != span)
		return;
	segment->jump.word = load64(&over.at->jump.word);
	segment->jump_position = load64(&over.at->jump_position);
	segment->span = 1 + 2 * span;
}

static uint64_t capacity_behind(const struct seen *last, uint64_t need)
{
	uint64_t block = last->at ? 2 * (last->size + HEADERS) : FIRST_BLOCK;

	if (block > LARGEST_BLOCK)
		block = LARGEST_BLOCK;
	return block - HEADERS < need ? need : block - HEADERS;
}

/* A new last segment with the record in it, all in the transaction. */
static twz_result add_segment(struct twz_tx *tx, uint8_t *start, struct twz_append_log *log,
			      const struct seen *last, struct bytes bytes)
{
	uint64_t size = capacity_behind(last, padded(bytes.length));
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
	segment->salt =
		mix(mix(mix(meta->nonce.hi, meta->nonce.lo), header->current), header->undone + 1);
	segment->used = padded(bytes.length);
	fill((void *)segment->records, segment->salt, position, bytes);
	twz_internal_settle(tx);
	twz_internal_carry_out(tx, &plan);
	log->last.word = plan.fresh + sizeof(struct twz_block);
	return TWZ_OK;
}

/* Within the caller's transaction: what undoes it makes the record none. */
static twz_result add_undoable(struct twz_tx *tx, struct seen *last,
			       struct twz_append_log_record *record, struct bytes bytes)
{
	twz_result result = twz_internal_name(tx, &record->check, sizeof(record->check));

	if (result >= 0)
		result = twz_internal_name(tx, &last->at->used, sizeof(last->at->used));
	if (result >= 0)
		result = twz_tx_fresh(tx, record, padded(bytes.length));
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	fill(record, load64(&last->at->salt), last->position + last->used, bytes);
	return TWZ_OK;
}

static twz_result add(struct twz_tx *tx, uint8_t *start, struct twz_append_log *log,
		      struct bytes bytes, uint64_t *position)
{
	struct seen last;
	twz_result result = last_of(start, log, &last);
	uint64_t need = padded(bytes.length), at = last.position + last.used;

	if (result < 0)
		return result;
	if (position)
		*position = at;
	if (!last.at || last.size - last.used < need)
		return add_segment(tx, start, log, &last, bytes);
	struct twz_append_log_record *record = (void *)(last.at->records + last.used);
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

/* ---- read ---- */

/* The segment that a position is in, from `word` on backwards. */
static twz_result go_back(const uint8_t *start, twz_iptr word, uint64_t position, struct seen *seen)
{
	twz_result result = look(start, word, seen);

	while (result >= 0 && seen->position > position) {
		uint64_t above = seen->position, jump = load64(&seen->at->jump_position);
		const twz_iptr *link =
			jump > position ? &seen->at->jump.word : &seen->at->previous.word;
		result = look(start, load64(link), seen);
		if (result >= 0 && seen->position >= above)
			result = -TWZ_ERR_CORRUPT;
	}
	return result;
}

/* Where the position is; `place->segment.at` NULL: the log is empty. */
static twz_result find(const uint8_t *start, const struct twz_append_log *log,
		       const struct twz_append_log_cursor *cursor, uint64_t position,
		       struct place *place)
{
	twz_iptr word = load64(&log->last.word);
	struct seen *seen = &place->segment;

	*place = (struct place){0};
	if (word == 0)
		return TWZ_OK;
	if (cursor->segment != 0 && cursor->losses == load64(&log->losses))
		word = cursor->segment;
	twz_result result = go_back(start, word, position, seen);
	while (result >= 0 && position - seen->position >= seen->used &&
	       (word = load64(&seen->at->next.word)) != 0) {
		uint64_t next = seen->position + seen->used;
		/* nothing is behind the last record of a segment that another one follows */
		if (seen->used == 0 || position < next)
			return -TWZ_ERR_CORRUPT;
		result = look(start, word, seen);
		if (result >= 0 && seen->position != next)
			result = -TWZ_ERR_CORRUPT;
	}
	place->offset = position - seen->position;
	if (result >= 0 && (place->offset > seen->size || place->offset % 8 != 0))
		result = -TWZ_ERR_CORRUPT;
	return result;
}

/* WOULD_BLOCK: a record is behind the known ones, and the lock is not held. */
static twz_result next(const uint8_t *start, const struct twz_append_log *log,
		       struct twz_append_log_cursor *cursor, void *bytes, size_t size, bool locked)
{
	uint64_t begin = load64(&log->begin);
	uint64_t position = cursor->position < begin ? begin : cursor->position;
	struct place place;
	struct bytes held;
	twz_result result = find(start, log, cursor, position, &place);

	if (result < 0)
		return result;
	if (!place.segment.at)
		return position == 0 ? 0 : -TWZ_ERR_CORRUPT;
	const struct twz_append_log_record *record = record_at(&place.segment, place.offset, &held);
	if (place.offset >= place.segment.used) {
		if (record && !locked)
			return -TWZ_ERR_WOULD_BLOCK;
		if (record)
			settle(&place.segment);
		else
			return place.offset == place.segment.used ? 0 : -TWZ_ERR_CORRUPT;
	}
	if (!record)
		return -TWZ_ERR_CORRUPT;
	*cursor = (struct twz_append_log_cursor){
		.position = position + padded(held.length),
		.record = position,
		.length = copy_bytes(bytes, size, held),
		.segment = (uint64_t)((const uint8_t *)place.segment.at - start),
		.losses = load64(&log->losses)};
	return 1;
}

twz_result twz_append_log_next(const struct twz_object *object, struct twz_append_log *log,
			       struct twz_append_log_cursor *cursor, void *bytes, size_t size)
{
	const struct twz_append_log_cursor was = *cursor;
	twz_result result = 0;
	struct twz_tx tx;
	uint64_t turns;

	if (twz_internal_read_begin(object, &turns)) {
		result = next(object->start, log, cursor, bytes, size, false);
		if (twz_internal_read_end(object, turns) && result != -TWZ_ERR_WOULD_BLOCK)
			return result;
		*cursor = was;
	}
	TWZ_TX(&tx, object)
	{
		result = next(object->start, log, cursor, bytes, size, true);
		/* within a transaction the segment may go again */
		if (!tx.outermost)
			cursor->segment = 0;
	}
	return tx.result < 0 ? tx.result : result;
}

twz_result twz_append_log_end(const struct twz_object *object, struct twz_append_log *log,
			      uint64_t *position)
{
	struct seen last = {0};
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	end_change(&tx, last_of(object->start, log, &last));
	*position = last.position + last.used;
	return tx.result;
}

/* ---- truncate ---- */

/* Frees segments before `begin`, the last one never. 1: there are more. */
static twz_result free_segments(struct twz_tx *tx, const uint8_t *start, struct twz_append_log *log)
{
	twz_iptr word = load64(&log->first.word), last = load64(&log->last.word), after;
	struct seen seen = {0}, next;
	twz_result result = TWZ_OK;
	int count = 0;

	for (; word != last && count < FREED_AT_ONCE; word = after, count++) {
		result = look(start, word, &seen);
		if (result < 0)
			return result;
		after = load64(&seen.at->next.word);
		result = look(start, after, &next);
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
	struct place place;
	struct bytes held;
	struct seen last;
	twz_result result = last_of(start, log, &last);

	if (result >= 0 && position > log->begin && position != last.position + last.used) {
		result = find(start, log, &anywhere, position, &place);
		if (result >= 0 &&
		    (!place.segment.at || !record_at(&place.segment, place.offset, &held)))
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
