/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation inside objects: the lock around layout/heap.c. */
#include "internal.h"
#include <twz/lock.h>
#include <twz/persist.h>

twz_result twz_heap_make(const struct twz_object *object, uint64_t reserved)
{
	return twz_heap_format(object->start, HEAP_LIMIT, reserved);
}

twz_result twz_internal_lock_heap(const struct twz_object *object, struct twz_heap **heap)
{
	uint64_t offset = twz_object_meta(object)->heap;

	if (offset == 0)
		return -TWZ_ERR_NOT_FOUND;
	if (offset % 16 != 0 || offset < TWZ_BASE_OFFSET ||
	    offset > HEAP_LIMIT - sizeof(struct twz_heap))
		return -TWZ_ERR_CORRUPT;
	*heap = (struct twz_heap *)(object->start + offset);
	twz_result result = twz_lock_take(&(*heap)->holder, &(*heap)->waiters);
	/* what the last holder stored before it ended need not be durable: an intent, or its end */
	if (result == 1)
		twz_persist(*heap, sizeof(**heap));
	return result;
}

/* The offset of an owner in the object; 0 when it lies elsewhere. */
static uint64_t offset_in(const struct twz_object *object, const twz_iptr *owner)
{
	return twz_object_start(owner) == object->start
		       ? (uint64_t)((const uint8_t *)owner - object->start)
		       : 0;
}

/* A block of this size into *owner, or, without a size, the one that it has goes: as a transaction
 * where the heap wants that. */
static twz_result change(const struct twz_object *object, const uint64_t *size, twz_iptr *owner)
{
	struct twz_heap *heap;
	struct twz_tx tx;
	twz_result result = twz_internal_lock_heap(object, &heap);

	if (result < 0)
		return result;
	uint64_t offset = offset_in(object, owner);
	bool transactional = heap->transactional;
	if (!transactional)
		result = size ? twz_heap_allocate(object->start, HEAP_LIMIT, *size, offset)
			      : twz_heap_free(object->start, HEAP_LIMIT, offset);
	twz_lock_release(&heap->holder, &heap->waiters);
	if (!transactional)
		return result;
	TWZ_TX(&tx, object)
	{
		if (size)
			twz_tx_alloc_word(&tx, *size, owner);
		else
			twz_tx_free_word(&tx, owner);
	}
	return tx.result;
}

twz_result twz_alloc_word(const struct twz_object *object, uint64_t size, twz_iptr *into)
{
	return change(object, &size, into);
}

twz_result twz_free_word(const struct twz_object *object, twz_iptr *from)
{
	return change(object, NULL, from);
}
