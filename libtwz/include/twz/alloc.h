/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocation inside an object: size classes with free lists above a growing end. Every operation is
 * atomic and durable, and moves ownership in the same step: a block is allocated into an invariant
 * pointer of the same object, and freed out of it, so that a power loss leaks nothing.
 */
#ifndef TWZ_ALLOC_H
#define TWZ_ALLOC_H

#include <twz/object.h>
#include <twz/intent.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_HEAP_VERSION 2
#define TWZ_HEAP_MAGIC	 0x504145485a5754ull /* "TWZHEAP" */
#define TWZ_HEAP_CLASSES 48
#define TWZ_HEAP_LARGEST (256ull << 20)

/* In front of each block: its class and, while it is free, the next free one (offset). */
struct twz_block {
	uint64_t size_class; /* TWZ_BLOCK_MAGIC | class */
	uint64_t next;
};
#define TWZ_BLOCK_MAGIC 0x4b4c425a57540000ull /* "TWZBLK" above the class */

/* At the object's meta.heap. */
struct twz_heap {
	uint64_t magic;
	uint32_t version;
	uint32_t waiters;
	struct twz_id holder;		 /* lock.h */
	uint64_t end;			 /* offset of the first byte that no block has */
	uint64_t transactional;		 /* 1: changed within transactions (tx.h) only */
	uint64_t free[TWZ_HEAP_CLASSES]; /* offset of each class's first free block, or 0 */
	struct twz_intent intent;
	uint64_t reserved[3]; /* so that blocks of whole cache lines begin a header before a line */
};
TWZ_STATIC_ASSERT(sizeof(struct twz_heap) % 64 + sizeof(struct twz_block) == 64, "heap layout");

/* Makes the heap behind the first `reserved` bytes of the base. EXISTS. */
twz_result twz_heap_make(const struct twz_object *object, uint64_t reserved);

/*
 * A zeroed block of at least `size` bytes, 16-byte aligned, owned by *into (an invariant pointer in
 * the same object, overwritten) when it returns. NO_SPACE, NOT_FOUND (no heap), CORRUPT.
 */
twz_result twz_alloc_word(const struct twz_object *object, uint64_t size, twz_iptr *into);
#define twz_alloc(object, size, pointer) twz_alloc_word(object, size, &(pointer)->word)

/* Frees the block that *from points to and makes *from null. Nothing to do for null. */
twz_result twz_free_word(const struct twz_object *object, twz_iptr *from);
#define twz_free(object, pointer) twz_free_word(object, &(pointer)->word)

/* The pure part (layout/heap.c); the lock is held. limit: offset where the heap must end. */
twz_result twz_heap_format(void *start, uint64_t limit, uint64_t reserved);
twz_result twz_heap_allocate(void *start, uint64_t limit, uint64_t size, uint64_t into);
twz_result twz_heap_free(void *start, uint64_t limit, uint64_t from);

/*
 * Stores of operations, which the caller makes true together; each adds to those planned before, as
 * if they were made. Zeroed: none. What is fresh was nobody's and is initialised, not yet flushed.
 * The owner of a freed block is the caller's to clear, and that of a new one with TWZ_HEAP_NO_OWNER
 * to set. NO_SPACE too when there are more words than a change has.
 */
#define TWZ_HEAP_NO_OWNER ~0ull
struct twz_heap_plan {
	struct twz_change change;
	uint64_t fresh, fresh_length; /* offset and bytes, of the last allocation */
};
twz_result twz_heap_plan_allocate(void *start, uint64_t limit, uint64_t size, uint64_t into,
				  struct twz_heap_plan *plan);
/* The same without zeros: only the first `size` bytes are the caller's, who sets all of them. */
twz_result twz_heap_plan_raw(void *start, uint64_t limit, uint64_t size, uint64_t into,
			     struct twz_heap_plan *plan);
twz_result twz_heap_plan_free(void *start, uint64_t limit, uint64_t data,
			      struct twz_heap_plan *plan);

/* Finishes what an interrupted operation left; 1 when something was. */
twz_result twz_heap_recover(void *start, uint64_t limit);

#ifdef __cplusplus
}
#endif
#endif
