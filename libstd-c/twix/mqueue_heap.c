/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages of a queue: a heap of slot numbers by priority, then age. */

#include <errno.h>
#include <string.h>
#include "mqueue.h"

static size_t slot_size(const struct twix_mq_view *view)
{
	return (sizeof(struct twix_mq_slot) + view->size + 7) & -8ul;
}

static struct twix_mq_slot *slot(const struct twix_mq_view *view, uint32_t index)
{
	return (struct twix_mq_slot *)(view->slots + index * slot_size(view));
}

/* The slot at a place of the heap, or NULL: other programs write here too. */
static struct twix_mq_slot *slot_at(const struct twix_mq_view *view, uint32_t place)
{
	uint32_t index = view->queue->heap[place];
	return index < view->capacity ? slot(view, index) : 0;
}

static int comes_before(const struct twix_mq_view *view, uint32_t a, uint32_t b)
{
	const struct twix_mq_slot *one = slot_at(view, a), *other = slot_at(view, b);

	if (!one || !other)
		return 0;
	return one->priority != other->priority ? one->priority > other->priority
						: one->sequence < other->sequence;
}

static void swap(uint32_t *heap, uint32_t a, uint32_t b)
{
	uint32_t former = heap[a];

	heap[a] = heap[b];
	heap[b] = former;
}

static void sift_up(const struct twix_mq_view *view, uint32_t place)
{
	while (place > 0 && comes_before(view, place, (place - 1) / 2)) {
		swap(view->queue->heap, place, (place - 1) / 2);
		place = (place - 1) / 2;
	}
}

static void sift_down(const struct twix_mq_view *view, uint32_t place, uint32_t count)
{
	for (;;) {
		uint32_t first = place, left = 2 * place + 1, right = left + 1;

		if (left < count && comes_before(view, left, first))
			first = left;
		if (right < count && comes_before(view, right, first))
			first = right;
		if (first == place)
			return;
		swap(view->queue->heap, place, first);
		place = first;
	}
}

void twix_mq_reset(const struct twix_mq_view *view)
{
	view->queue->count = 0;
	for (uint32_t i = 0; i < view->capacity; i++)
		view->queue->heap[i] = i;
}

void twix_mq_mend(const struct twix_mq_view *view)
{
	uint32_t count = view->queue->count;

	for (uint32_t i = 0; i < view->capacity; i++)
		slot(view, i)->seen = 0;
	for (uint32_t i = 0; i < view->capacity; i++) {
		struct twix_mq_slot *one = slot_at(view, i);
		if (!one || one->seen++ || count > view->capacity) {
			/* It died between two words of a swap: the messages cannot be told. */
			twix_mq_reset(view);
			return;
		}
	}
	for (uint32_t i = count / 2; i-- > 0;)
		sift_down(view, i, count);
}

long twix_mq_put(const struct twix_mq_view *view, const void *bytes, uint32_t length,
		 uint32_t priority)
{
	struct twix_mq *queue = view->queue;
	struct twix_mq_slot *to = queue->count < view->capacity ? slot_at(view, queue->count) : 0;

	if (!to)
		return -EIO;
	memcpy(to->bytes, bytes, length);
	to->length = length;
	to->priority = priority;
	to->sequence = queue->sequence++;
	sift_up(view, queue->count++);
	return 0;
}

long twix_mq_take(const struct twix_mq_view *view, void *bytes, uint32_t *priority)
{
	struct twix_mq *queue = view->queue;
	const struct twix_mq_slot *from = slot_at(view, 0);
	uint32_t length = from ? from->length : 0;

	if (!from || queue->count > view->capacity || length > view->size)
		return -EIO;
	memcpy(bytes, from->bytes, length);
	*priority = from->priority;
	swap(queue->heap, 0, --queue->count);
	sift_down(view, 0, queue->count);
	return (long)length;
}
