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

/*
 * A transaction's steps one by one, so that many ranges cost one wait: name them, plan allocations
 * (one at a time) and frees, settle, then change. What is carried out is the plan's stores.
 */
twz_result twz_internal_name(struct twz_tx *tx, const void *address, size_t length);
twz_result twz_internal_plan_alloc(struct twz_tx *tx, uint64_t size, const twz_iptr *into,
				   bool zeroed, struct twz_heap_plan *plan);
/* The block at offset `data` is freed by the commit; `from`, which held it and may be NULL, is
 * named. */
twz_result twz_internal_name_free(struct twz_tx *tx, uint64_t data, const twz_iptr *from);
void twz_internal_settle(struct twz_tx *tx);
void twz_internal_carry_out(struct twz_tx *tx, const struct twz_heap_plan *plan);

/*
 * Reading without the lock: what was read between counts when begin and end are both true; else the
 * reader begins a transaction. Everything read is hostile meanwhile.
 */
bool twz_internal_read_begin(const struct twz_object *object, uint64_t *turns);
bool twz_internal_read_end(const struct twz_object *object, uint64_t turns);

/* Where a directory's space ends; the rest of an object is its Foreign Object Table's. */
#define DATA_LIMIT (TWZ_SLOT_SIZE - (16ull << 20))
/* Where a heap's space ends: the log of transactions lies between. */
#define HEAP_LIMIT (DATA_LIMIT - TWZ_TX_LOG_SIZE)
#define FOT_LIMIT  ((TWZ_META_OFFSET - DATA_LIMIT) / sizeof(struct twz_fot_entry))

#endif
