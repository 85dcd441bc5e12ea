/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions: changes of one object that all become true or none, whatever happens between, a
 * power loss included.
 *
 *	struct twz_tx tx;
 *	TWZ_TX(&tx, &object) {
 *		twz_tx_set(&tx, &account[0], account[0] - 10);
 *		twz_tx_set(&tx, &account[1], account[1] + 10);
 *	}
 *	if (tx.result < 0) ...
 *
 * Bytes are named before they are changed (twz_tx_add, twz_tx_set); what they were goes to an undo
 * log in the last part of the object. A block left by break, return or goto is undone. Transactions
 * of one thread on one object nest: an inner one that is undone takes back its own changes, and
 * what an inner one commits is durable when the outermost is. Transactions of other threads and
 * programs on the object wait; readers see changes as they are made. Memory of the object's heap
 * comes and goes within a transaction by twz_tx_alloc and twz_tx_free.
 *
 * A commit that has returned is durable on either medium of the store. On persistent memory it
 * costs two waits for it; on a disk the outermost commit ends with a twz_object_sync, which writes
 * all that programs have changed, and does not wait when nothing was changed. The lock is free by
 * then: commits of several threads share a write, and others may see changes that are not durable
 * yet, but never make anything durable that depends on them and leave them out.
 *
 * A thread that ends within a transaction leaves it open, as it would a mutex; a program that ends
 * is undone by the next transaction.
 *
 * Undo logging is libpmemobj's way too (Intel's PMDK).
 */
#ifndef TWZ_TX_H
#define TWZ_TX_H

#include <twz/log.h>
#include <twz/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The log's part of an object: what one transaction can change is a little less. */
#define TWZ_TX_LOG_SIZE (TWZ_LOG_PLACE_END - TWZ_LOG_PLACE)

enum twz_tx_state { TWZ_TX_OUTSIDE, TWZ_TX_OPEN };

struct twz_tx {
	twz_result result; /* TWZ_OK while all is well and after a commit; INTERRUPTED: undone by
			      the block's early end; else the first error */
	uint32_t state;	   /* enum twz_tx_state */
	uint16_t outermost;
	uint8_t wrote;	  /* something that is not in the log */
	uint8_t undoable; /* changes nothing by steps (log.h) */
	struct twz_id object;
	struct twz_log log;
	uint64_t tail, last; /* of the log as it began */
};

/*
 * To be called once after opening an object, before its data is read: makes the log when there is
 * none and undoes what a power loss interrupted. The object is mapped for writing. 1 when something
 * was undone. INVALID_ARGUMENT: a file, directory or link; CORRUPT; VERSION_MISMATCH.
 */
twz_result twz_tx_open(const struct twz_object *object);

/* Errors of twz_tx_open; NOT_FOUND: it was not called. tx->result too. */
twz_result twz_tx_begin(struct twz_tx *tx, const struct twz_object *object);

/* The object's bytes may be changed when this has returned OK. NO_SPACE: the log is full;
 * INVALID_ARGUMENT: not the object's. An error ends in the commit undoing all. */
twz_result twz_tx_add(struct twz_tx *tx, const void *address, size_t length);

/* Several ranges with one wait for the medium. */
struct twz_tx_range {
	const void *address;
	size_t length;
};
twz_result twz_tx_add_ranges(struct twz_tx *tx, const struct twz_tx_range *ranges, size_t count);

/* These bytes mean nothing until the transaction commits, so they are not logged; the commit
 * makes them durable. */
twz_result twz_tx_fresh(struct twz_tx *tx, const void *address, size_t length);

/* *place = value, logged. */
#define twz_tx_set(tx, place, value)                                                      \
	__extension__({                                                                   \
		__typeof__(place) twz_place_ = (place);                                   \
		twz_result twz_result_ = twz_tx_add(tx, twz_place_, sizeof(*twz_place_)); \
		if (twz_result_ >= 0)                                                     \
			*twz_place_ = (value);                                            \
		twz_result_;                                                              \
	})

/* As twz_alloc and twz_free, undone with the transaction. The heap is the object's own. */
twz_result twz_tx_alloc_word(struct twz_tx *tx, uint64_t size, twz_iptr *into);
twz_result twz_tx_free_word(struct twz_tx *tx, twz_iptr *from);
#define twz_tx_alloc(tx, size, pointer) twz_tx_alloc_word(tx, size, &(pointer)->word)
#define twz_tx_free(tx, pointer)	twz_tx_free_word(tx, &(pointer)->word)

/* Ends it: durable at return when it is the outermost, or undone if anything went wrong. Returns
 * tx->result. IO, NO_SPACE from a disk: it is done, but not durable. */
twz_result twz_tx_commit(struct twz_tx *tx);

/* Ends it, undone. */
void twz_tx_abort(struct twz_tx *tx);

/* For TWZ_TX: a block that was left early. */
void twz_tx_leave(struct twz_tx **tx);

#define TWZ_TX(tx, object)                                                                      \
	for (struct twz_tx * twz_tx_                                                            \
		     __attribute__((cleanup(twz_tx_leave))) = (twz_tx_begin(tx, object), (tx)); \
	     twz_tx_->state == TWZ_TX_OPEN; twz_tx_commit(twz_tx_))

#ifdef __cplusplus
}
#endif
#endif
