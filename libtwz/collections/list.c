/* SPDX-License-Identifier: BSD-2-Clause */
/* The list; see <twz/list.h>. */
#include "bytes.h"
#include <twz/list.h>

/* NULL for a word that leads to no whole item: CORRUPT. */
static struct twz_list_item *item_at(const uint8_t *start, twz_iptr word, struct bytes *bytes)
{
	struct twz_list_item *item = part_of(start, word, sizeof(*item));

	if (!item)
		return NULL;
	bytes->data = item->bytes;
	bytes->length = load64(&item->length);
	return bytes->length <= HEAP_LIMIT - word - sizeof(*item) ? item : NULL;
}

/* One wait: the item is fresh, the words that lead to it are named. */
static twz_result add(struct twz_tx *tx, const uint8_t *start, struct twz_list *list,
		      struct bytes bytes, bool at_end)
{
	struct twz_list_item *neighbour = NULL, *item;
	twz_iptr *outer = at_end ? &list->last.word : &list->first.word, *inner;
	twz_iptr *other = at_end ? &list->first.word : &list->last.word, old = load64(outer);
	struct twz_heap_plan plan;
	struct bytes held;

	if (old != 0 && !(neighbour = item_at(start, old, &held)))
		return -TWZ_ERR_CORRUPT;
	inner = !neighbour ? other : at_end ? &neighbour->next.word : &neighbour->previous.word;
	twz_result result =
		twz_internal_plan_alloc(tx, sizeof(*item) + bytes.length, outer, false, &plan);
	if (result >= 0)
		result = twz_internal_name(tx, inner, sizeof(*inner));
	if (result >= 0)
		result = twz_internal_name(tx, &list->count, sizeof(list->count));
	if (result < 0)
		return result;
	item = (struct twz_list_item *)(start + plan.fresh + sizeof(struct twz_block));
	item->next.word = at_end ? 0 : old;
	item->previous.word = at_end ? old : 0;
	item->number = neighbour ? neighbour->number + (at_end ? 1 : -1) : 0;
	item->length = bytes.length;
	copy_bytes(item->bytes, bytes.length, bytes);
	twz_internal_settle(tx);
	twz_internal_carry_out(tx, &plan);
	*inner = plan.fresh + sizeof(struct twz_block);
	list->count++;
	return TWZ_OK;
}

static twz_result change(const struct twz_object *object, struct twz_list *list, const void *bytes,
			 size_t length, bool at_end)
{
	struct twz_tx tx;

	if (length > TWZ_HEAP_LARGEST - sizeof(struct twz_list_item))
		return -TWZ_ERR_TOO_MANY;
	TWZ_TX(&tx, object)
	end_change(&tx, add(&tx, object->start, list, (struct bytes){bytes, length}, at_end));
	return tx.result;
}

twz_result twz_list_append(const struct twz_object *object, struct twz_list *list,
			   const void *bytes, size_t length)
{
	return change(object, list, bytes, length, true);
}

twz_result twz_list_prepend(const struct twz_object *object, struct twz_list *list,
			    const void *bytes, size_t length)
{
	return change(object, list, bytes, length, false);
}

/* The items beside it become neighbours. */
static twz_result drop(struct twz_tx *tx, const uint8_t *start, struct twz_list *list,
		       twz_iptr word)
{
	struct bytes held;
	struct twz_list_item *item = item_at(start, word, &held), *next = NULL, *previous = NULL;

	if (!item)
		return -TWZ_ERR_CORRUPT;
	twz_iptr after = item->next.word, before = item->previous.word;
	if ((after != 0 && !(next = item_at(start, after, &held))) ||
	    (before != 0 && !(previous = item_at(start, before, &held))))
		return -TWZ_ERR_CORRUPT;
	twz_iptr *from = previous ? &previous->next.word : &list->first.word;
	twz_iptr *back = next ? &next->previous.word : &list->last.word;
	twz_result result = twz_internal_name(tx, &list->count, 2 * sizeof(uint64_t));
	if (result >= 0)
		result = twz_internal_name(tx, from, sizeof(*from));
	if (result >= 0)
		result = twz_internal_name(tx, back, sizeof(*back));
	if (result >= 0)
		result = twz_internal_name_free(tx, word, NULL);
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	*from = after;
	*back = before;
	list->count--;
	list->removals++;
	return TWZ_OK;
}

static twz_result take(struct twz_tx *tx, const uint8_t *start, struct twz_list *list, void *bytes,
		       size_t size)
{
	twz_iptr word = load64(&list->first.word);
	struct bytes held;

	if (word == 0)
		return -TWZ_ERR_NOT_FOUND;
	if (!item_at(start, word, &held))
		return -TWZ_ERR_CORRUPT;
	twz_result result = drop(tx, start, list, word);
	return result < 0 ? result : (twz_result)copy_bytes(bytes, size, held);
}

twz_result twz_list_take(const struct twz_object *object, struct twz_list *list, void *bytes,
			 size_t size)
{
	twz_result result = TWZ_OK;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	{
		result = take(&tx, object->start, list, bytes, size);
		end_change(&tx, result);
	}
	return tx.result < 0 ? tx.result : result;
}

/* The item of the cursor's number, or the first behind it; 0: none. */
static twz_result find(const uint8_t *start, const struct twz_list *list,
		       const struct twz_list_cursor *cursor, twz_iptr *word)
{
	struct bytes held;
	const struct twz_list_item *item;
	uint64_t limit = load64(&list->count);

	*word = load64(&list->first.word);
	if (!cursor->begun)
		return TWZ_OK;
	if (cursor->item != 0 && cursor->removals == load64(&list->removals)) {
		*word = cursor->item;
		return TWZ_OK;
	}
	for (uint64_t steps = 0; *word != 0; steps++) {
		item = item_at(start, *word, &held);
		if (!item || steps > limit) /* more than there are: a circle */
			return -TWZ_ERR_CORRUPT;
		if (item->number >= cursor->number)
			return TWZ_OK;
		*word = load64(&item->next.word);
	}
	return TWZ_OK;
}

static twz_result next(const uint8_t *start, const struct twz_list *list,
		       struct twz_list_cursor *cursor, void *bytes, size_t size)
{
	const struct twz_list_item *item;
	struct bytes held;
	twz_iptr word;
	twz_result result = find(start, list, cursor, &word);

	if (result < 0)
		return result;
	if (word == 0)
		return 0;
	item = item_at(start, word, &held);
	if (item && cursor->begun && item->number == cursor->number) {
		word = load64(&item->next.word); /* what came last itself */
		if (word == 0)
			return 0;
		item = item_at(start, word, &held);
	}
	if (!item)
		return -TWZ_ERR_CORRUPT;
	*cursor = (struct twz_list_cursor){word, list->removals, item->number,
					   copy_bytes(bytes, size, held), true};
	return 1;
}

twz_result twz_list_next(const struct twz_object *object, const struct twz_list *list,
			 struct twz_list_cursor *cursor, void *bytes, size_t size)
{
	twz_result result = 0;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	{
		result = next(object->start, list, cursor, bytes, size);
		/* within a transaction `removals` may go back, and come to a value once more */
		if (!tx.outermost)
			cursor->item = 0;
	}
	return tx.result < 0 ? tx.result : result;
}

static twz_result remove_item(struct twz_tx *tx, const uint8_t *start, struct twz_list *list,
			      const struct twz_list_cursor *cursor)
{
	struct bytes held;
	twz_iptr word;
	twz_result result = cursor->begun ? find(start, list, cursor, &word) : -TWZ_ERR_NOT_FOUND;

	if (result < 0)
		return result;
	const struct twz_list_item *item = word ? item_at(start, word, &held) : NULL;
	if (!item || item->number != cursor->number)
		return word && !item ? -TWZ_ERR_CORRUPT : -TWZ_ERR_NOT_FOUND;
	return drop(tx, start, list, word);
}

twz_result twz_list_remove(const struct twz_object *object, struct twz_list *list,
			   const struct twz_list_cursor *cursor)
{
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	end_change(&tx, remove_item(&tx, object->start, list, cursor));
	return tx.result;
}
