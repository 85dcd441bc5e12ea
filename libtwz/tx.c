/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions: locks, nesting and the heap around layout/log.c; see <twz/tx.h>. */
#include "internal.h"
#include <twz/lock.h>
#include <twz/persist.h>

static struct twz_log log_of(uint8_t *start)
{
	return (struct twz_log){.start = start, .offset = HEAP_LIMIT, .end = DATA_LIMIT};
}

/* Tells the threads of a program apart: where the thread's control block is. */
static uint64_t this_thread(void)
{
	return (uint64_t)(uintptr_t)__builtin_thread_pointer();
}

static bool is_ours(const struct twz_log_header *header, struct twz_id self)
{
	return __atomic_load_n(&header->thread, __ATOMIC_RELAXED) == this_thread() &&
	       twz_id_equal(header->holder, self);
}

static void release(struct twz_log_header *header)
{
	header->depth = 0;
	__atomic_store_n(&header->thread, 0, __ATOMIC_RELAXED);
	twz_lock_release(&header->holder, &header->waiters);
}

/*
 * Takes the log's lock and undoes what its last holder left in it. 1 when there was something.
 * opened: after a power loss the lock may be free and the log not.
 */
static twz_result take(const struct twz_log *log, bool opened)
{
	struct twz_log_header *header = twz_log_header(log);
	twz_result result = twz_lock_take(&header->holder, &header->waiters);

	if (result < 0)
		return result;
	__atomic_store_n(&header->turns, header->turns + 1, __ATOMIC_RELEASE);
	result = result == 1 || opened ? twz_log_recover(log) : 0;
	if (result < 0) {
		release(header);
		return result;
	}
	twz_log_begin(log);
	__atomic_store_n(&header->thread, this_thread(), __ATOMIC_RELAXED);
	header->depth = 1;
	return result;
}

/* Under the lock: who comes at once must not begin it anew behind another one's transactions. */
static twz_result make_log(const struct twz_log *log)
{
	struct twz_log_header *header = twz_log_header(log);
	twz_result result = twz_lock_take(&header->holder, &header->waiters);

	if (result < 0)
		return result;
	result = twz_log_check(log);
	if (result == -TWZ_ERR_NOT_FOUND) {
		twz_log_format(log);
		result = TWZ_OK;
	}
	twz_lock_release(&header->holder, &header->waiters);
	return result;
}

twz_result twz_tx_open(const struct twz_object *object)
{
	const struct twz_object_meta *meta = twz_object_meta(object);
	struct twz_log log = log_of(object->start);

	if (!(object->rights & TWZ_RIGHT_WRITE) || meta->magic != TWZ_META_MAGIC ||
	    (meta->kind != TWZ_KIND_DATA && meta->kind < TWZ_KIND_USER))
		return -TWZ_ERR_INVALID_ARGUMENT;
	twz_result result = twz_log_check(&log);
	if (result == -TWZ_ERR_NOT_FOUND)
		result = make_log(&log);
	if (result < 0)
		return result;
	struct twz_object_stat stat;
	struct twz_id self;
	result = twz_object_stat(object->id, &stat);
	if (result >= 0)
		result = twz_internal_self(&self);
	if (result < 0)
		return result;
	__atomic_store_n(&twz_log_header(&log)->by_sync, (stat.flags & TWZ_OBJECT_BY_SYNC) != 0,
			 __ATOMIC_RELAXED);
	if (is_ours(twz_log_header(&log), self))
		return result;
	result = take(&log, true);
	if (result >= 0)
		release(twz_log_header(&log));
	return result;
}

twz_result twz_tx_begin(struct twz_tx *tx, const struct twz_object *object)
{
	struct twz_id self;

	*tx = (struct twz_tx){.object = object->id, .log = log_of(object->start)};
	struct twz_log_header *header = twz_log_header(&tx->log);
	tx->result = twz_log_check(&tx->log);
	if (tx->result >= 0)
		tx->result = twz_internal_self(&self);
	if (tx->result < 0)
		return tx->result;
	if (is_ours(header, self)) {
		header->depth++;
	} else {
		tx->result = take(&tx->log, false);
		if (tx->result < 0)
			return tx->result;
		tx->outermost = true;
		twz_log_expect_step(&tx->log);
	}
	tx->tail = header->tail;
	tx->last = header->last;
	tx->state = TWZ_TX_OPEN;
	tx->result = TWZ_OK;
	return TWZ_OK;
}

/* The first error stays. */
static twz_result note(struct twz_tx *tx, twz_result result)
{
	if (tx->result >= 0 && result < 0)
		tx->result = result;
	return result < 0 ? result : TWZ_OK;
}

static bool offset_of(const struct twz_tx *tx, const void *address, uint64_t *offset)
{
	*offset = (uint64_t)((uintptr_t)address - (uintptr_t)tx->log.start);
	return tx->state == TWZ_TX_OPEN && *offset < TWZ_SLOT_SIZE;
}

static twz_result append(struct twz_tx *tx, const void *address, size_t length, uint32_t kind)
{
	uint64_t offset;

	if (tx->result < 0)
		return tx->result;
	if (!offset_of(tx, address, &offset))
		return note(tx, -TWZ_ERR_INVALID_ARGUMENT);
	if (kind == 0 && twz_log_holds(&tx->log, tx->last, offset, length))
		return TWZ_OK;
	twz_result result = twz_log_append(&tx->log, offset, length, kind);
	return result < 0 ? note(tx, result) : 1;
}

twz_result twz_internal_name(struct twz_tx *tx, const void *address, size_t length)
{
	twz_result result = append(tx, address, length, 0);

	return result < 0 ? result : TWZ_OK;
}

void twz_internal_settle(struct twz_tx *tx)
{
	twz_log_settle(&tx->log);
}

twz_result twz_tx_add_ranges(struct twz_tx *tx, const struct twz_tx_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		twz_result result = append(tx, ranges[i].address, ranges[i].length, 0);
		if (result < 0)
			return result;
	}
	twz_internal_settle(tx);
	return TWZ_OK;
}

twz_result twz_tx_add(struct twz_tx *tx, const void *address, size_t length)
{
	struct twz_tx_range range = {address, length};

	return twz_tx_add_ranges(tx, &range, 1);
}

twz_result twz_tx_fresh(struct twz_tx *tx, const void *address, size_t length)
{
	twz_result result = append(tx, address, length, TWZ_LOG_FRESH);

	return result < 0 ? result : TWZ_OK;
}

/* From now on the heap is changed within transactions only, and needs no lock of its own. */
static twz_result claim_heap(struct twz_tx *tx)
{
	struct twz_object object = {.start = tx->log.start};
	struct twz_heap *heap;
	twz_result result = twz_internal_lock_heap(&object, &heap);

	if (result < 0)
		return result;
	if (!heap->transactional)
		twz_commit_word(&heap->transactional, 1);
	twz_lock_release(&heap->holder, &heap->waiters);
	return TWZ_OK;
}

twz_result twz_internal_prepare_heap(struct twz_tx *tx)
{
	uint64_t offset = ((struct twz_object_meta *)(tx->log.start + TWZ_META_OFFSET))->heap;

	if (tx->result < 0)
		return tx->result;
	if (tx->state != TWZ_TX_OPEN)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (offset >= TWZ_BASE_OFFSET && offset % 16 == 0 &&
	    offset <= HEAP_LIMIT - sizeof(struct twz_heap) &&
	    ((struct twz_heap *)(tx->log.start + offset))->transactional)
		return TWZ_OK;
	return claim_heap(tx);
}

static twz_result name_plan(struct twz_tx *tx, const struct twz_heap_plan *plan)
{
	twz_result result = TWZ_OK;

	if (plan->fresh_length != 0)
		result = twz_tx_fresh(tx, tx->log.start + plan->fresh, plan->fresh_length);
	for (uint64_t i = 0; i < plan->change.count && result >= 0; i++)
		result = append(tx, tx->log.start + plan->change.words[i].offset, 8, 0);
	return result < 0 ? result : TWZ_OK;
}

void twz_internal_carry_out(struct twz_tx *tx, const struct twz_heap_plan *plan)
{
	for (uint64_t i = 0; i < plan->change.count; i++)
		__atomic_store_n((uint64_t *)(tx->log.start + plan->change.words[i].offset),
				 plan->change.words[i].value, __ATOMIC_RELEASE);
}

/* Logs the words of a plan with one wait, then makes its stores. */
static twz_result carry_out(struct twz_tx *tx, const struct twz_heap_plan *plan)
{
	twz_result result = name_plan(tx, plan);

	if (result < 0)
		return result;
	twz_internal_settle(tx);
	twz_internal_carry_out(tx, plan);
	return TWZ_OK;
}

twz_result twz_internal_plan_alloc(struct twz_tx *tx, uint64_t size, const twz_iptr *into,
				   bool zeroed, struct twz_heap_plan *plan)
{
	uint64_t offset;
	twz_result result = twz_internal_prepare_heap(tx);

	*plan = (struct twz_heap_plan){0};
	if (result >= 0 && !offset_of(tx, into, &offset))
		result = -TWZ_ERR_INVALID_ARGUMENT;
	if (result >= 0)
		result = (zeroed ? twz_heap_plan_allocate : twz_heap_plan_raw)(
			tx->log.start, HEAP_LIMIT, size, offset, plan);
	if (result >= 0)
		result = name_plan(tx, plan);
	return note(tx, result);
}

twz_result twz_tx_alloc_word(struct twz_tx *tx, uint64_t size, twz_iptr *into)
{
	struct twz_heap_plan plan;
	twz_result result = twz_internal_plan_alloc(tx, size, into, true, &plan);

	if (result < 0)
		return result;
	twz_internal_settle(tx);
	twz_internal_carry_out(tx, &plan);
	return TWZ_OK;
}

twz_result twz_internal_name_free(struct twz_tx *tx, uint64_t data, const twz_iptr *from)
{
	struct twz_heap_plan plan = {0};
	twz_result result = twz_internal_prepare_heap(tx);

	if (result >= 0 && data >= HEAP_LIMIT)
		result = -TWZ_ERR_INVALID_ARGUMENT;
	if (result >= 0 && from)
		result = append(tx, from, sizeof(*from), 0);
	if (result >= 0)
		result = append(tx, tx->log.start + data, 1, TWZ_LOG_FREE);
	/* the words that the commit will change, unless others are freed before: it need not wait
	 */
	if (result >= 0)
		result = twz_heap_plan_free(tx->log.start, HEAP_LIMIT, data, &plan);
	if (result >= 0)
		result = name_plan(tx, &plan);
	return note(tx, result < 0 ? result : TWZ_OK);
}

/* The block is freed by the commit: until then it keeps what it holds, for the case that the
 * transaction is undone. */
twz_result twz_tx_free_word(struct twz_tx *tx, twz_iptr *from)
{
	twz_result result = twz_internal_prepare_heap(tx);
	uint64_t offset;

	if (result >= 0 && !offset_of(tx, from, &offset))
		result = -TWZ_ERR_INVALID_ARGUMENT;
	if (result < 0 || *from == 0)
		return note(tx, result);
	uint64_t data = *from;
	result = twz_internal_name_free(tx, data, from);
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	__atomic_store_n(from, 0, __ATOMIC_RELEASE);
	return TWZ_OK;
}

/* Frees the blocks that the transaction freed, within it. */
static twz_result free_blocks(struct twz_tx *tx)
{
	uint64_t at = 0;
	twz_result data = twz_log_next_free(&tx->log, &at);

	while (data > 0) {
		struct twz_heap_plan plan = {0};
		twz_result result =
			twz_heap_plan_free(tx->log.start, HEAP_LIMIT, (uint64_t)data, &plan);
		if (result >= 0)
			result = carry_out(tx, &plan);
		if (result < 0)
			return result;
		data = twz_log_next_free(&tx->log, &at);
	}
	return data;
}

static void finish(struct twz_tx *tx, bool undo)
{
	struct twz_log_header *header = twz_log_header(&tx->log);
	bool sync = false;

	if (!undo && tx->outermost) {
		sync = header->by_sync && (header->last != 0 || tx->wrote);
		twz_result result = free_blocks(tx);
		if (result >= 0)
			result = twz_log_commit(&tx->log);
		undo = note(tx, result) < 0;
	}
	if (undo)
		note(tx, tx->outermost ? twz_log_undo(&tx->log, 0, 0)
				       : twz_log_undo(&tx->log, tx->tail, tx->last));
	tx->state = TWZ_TX_OUTSIDE;
	if (tx->outermost)
		release(header);
	else
		header->depth--;
	if (sync && !undo)
		note(tx, twz_object_sync(tx->object));
}

twz_result twz_tx_commit(struct twz_tx *tx)
{
	if (tx->state == TWZ_TX_OPEN)
		finish(tx, tx->result < 0);
	return tx->result;
}

void twz_tx_abort(struct twz_tx *tx)
{
	if (tx->state != TWZ_TX_OPEN)
		return;
	note(tx, -TWZ_ERR_INTERRUPTED);
	finish(tx, true);
}

void twz_tx_leave(struct twz_tx **tx)
{
	twz_tx_abort(*tx);
}
