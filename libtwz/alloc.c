/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation inside objects: the lock around layout/heap.c. */
#include "internal.h"
#include <twz/lock.h>

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
	return twz_lock_take(&(*heap)->holder, &(*heap)->waiters);
}

/* The offset of an owner in the object; 0 when it lies elsewhere. */
static uint64_t offset_in(const struct twz_object *object, const twz_iptr *owner)
{
	return twz_object_start(owner) == object->start
		       ? (uint64_t)((const uint8_t *)owner - object->start)
		       : 0;
}

twz_result twz_alloc_word(const struct twz_object *object, uint64_t size, twz_iptr *into)
{
	struct twz_heap *heap;
	twz_result result = twz_internal_lock_heap(object, &heap);

	if (result < 0)
		return result;
	bool transactional = heap->transactional;
	if (!transactional)
		result =
			twz_heap_allocate(object->start, HEAP_LIMIT, size, offset_in(object, into));
	twz_lock_release(&heap->holder, &heap->waiters);
	if (transactional) {
		struct twz_tx tx;
		TWZ_TX(&tx, object)
		twz_tx_alloc_word(&tx, size, into);
		result = tx.result;
	}
	return result;
}

twz_result twz_free_word(const struct twz_object *object, twz_iptr *from)
{
	struct twz_heap *heap;
	twz_result result = twz_internal_lock_heap(object, &heap);

	if (result < 0)
		return result;
	bool transactional = heap->transactional;
	if (!transactional)
		result = twz_heap_free(object->start, HEAP_LIMIT, offset_in(object, from));
	twz_lock_release(&heap->holder, &heap->waiters);
	if (transactional) {
		struct twz_tx tx;
		TWZ_TX(&tx, object)
		twz_tx_free_word(&tx, from);
		result = tx.result;
	}
	return result;
}
