/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes that are put together before they are made: what the collections do; see internal.h. */
#include "internal.h"
#include <twz/persist.h>

void twz_stage_begin(struct twz_stage *stage, struct twz_tx *tx)
{
	stage->tx = tx;
	stage->result = TWZ_OK;
	stage->fresh_count = stage->free_count = 0;
	stage->plan.change.count = 0;
	stage->step.words = 0;
}

static void note(struct twz_stage *stage, twz_result result)
{
	if (stage->result >= 0 && result < 0)
		stage->result = result;
}

uint64_t twz_stage_offset(const struct twz_stage *stage, const void *address)
{
	return (uint64_t)((const uint8_t *)address - stage->tx->log.start);
}

void *twz_stage_bytes(struct twz_stage *stage, const void *address, size_t length)
{
	uint64_t words = 1 + (length + 7) / 8, at = stage->step.words;

	if (words > TWZ_LOG_STEP_WORDS - at) {
		note(stage, -TWZ_ERR_NO_SPACE); /* written over, never applied */
		at = 0;
	}
	uint64_t *change = &stage->step.changes[at];
	change[words - 1] = 0; /* the padding */
	change[0] = (uint64_t)length << 32 | (uint32_t)twz_stage_offset(stage, address);
	__builtin_memcpy(change + 1, address, length);
	stage->step.words = (uint32_t)(at + words);
	return change + 1;
}

void twz_stage_word(struct twz_stage *stage, const uint64_t *address, uint64_t value)
{
	*(uint64_t *)twz_stage_bytes(stage, address, sizeof(*address)) = value;
}

void twz_stage_fresh(struct twz_stage *stage, const void *address, size_t length)
{
	if (stage->fresh_count == STAGE_FRESH)
		note(stage, -TWZ_ERR_NO_SPACE);
	else
		stage->fresh[stage->fresh_count++] =
			(struct twz_word){twz_stage_offset(stage, address), length};
}

void *twz_stage_alloc(struct twz_stage *stage, uint64_t size, uint64_t used)
{
	uint8_t *start = stage->tx->log.start;
	twz_result result = twz_internal_prepare_heap(stage->tx);

	if (result >= 0)
		result =
			twz_heap_plan_raw(start, HEAP_LIMIT, size, TWZ_HEAP_NO_OWNER, &stage->plan);
	note(stage, result);
	if (result < 0)
		return NULL;
	twz_stage_fresh(stage, start + stage->plan.fresh, sizeof(struct twz_block) + used);
	return start + stage->plan.fresh + sizeof(struct twz_block);
}

void twz_stage_free(struct twz_stage *stage, uint64_t data)
{
	if (stage->free_count == STAGE_FREES)
		note(stage, -TWZ_ERR_NO_SPACE);
	else
		stage->frees[stage->free_count++] = data;
}

void twz_stage_undoable(struct twz_tx *tx)
{
	tx->undoable = true;
}

/* One wait, for the log; the bytes' own is the next one's. So a change of a collection costs a
 * third of the waits that an undo log needs. What is fresh has one of its own, before anything can
 * lead there. */
static twz_result step(struct twz_stage *stage)
{
	uint8_t *start = stage->tx->log.start;
	twz_result result = stage->free_count ? twz_internal_prepare_heap(stage->tx) : TWZ_OK;

	for (uint32_t i = 0; i < stage->free_count && result >= 0; i++)
		result = twz_heap_plan_free(start, HEAP_LIMIT, stage->frees[i], &stage->plan);
	for (uint64_t i = 0; i < stage->plan.change.count && result >= 0; i++)
		twz_stage_word(stage,
			       (const uint64_t *)(start + stage->plan.change.words[i].offset),
			       stage->plan.change.words[i].value);
	note(stage, result);
	if (stage->result < 0)
		return stage->result;
	for (uint32_t i = 0; i < stage->fresh_count; i++)
		twz_flush(start + stage->fresh[i].offset, stage->fresh[i].value);
	if (stage->fresh_count != 0)
		twz_fence();
	stage->tx->wrote = true;
	return twz_log_step(&stage->tx->log, &stage->step);
}

static twz_result log_all(struct twz_stage *stage)
{
	struct twz_tx *tx = stage->tx;
	uint8_t *start = tx->log.start;
	const struct twz_change *heap = &stage->plan.change;
	const uint64_t *changes = stage->step.changes;
	twz_result result = TWZ_OK;

	for (uint32_t i = 0; i < stage->fresh_count && result >= 0; i++)
		result = twz_tx_fresh(tx, start + stage->fresh[i].offset, stage->fresh[i].value);
	for (uint64_t i = 0; i < heap->count && result >= 0; i++)
		result = twz_internal_name(tx, start + heap->words[i].offset, 8);
	for (uint32_t i = 0; i < stage->free_count && result >= 0; i++)
		result = twz_internal_name_free(tx, stage->frees[i], NULL);
	for (uint64_t at = 0; at < stage->step.words && result >= 0;
	     at += 1 + ((changes[at] >> 32) + 7) / 8)
		result = twz_internal_name(tx, start + (uint32_t)changes[at], changes[at] >> 32);
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	for (uint64_t i = 0; i < heap->count; i++)
		__atomic_store_n((uint64_t *)(start + heap->words[i].offset), heap->words[i].value,
				 __ATOMIC_RELEASE);
	for (uint64_t at = 0; at < stage->step.words; at += 1 + ((changes[at] >> 32) + 7) / 8)
		__builtin_memcpy(start + (uint32_t)changes[at], &changes[at + 1],
				 changes[at] >> 32);
	return TWZ_OK;
}

/* What comes before and after in the transaction is not undone either. */
static bool is_alone(const struct twz_tx *tx)
{
	const struct twz_log_header *header = twz_log_header(&tx->log);

	return tx->outermost && !tx->undoable && header->depth == 1 && header->last == 0 &&
	       header->undone == 0;
}

twz_result twz_stage_apply(struct twz_stage *stage)
{
	const struct twz_tx *tx = stage->tx;

	if (stage->result < 0 || stage->step.words == 0)
		return stage->result;
	if (tx->result < 0 || tx->state != TWZ_TX_OPEN)
		return tx->result < 0 ? tx->result : -TWZ_ERR_INVALID_ARGUMENT;
	return is_alone(tx) ? step(stage) : log_all(stage);
}
