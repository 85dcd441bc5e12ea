/* SPDX-License-Identifier: BSD-2-Clause */
/* What libtwz's files share. */
#ifndef LIBTWZ_INTERNAL_H
#define LIBTWZ_INTERNAL_H

#include <stdbool.h>
#include <twz/alloc.h>
#include <twz/object.h>
#include <twz/tx.h>

/* A lock of this program's own memory: a futex word, 0 free, 1 taken, 2 taken and waited for. */
void twz_internal_lock(uint32_t *word);
void twz_internal_unlock(uint32_t *word);

/* This program, as locks name it: its view's id, asked once and again after a clone. */
twz_result twz_internal_self(struct twz_id *self);
void twz_internal_forget_self(void);

/* Takes a heap's lock; NOT_FOUND, CORRUPT. */
twz_result twz_internal_lock_heap(const struct twz_object *object, struct twz_heap **heap);

/* Maps as twz_object_open and keeps the reference for ever: invariant pointers lead there. */
twz_result twz_object_pin(struct twz_id id, uint32_t rights, uint8_t **start);

/* An entry of the FOT, claimed, is about to mean something else: this program's cache forgets it.
 */
void twz_internal_entry_changes(const void *start, uint64_t index);

/*
 * A change of a few bytes that are all known before any of them is changed, of one thread, within a
 * transaction. Bytes are staged, never twice, with blocks of the heap that come and go; then they
 * are applied together: as a step, with a single wait (two with new blocks), in a transaction that
 * has changed nothing else (<twz/log.h>), else logged, with one wait for them all. After a step
 * nothing is undone: a call that stages several times, all or none, says so first
 * (twz_stage_undoable). The first error stays in `result`, and nothing is applied.
 */
#define STAGE_FRESH 12
#define STAGE_FREES 3

struct twz_stage {
	struct twz_tx *tx;
	twz_result result;
	uint32_t fresh_count, free_count;
	struct twz_heap_plan plan;
	struct twz_word fresh[STAGE_FRESH]; /* offset, and bytes as its value */
	uint64_t frees[STAGE_FREES];
	struct twz_log_step step;
};

void twz_stage_begin(struct twz_stage *stage, struct twz_tx *tx);
/* Where the new bytes go: a copy of what is at the address, 8-byte aligned. */
void *twz_stage_bytes(struct twz_stage *stage, const void *address, size_t length);
void twz_stage_word(struct twz_stage *stage, const uint64_t *address, uint64_t value);
/* Bytes that were nobody's and are written already. */
void twz_stage_fresh(struct twz_stage *stage, const void *address, size_t length);
/* A new block, not zeroed: its data, whose first `used` bytes the caller writes before he applies,
 * and owns by what he stages; NULL: see result. */
void *twz_stage_alloc(struct twz_stage *stage, uint64_t size, uint64_t used);
/* The block whose data is at this offset goes. */
void twz_stage_free(struct twz_stage *stage, uint64_t data);
twz_result twz_stage_apply(struct twz_stage *stage);
/* Where staged pointers lead: the offset of an address. */
uint64_t twz_stage_offset(const struct twz_stage *stage, const void *address);
/* From now on until its end the transaction logs what it changes. */
void twz_stage_undoable(struct twz_tx *tx);

/* The same for what a step has no room for: name ranges and frees, settle, then change. `from`,
 * which held the block at offset `data` and may be NULL, is named. */
twz_result twz_internal_name(struct twz_tx *tx, const void *address, size_t length);
twz_result twz_internal_name_free(struct twz_tx *tx, uint64_t data, const twz_iptr *from);
void twz_internal_settle(struct twz_tx *tx);
/* An allocation, one at a time, whose words are named; what is carried out is the plan's stores. */
twz_result twz_internal_plan_alloc(struct twz_tx *tx, uint64_t size, const twz_iptr *into,
				   bool zeroed, struct twz_heap_plan *plan);
void twz_internal_carry_out(struct twz_tx *tx, const struct twz_heap_plan *plan);
/* Before an allocation within the transaction. */
twz_result twz_internal_prepare_heap(struct twz_tx *tx);

/* Where a directory's space ends; the rest of an object is its Foreign Object Table's. */
#define DATA_LIMIT TWZ_LOG_PLACE_END
/* Where a heap's space ends: the log of transactions lies between. */
#define HEAP_LIMIT TWZ_LOG_PLACE
#define FOT_LIMIT  ((TWZ_META_OFFSET - DATA_LIMIT) / sizeof(struct twz_fot_entry))

/*
 * Reading without the lock: what was read between counts when begin and end are both true; else the
 * reader begins a transaction. Everything read is hostile meanwhile. A holder raises `turns` after
 * it has taken the lock and before it changes anything. So a reader that finds the lock free, then
 * free again, and `turns` the same, has read while nobody changed.
 */
static inline const struct twz_log_header *twz_internal_log(const struct twz_object *object)
{
	return (const struct twz_log_header *)(object->start + HEAP_LIMIT);
}

static inline bool twz_internal_log_free(const struct twz_log_header *header)
{
	return (__atomic_load_n(&header->holder.hi, __ATOMIC_ACQUIRE) |
		__atomic_load_n(&header->holder.lo, __ATOMIC_ACQUIRE)) == 0;
}

static inline bool twz_internal_read_begin(const struct twz_object *object, uint64_t *turns)
{
	const struct twz_log_header *header = twz_internal_log(object);

	*turns = __atomic_load_n(&header->turns, __ATOMIC_ACQUIRE);
	return *turns != 0 && twz_internal_log_free(header);
}

static inline bool twz_internal_read_end(const struct twz_object *object, uint64_t turns)
{
	const struct twz_log_header *header = twz_internal_log(object);

	__asm__ volatile("" : : : "memory"); /* the processor keeps loads in order */
	return twz_internal_log_free(header) &&
	       __atomic_load_n(&header->turns, __ATOMIC_ACQUIRE) == turns;
}

#endif
