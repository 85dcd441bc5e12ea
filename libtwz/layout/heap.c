/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation inside an object, the pure part; see <twz/alloc.h>. */
#include <stdbool.h>
#include <twz/alloc.h>
#include <twz/persist.h>

/* Class n holds blocks of 32, 48, 64, 96, 128, ... bytes, header included: two steps for each power
 * of two. */
static uint64_t class_size(unsigned size_class)
{
	uint64_t power = 32ull << (size_class / 2);

	return size_class % 2 ? power + power / 2 : power;
}

static unsigned class_of(uint64_t size)
{
	unsigned size_class = 0;

	if (size > 64) /* the power of two below it, or equal to it */
		size_class = 2 * (58u - (unsigned)__builtin_clzll(size - 1));
	while (class_size(size_class) < size)
		size_class++;
	return size_class;
}

static struct twz_object_meta *meta_of(const void *start)
{
	return (struct twz_object_meta *)((uintptr_t)start + TWZ_META_OFFSET);
}

struct heap {
	uint8_t *start;
	struct twz_heap *header;
	uint64_t offset; /* of the header */
	uint64_t first;	 /* offset where blocks begin */
	uint64_t end;
	uint64_t limit;
	struct twz_change change;
};

static twz_result open_heap(struct heap *heap, void *start, uint64_t limit)
{
	uint64_t offset = meta_of(start)->heap;

	if (offset == 0)
		return -TWZ_ERR_NOT_FOUND;
	if (offset % 16 != 0 || offset < TWZ_BASE_OFFSET || limit > TWZ_META_OFFSET ||
	    offset > limit || limit - offset < sizeof(struct twz_heap))
		return -TWZ_ERR_CORRUPT;
	heap->start = start;
	heap->header = (struct twz_heap *)(heap->start + offset);
	heap->offset = offset;
	heap->first = offset + (sizeof(struct twz_heap) + 15) / 16 * 16;
	heap->limit = limit;
	if (heap->header->magic != TWZ_HEAP_MAGIC)
		return -TWZ_ERR_CORRUPT;
	if (heap->header->version != TWZ_HEAP_VERSION)
		return -TWZ_ERR_VERSION_MISMATCH;
	twz_result result = twz_intent_read(&heap->header->intent, limit, &heap->change);
	if (result != TWZ_OK)
		return result;
	bool left = heap->change.count != 0;
	if (left)
		twz_change_finish(&heap->change, start, &heap->header->intent);
	heap->end = heap->header->end;
	if (heap->end % 16 != 0 || heap->end < heap->first || heap->end > limit)
		return -TWZ_ERR_CORRUPT;
	return left;
}

twz_result twz_heap_recover(void *start, uint64_t limit)
{
	struct heap heap;

	return open_heap(&heap, start, limit);
}

twz_result twz_heap_format(void *start, uint64_t limit, uint64_t reserved)
{
	uint64_t offset = (TWZ_BASE_OFFSET + reserved + 63) / 64 * 64;
	struct twz_heap *header = (struct twz_heap *)((uint8_t *)start + offset);

	if (meta_of(start)->heap != 0)
		return -TWZ_ERR_EXISTS;
	if (reserved > limit || limit > TWZ_META_OFFSET || offset > limit - sizeof(*header) - 64)
		return -TWZ_ERR_NO_SPACE;
	__builtin_memset(header, 0, sizeof(*header));
	header->version = TWZ_HEAP_VERSION;
	header->end = offset + (sizeof(*header) + 15) / 16 * 16;
	header->magic = TWZ_HEAP_MAGIC;
	twz_persist(header, sizeof(*header));
	twz_commit_word(&meta_of(start)->heap, offset);
	return TWZ_OK;
}

/* The block whose data starts at `data`, checked; NULL when it is none. *size_class from its
 * header. */
static struct twz_block *block_at(const struct heap *heap, uint64_t data, unsigned *size_class)
{
	if (data % 16 != 0 || data < heap->first + sizeof(struct twz_block) || data >= heap->end)
		return NULL;
	struct twz_block *block = (struct twz_block *)(heap->start + data - sizeof(*block));
	uint64_t tag = block->size_class;
	*size_class = (unsigned)(tag & 0xffff);
	if ((tag & ~0xffffull) != TWZ_BLOCK_MAGIC || *size_class >= TWZ_HEAP_CLASSES ||
	    heap->end - (data - sizeof(*block)) < class_size(*size_class))
		return NULL;
	return block;
}

static uint64_t free_word(const struct heap *heap, unsigned size_class)
{
	return heap->offset + offsetof(struct twz_heap, free) + size_class * 8ull;
}

static bool is_owner(const struct heap *heap, uint64_t word)
{
	return word % 8 == 0 && word >= TWZ_BASE_OFFSET && word <= heap->limit - 8;
}

/* Opens the heap for a plan's next operation, of two words. The end may be planned already. */
static twz_result open_for(struct heap *heap, void *start, uint64_t limit,
			   const struct twz_heap_plan *plan)
{
	twz_result result = open_heap(heap, start, limit);

	if (result < 0)
		return result;
	heap->end = twz_change_load(&plan->change, start,
				    heap->offset + offsetof(struct twz_heap, end));
	return plan->change.count > TWZ_CHANGE_WORDS - 2 ? -TWZ_ERR_NO_SPACE : TWZ_OK;
}

twz_result twz_heap_plan_raw(void *start, uint64_t limit, uint64_t size, uint64_t into,
			     struct twz_heap_plan *plan)
{
	struct heap heap;
	twz_result result = open_for(&heap, start, limit, plan);

	if (result < 0)
		return result;
	if (size > TWZ_HEAP_LARGEST || (into != TWZ_HEAP_NO_OWNER && !is_owner(&heap, into)))
		return -TWZ_ERR_INVALID_ARGUMENT;
	unsigned wanted = class_of(size + sizeof(struct twz_block)), found;
	uint64_t head = free_word(&heap, wanted), whole = class_size(wanted);
	uint64_t data = twz_change_load(&plan->change, start, head);
	if (data != 0) {
		struct twz_block *block = block_at(&heap, data, &found);
		if (!block || found != wanted)
			return -TWZ_ERR_CORRUPT;
		uint64_t link = (uint64_t)((uint8_t *)&block->next - heap.start);
		twz_change_add(&plan->change, head, twz_change_load(&plan->change, start, link));
	} else {
		if (limit - heap.end < whole)
			return -TWZ_ERR_NO_SPACE;
		data = heap.end + sizeof(struct twz_block);
		struct twz_block *block = (struct twz_block *)(heap.start + heap.end);
		block->size_class = TWZ_BLOCK_MAGIC | wanted;
		block->next = 0;
		twz_change_add(&plan->change, heap.offset + offsetof(struct twz_heap, end),
			       heap.end + whole);
	}
	if (into != TWZ_HEAP_NO_OWNER)
		twz_change_add(&plan->change, into, data);
	plan->fresh = data - sizeof(struct twz_block);
	plan->fresh_length = sizeof(struct twz_block) + size;
	return TWZ_OK;
}

twz_result twz_heap_plan_allocate(void *start, uint64_t limit, uint64_t size, uint64_t into,
				  struct twz_heap_plan *plan)
{
	twz_result result = twz_heap_plan_raw(start, limit, size, into, plan);

	if (result < 0)
		return result;
	plan->fresh_length = class_size(class_of(plan->fresh_length));
	__builtin_memset((uint8_t *)start + plan->fresh + sizeof(struct twz_block), 0,
			 plan->fresh_length - sizeof(struct twz_block));
	return TWZ_OK;
}

twz_result twz_heap_plan_free(void *start, uint64_t limit, uint64_t data,
			      struct twz_heap_plan *plan)
{
	struct heap heap;
	unsigned size_class;
	twz_result result = open_for(&heap, start, limit, plan);

	if (result < 0)
		return result;
	struct twz_block *block = block_at(&heap, data, &size_class);
	if (!block)
		return -TWZ_ERR_INVALID_ARGUMENT;
	uint64_t head = free_word(&heap, size_class);
	twz_change_add(&plan->change, (uint64_t)((uint8_t *)&block->next - heap.start),
		       twz_change_load(&plan->change, start, head));
	twz_change_add(&plan->change, head, data);
	return TWZ_OK;
}

static struct twz_intent *intent_of(void *start)
{
	return &((struct twz_heap *)((uint8_t *)start + meta_of(start)->heap))->intent;
}

twz_result twz_heap_allocate(void *start, uint64_t limit, uint64_t size, uint64_t into)
{
	struct twz_heap_plan plan = {0};
	twz_result result = twz_heap_plan_allocate(start, limit, size, into, &plan);

	if (result < 0)
		return result;
	twz_flush((uint8_t *)start + plan.fresh, plan.fresh_length);
	twz_change_commit(&plan.change, start, intent_of(start));
	return TWZ_OK;
}

twz_result twz_heap_free(void *start, uint64_t limit, uint64_t from)
{
	struct heap heap;
	struct twz_heap_plan plan = {0};
	twz_result result = open_heap(&heap, start, limit);

	if (result < 0)
		return result;
	if (!is_owner(&heap, from))
		return -TWZ_ERR_INVALID_ARGUMENT;
	uint64_t data = *(uint64_t *)(heap.start + from);
	if (data == 0)
		return TWZ_OK;
	result = twz_heap_plan_free(start, limit, data, &plan);
	if (result < 0)
		return result;
	twz_change_add(&plan.change, from, 0);
	twz_change_commit(&plan.change, start, &heap.header->intent);
	return TWZ_OK;
}
