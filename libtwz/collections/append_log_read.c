/* SPDX-License-Identifier: BSD-2-Clause */
/* The append-only log: what a record is, and reading; see <twz/append_log.h>. */
#include "append_log.h"

uint64_t append_log_check(uint64_t salt, uint64_t position,
			  const struct twz_append_log_record *record, uint64_t length)
{
	const uint64_t *words = (const uint64_t *)record->bytes;
	uint64_t check = append_log_mix(append_log_mix(salt, position), length);

	for (uint64_t i = 0; i < (length + 7) / 8; i++)
		check = append_log_mix(check, words[i]);
	return check;
}

uint32_t append_log_mark(uint64_t salt, uint64_t position)
{
	return (uint32_t)append_log_mix(salt + 1, position);
}

twz_result append_log_look(const uint8_t *start, twz_iptr word, struct append_log_seen *seen)
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

struct twz_append_log_record *append_log_record(const struct append_log_seen *seen, uint64_t offset,
						struct bytes *bytes)
{
	uint64_t left = seen->size - offset, salt = load64(&seen->at->salt);
	struct twz_append_log_record *record =
		(struct twz_append_log_record *)(seen->at->records + offset);

	if (left < sizeof(*record) ||
	    load32(&record->mark) != append_log_mark(salt, seen->position + offset))
		return NULL;
	bytes->data = record->bytes;
	bytes->length = load32(&record->length);
	if (append_log_padded(bytes->length) > left ||
	    load64(&record->check) !=
		    append_log_check(salt, seen->position + offset, record, bytes->length))
		return NULL;
	return record;
}

/* The segment that a position is in, from `word` on backwards. */
static twz_result go_back(const uint8_t *start, twz_iptr word, uint64_t position,
			  struct append_log_seen *seen)
{
	twz_result result = append_log_look(start, word, seen);

	while (result >= 0 && seen->position > position) {
		uint64_t above = seen->position, jump = load64(&seen->at->jump_position);
		const twz_iptr *link =
			jump > position ? &seen->at->jump.word : &seen->at->previous.word;
		result = append_log_look(start, load64(link), seen);
		if (result >= 0 && seen->position >= above)
			result = -TWZ_ERR_CORRUPT;
	}
	return result;
}

twz_result append_log_find(const uint8_t *start, const struct twz_append_log *log,
			   const struct twz_append_log_cursor *cursor, uint64_t position,
			   struct append_log_place *place)
{
	twz_iptr word = load64(&log->last.word);
	struct append_log_seen *seen = &place->segment;

	*place = (struct append_log_place){0};
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
		result = append_log_look(start, word, seen);
		if (result >= 0 && seen->position != next)
			result = -TWZ_ERR_CORRUPT;
	}
	place->offset = position - seen->position;
	if (result >= 0 && (place->offset > seen->size || place->offset % 8 != 0))
		result = -TWZ_ERR_CORRUPT;
	return result;
}

/* WOULD_BLOCK: what is known of the segment is not all, and the lock is not held. */
static twz_result next(const uint8_t *start, const struct twz_append_log *log,
		       struct twz_append_log_cursor *cursor, void *bytes, size_t size, bool locked)
{
	uint64_t begin = load64(&log->begin);
	uint64_t position = cursor->position < begin ? begin : cursor->position;
	struct append_log_place place;
	struct bytes held;
	twz_result result = append_log_find(start, log, cursor, position, &place);

	if (result < 0)
		return result;
	if (!place.segment.at)
		return position == 0 ? 0 : -TWZ_ERR_CORRUPT;
	const struct twz_append_log_record *record =
		append_log_record(&place.segment, place.offset, &held);
	/* after a power loss: a truncation is durable, and how far the segment is used need not be
	 */
	if (record ? place.offset >= place.segment.used : place.offset > place.segment.used) {
		if (!locked)
			return -TWZ_ERR_WOULD_BLOCK;
		append_log_settle(&place.segment);
	}
	if (place.offset >= place.segment.used)
		return place.offset == place.segment.used ? 0 : -TWZ_ERR_CORRUPT;
	if (!record)
		return -TWZ_ERR_CORRUPT;
	*cursor = (struct twz_append_log_cursor){
		.position = position + append_log_padded(held.length),
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
